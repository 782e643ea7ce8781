"""One training from few faces, measured and recorded."""

import csv
import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from learning_curve.tasks import SCRATCH, Task, choose
from wingkeras import zoo
from wingkeras.data.faces import FaceDataset
from wingkeras.evaluation import evaluate
from wingkeras.storage.files import atomic_write
from wingkeras.training.preparing import digest
from wingkeras.training.run import train
from wingkeras.training.run_folder import RunFolder
from wingkeras.training.small_sets import suitable_recipe

COLUMNS = (
    *("key", "task", "start", "faces", "seed", "nme_percent", "failures_10_percent"),
    *("validation_nme_percent", "epochs", "passes_per_epoch", "minutes"),
)


@dataclass(frozen=True)
class Cell:
    """A training.

    Attributes:
        task: what is learnt.
        start: a model of the zoo, or `SCRATCH`.
        faces: how many to learn from, those held out among them.
        seed: of the choice of faces and of the training.
        length: multiple of the usual number of steps.
    """

    task: Task
    start: str
    faces: int
    seed: int
    length: float = 1.0


def all_cells(
    tasks: Sequence[Task], counts: Sequence[int], seeds: int, length: float
) -> Iterator[Cell]:
    """Every training, so that what is done first makes a curve."""
    for seed in range(seeds):
        for count in sorted(counts):
            for task in tasks:
                for start in task.starts:
                    yield Cell(task, start, count, seed, length)


def run_cell(
    cell: Cell,
    training_faces: FaceDataset,
    test_faces: FaceDataset,
    cache: Path,
    known: set[str],
    log: Callable[[str], None] = print,
) -> dict[str, str] | None:
    """Train and measure; an interrupted training goes on.

    Args:
        cell: what to train.
        training_faces: to choose from.
        test_faces: to measure on, when all is decided.
        cache: folder of the trainings.
        known: keys of the cells that are recorded.
        log: called with a line before a training.

    Returns:
        The row to record; `None` where it is recorded.
    """
    faces = choose(training_faces, cell.faces, cell.seed)
    start = None if cell.start == SCRATCH else zoo.load(cell.start)
    recipe = dataclasses.replace(
        suitable_recipe(len(faces), faces.scheme, start, "cell", cell.length),
        box_scale=cell.task.dataset.box_scale,
        augmentation=cell.task.dataset.augmentation,
        seed=cell.seed,
    )
    weights = start.stages[-1].network.get_weights() if start else []
    identity = {
        "recipe": recipe.describe(),
        "landmarks": digest([faces.landmarks]),
        "tested": digest([test_faces.landmarks]),
        "start": digest(weights),
    }
    text = json.dumps(identity, sort_keys=True, allow_nan=False)
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    if key in known:
        return None
    log(f"{cell.task.name}, {cell.faces} faces, {cell.start}, seed {cell.seed}")
    began = time.monotonic()
    folder = cache / key
    localizer = train(recipe, faces, folder, init_from=start, verbose=False)
    minutes = (time.monotonic() - began) / 60
    measured = evaluate(localizer, test_faces).summary()[cell.task.dataset.normalizer]
    best = min(RunFolder(folder).validation_errors())
    RunFolder(folder).drop_weights()
    keras.utils.clear_session()
    values = (
        *(key, cell.task.name, cell.start, cell.faces, cell.seed),
        *(measured["nme_percent"], measured["failure_rate_10_percent"]),
        *(
            round(100 * best, 4),
            recipe.epochs,
            recipe.passes_per_epoch,
            round(minutes, 2),
        ),
    )
    return dict(zip(COLUMNS, map(str, values), strict=True))


def read_cells(path: Path) -> list[dict[str, str]]:
    """The rows recorded so far; none without a file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def record(path: Path, row: dict[str, str]) -> list[dict[str, str]]:
    """Add a row, in the place of one of the same cell, and return all of them."""

    def cell(values: dict[str, str]) -> tuple[str, ...]:
        return tuple(values[name] for name in ("task", "start", "faces", "seed"))

    rows = [*(r for r in read_cells(path) if cell(r) != cell(row)), row]
    with atomic_write(path) as scratch, scratch.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return rows
