"""Measure the error after training on few faces, fine-tuned and from scratch.

    python tools/few_faces.py --data FOLDER

FOLDER holds `300w/` in its original layout and `mtfl5/` (five-point faces, `lfw.csv`
and `aflw.csv`). CNN-6 learns MTFL's five points, and 19 of the 68, from 50, 100, 300
and 1,000 faces, three times each, with different faces and seeds. Every training adds
its row to `cells.csv` in `results/few_faces/`, and updates the means and deviations in
`summary.csv` and the figure `curves.png`. Finished trainings are not repeated, and an
interrupted one resumes.
"""

import argparse
import functools
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# As in `wingkeras train`: off by default on processors without AVX-512.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from benchmarks.machine import REPOSITORY, describe_machine

# Repeated here, so that the help does not wait for TensorFlow.
TASKS = ("mtfl5", "300w19")


def main(arguments: list[str] | None = None) -> int:
    """Run the missing trainings, and write their errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder, see above")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=[*TASKS])
    parser.add_argument(
        "--faces", nargs="+", type=int, default=[50, 100, 300, 1000], metavar="N"
    )
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="how many")
    parser.add_argument(
        "--length", type=float, default=1.0, help="multiple of the full length"
    )
    parser.add_argument("--cache", type=Path, default=Path("runs/few_faces"))
    parser.add_argument(
        "--results", type=Path, default=REPOSITORY / "results/few_faces"
    )
    options = parser.parse_args(arguments)

    from learning_curve.cells import all_cells, read_cells, record, run_cell
    from learning_curve.summary import write_summary
    from learning_curve.tasks import TASKS as tasks
    from wingkeras.storage.files import atomic_write

    chosen = [tasks[name] for name in options.tasks]
    training = {task: task.training_faces(options.data) for task in chosen}
    tests = {task: task.test_faces(options.data) for task in chosen}
    table = options.results / "cells.csv"
    options.results.mkdir(parents=True, exist_ok=True)
    # Progress should show in a log file as well.
    log = functools.partial(print, flush=True)
    for cell in all_cells(chosen, options.faces, options.seeds, options.length):
        known = {row["key"] for row in read_cells(table)}
        faces = training[cell.task], tests[cell.task]
        row = run_cell(cell, *faces, options.cache, known, log)
        if row is not None:
            write_summary(options.results, record(table, row))
            with atomic_write(options.results / "run.json") as scratch:
                scratch.write_text(
                    json.dumps(describe_machine(), indent=1, allow_nan=False) + "\n"
                )
            log(f"  NME {row['nme_percent']} %, {row['minutes']} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
