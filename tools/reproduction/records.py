"""What is written down of trained cells; a cell that is, need not be trained again."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reproduction.bodies import BODIES
from reproduction.cells import Trained, Training, measure_errors
from reproduction.results import CELLS, read_cells, read_errors
from wingkeras.data.faces import FaceDataset
from wingkeras.storage.files import atomic_write


@dataclass(frozen=True)
class Records:
    """Trainings and errors of cells, whatever table they are in.

    Attributes:
        trainings: by the cell's key.
        errors: by the test faces' subsets and files, and the cell's key: per
            normaliser, `(N,)` NME as fractions.
    """

    trainings: dict[str, Training]
    errors: dict[tuple[tuple[str, ...], str], dict[str, np.ndarray]]


def read_records(results: Path) -> Records:
    """What is known of cells.

    Args:
        results: folder with a folder per table, as `write` fills them.
    """
    records = Records({}, {})
    for path in sorted(results.glob(f"table*/*{CELLS}")):
        body = path.name.removesuffix(CELLS)
        for row in read_cells(path.parent, body):
            nme = float(row["validation_nme_percent"]) / 100
            records.trainings[row["key"]] = Training(nme, float(row["minutes"]))
        images, errors = read_errors(path.parent, body)
        records.errors.update({(images, key): found for key, found in errors.items()})
    return records


def write(
    folder: Path,
    cells: Sequence[Trained],
    trials: Sequence[Trained],
    faces: FaceDataset,
    records: Records,
    run: dict | None = None,
) -> None:
    """Measure those trained cells that were not yet and write everything down.

    Args:
        folder: of the table; receives `BODY_cells.csv` (a row for each, trials that
            only served to choose a learning rate among them), per normaliser a CSV of
            every test face's error in every cell (fractions), for bodies that have
            head pose classes one of the mean errors in each, and `BODY_run.json`.
        cells: to measure, of one body.
        trials: not to measure on the test faces; those of other bodies are left out.
        faces: to measure on.
        records: what is known; the newly measured join them.
        run: how and on what they were trained, for `BODY_run.json`; `None` leaves
            what is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    body = cells[0].cell.body
    images = tuple(
        f"{subset}/{image.name}"
        for subset, image in zip(faces.subsets, faces.images, strict=True)
    )
    for trained in cells:
        if (images, trained.key) not in records.errors:
            measured = measure_errors(trained.load(), faces)
            records.errors[images, trained.key] = measured
    errors = {trained.key: records.errors[images, trained.key] for trained in cells}
    # Written last: where it is missing, the rest is not complete.
    (folder / f"{body}{CELLS}").unlink(missing_ok=True)
    if run is not None:
        with atomic_write(folder / f"{body}_run.json") as scratch:
            scratch.write_text(json.dumps(run, indent=1) + "\n")
    for normalizer in errors[cells[0].key]:
        columns = np.stack([found[normalizer] for found in errors.values()], axis=1)
        rows = ([i, *_six(v)] for i, v in zip(images, columns, strict=True))
        _write(folder / f"{body}_{normalizer}.csv", ["image", *errors], rows)
    if "head_pose" in faces.attributes:
        poses = faces.attributes["head_pose"]
        found = [e[BODIES[body].normalizer] for e in errors.values()]
        rows = (
            [pose, sum(poses == pose), *_six(e[poses == pose].mean() for e in found)]
            for pose in np.unique(poses[poses > 0])
        )
        _write(folder / f"{body}_poses.csv", ["head_pose", "faces", *errors], rows)
    others = [t for t in trials if t.cell.body == body and t.key not in errors]
    rows = [_row(trained) for trained in (*cells, *others)]
    _write(folder / f"{body}{CELLS}", rows[0], (row.values() for row in rows))


def _six(values) -> list[str]:
    return [f"{value:.6f}" for value in values]


def _write(path: Path, header, rows) -> None:
    with atomic_write(path) as scratch, scratch.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _row(trained: Trained) -> dict:
    cell, training = trained.cell, trained.training
    return {
        "key": trained.key,
        "body": cell.body,
        "method": cell.method,
        "loss": cell.loss,
        "mined": int(cell.mined),
        "w": cell.w or "",
        "epsilon": cell.epsilon or "",
        "seed": cell.seed,
        "learning_rate": cell.learning_rate,
        "passes": trained.recipe.epochs,
        "minutes": round(training.minutes, 2),
        "validation_nme_percent": round(100 * training.validation_nme, 4),
    }
