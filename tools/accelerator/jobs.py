"""What there is to do on a machine with a GPU, in the order of its worth."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from accelerator.deadline import Deadline
from accelerator.speed import measure
from accelerator.teaching import teach
from benchmarks.machine import REPOSITORY
from reproduction import durations, tables
from reproduction.records import read_records
from reproduction.running import run_table


@dataclass(frozen=True)
class Work:
    """Where a job finds and leaves things.

    Attributes:
        data: folder that `packing.unpack_faces` filled.
        output: folder of results and unfinished trainings.
        machine: see `benchmarks.machine.describe_machine`.
        deadline: of all jobs.
        log: called with lines of text.
        length: of the trainings, as a multiple of what is meant; for rehearsals.
    """

    data: Path
    output: Path
    machine: dict
    deadline: Deadline
    log: Callable[[str], None]
    length: float = 1.0


def _speed(network: str, work: Work) -> dict[str, Any]:
    faces = "300w_training"
    return measure(network, work.data, faces, seconds=5 * min(1.0, work.length))


def _taught(network: str, work: Work) -> dict[str, Any]:
    folder = work.output / "runs" / network
    return teach(network, work.data, folder, work.length, [work.deadline], work.log)


def _table(name: str, seeds: int, work: Work) -> dict[str, Any]:
    """A table, with results in `output/results`; what it holds is not done again."""
    if name == "table1_long":
        experiments = tables.table1_long(["300w"], seeds)
        length = durations.PAPERS_LENGTH
    else:
        experiments, length = tables.TABLES[name](["300w"]), 1.0
    run_table(
        name,
        experiments,
        work.output / "results",
        work.machine,
        work.log,
        data=work.data,
        cache=work.output / "runs" / "tables",
        length=length * work.length,
        changes={"augment_on": "device"},
        recorded_trials=read_records(REPOSITORY / "results").trainings,
        callbacks=[work.deadline],
    )
    return {"experiments": len(experiments)}


JOBS: dict[str, Callable[[Work], dict[str, Any]]] = {
    "speed_cnn6": partial(_speed, "CNN6"),
    "teacher": partial(_taught, "teacher"),
    "student_heatmap": partial(_taught, "student_heatmap"),
    "student_cnn7": partial(_taught, "student_cnn7"),
    "student_cnn6": partial(_taught, "student_cnn6"),
    "table1_long": partial(_table, "table1_long", 1),
    "speed_unet": partial(_speed, "UNet"),
    "speed_cnn7": partial(_speed, "CNN7"),
    "speed_heatmap": partial(_speed, "HeatmapMobileNetV2"),
    "table1_long_seeds": partial(_table, "table1_long", 3),
    "table3": partial(_table, "table3", 3),
}
"""By name. A job returns what is to be written down of it."""
