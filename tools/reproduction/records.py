"""What is recorded of trained experiments, which need not be trained again then."""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reproduction.datasets import DATASETS
from reproduction.results import (
    CURVES,
    EXPERIMENTS,
    read_curves,
    read_errors,
    read_experiments,
)
from reproduction.trained import Trained, Training
from wingkeras import serialized_names
from wingkeras.data.faces import FaceDataset
from wingkeras.evaluation import evaluate
from wingkeras.inference.localizer import Localizer
from wingkeras.storage.files import atomic_write


@dataclass(frozen=True)
class Records:
    """Trainings and errors of experiments, whatever table they are in.

    Attributes:
        trainings: by the experiment's key.
        errors: by the test faces' subsets and files, and the experiment's key: per
            normalizer, `(N,)` NME as fractions.
    """

    trainings: dict[str, Training]
    errors: dict[tuple[tuple[str, ...], str], dict[str, np.ndarray]]


def read_records(results: Path) -> Records:
    """What is known of experiments.

    Args:
        results: folder with a folder per table, as `write` fills them.
    """
    records = Records({}, {})
    for path in sorted(results.glob(f"*/*{EXPERIMENTS}")):
        dataset = path.name.removesuffix(EXPERIMENTS)
        curves = read_curves(path.parent, dataset)
        for row in read_experiments(path.parent, dataset):
            nme = float(row["validation_nme_percent"]) / 100
            curve = tuple(zip(*curves.get(row["key"], ()), strict=True))
            training = Training(nme, float(row["minutes"]), curve)
            records.trainings[row["key"]] = training
        images, errors = read_errors(path.parent, dataset)
        records.errors.update({(images, key): found for key, found in errors.items()})
    return records


def write(
    folder: Path,
    experiments: Sequence[Trained],
    trials: Sequence[Trained],
    faces: FaceDataset,
    records: Records,
    run: dict | None = None,
    load: Callable[[Trained], Localizer] = Trained.load,
) -> None:
    """Measure those trained experiments that were not yet and write everything down.

    Args:
        folder: of the table; receives `DATASET_cells.csv` (a row for each, trials that
            only served to choose a learning rate among them), per normalizer a CSV of
            every test face's error in every experiment (fractions), for datasets that
            have head pose classes one of the mean errors in each, the held-out errors
            in the course of long trainings, and `DATASET_run.json`.
        experiments: to measure, of one dataset.
        trials: not to measure on the test faces; those of other datasets are left out.
        faces: to measure on.
        records: what is known; the newly measured join them.
        run: how and on what they were trained, for `DATASET_run.json`; `None` leaves
            what is there.
        load: gives the localizer of one that is to be measured.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dataset = experiments[0].experiment.dataset
    images = tuple(
        f"{subset}/{image.name}"
        for subset, image in zip(faces.subsets, faces.images, strict=True)
    )
    for trained in experiments:
        if (images, trained.key) not in records.errors:
            measured = evaluate(load(trained), faces).errors
            records.errors[images, trained.key] = measured
    errors = {
        trained.key: records.errors[images, trained.key] for trained in experiments
    }
    # Written last: where it is missing, the rest is not complete.
    (folder / f"{dataset}{EXPERIMENTS}").unlink(missing_ok=True)
    if run is not None:
        with atomic_write(folder / f"{dataset}_run.json") as scratch:
            scratch.write_text(json.dumps(run, indent=1, allow_nan=False) + "\n")
    for normalizer in errors[experiments[0].key]:
        columns = np.stack([found[normalizer] for found in errors.values()], axis=1)
        rows = ([i, *_six(v)] for i, v in zip(images, columns, strict=True))
        _write(folder / f"{dataset}_{normalizer}.csv", ["image", *errors], rows)
    if "head_pose" in faces.attributes:
        poses = faces.attributes["head_pose"]
        found = [e[DATASETS[dataset].normalizer] for e in errors.values()]
        rows = (
            [pose, sum(poses == pose), *_six(e[poses == pose].mean() for e in found)]
            for pose in np.unique(poses[poses > 0])
        )
        _write(folder / f"{dataset}_poses.csv", ["head_pose", "faces", *errors], rows)
    others = [
        t for t in trials if t.experiment.dataset == dataset and t.key not in errors
    ]
    if long := [t for t in experiments if t.recipe.passes_per_epoch > 1]:
        rows = (
            [trained.key, int(shown), f"{100 * nme:.4f}"]
            for trained in long
            for shown, nme in trained.training.curve
        )
        header = ["key", "faces_shown", "validation_nme_percent"]
        _write(folder / f"{dataset}{CURVES}", header, rows)
    rows = [_row(trained) for trained in (*experiments, *others)]
    # As in the tables that there have been before.
    for later, usual in (("training", "modern"), ("variation", "")):
        if all(row[later] == usual for row in rows):
            for row in rows:
                del row[later]
    _write(folder / f"{dataset}{EXPERIMENTS}", rows[0], (row.values() for row in rows))


def _six(values) -> list[str]:
    return [f"{value:.6f}" for value in values]


def _write(path: Path, header, rows) -> None:
    with atomic_write(path) as scratch, scratch.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _row(trained: Trained) -> dict:
    experiment, training = trained.experiment, trained.training
    values = {
        "key": trained.key,
        "dataset": experiment.dataset,
        "method": experiment.method,
        "loss": experiment.loss,
        "hsm": int(experiment.hsm),
        "w": experiment.w or "",
        "epsilon": experiment.epsilon or "",
        "seed": experiment.seed,
        "learning_rate": experiment.learning_rate,
        "passes": trained.recipe.epochs * trained.recipe.passes_per_epoch,
        "minutes": round(training.minutes, 2),
        "validation_nme_percent": round(100 * training.validation_nme, 4),
        "training": experiment.training,
        "variation": experiment.variation,
    }
    return serialized_names.to_file(values, serialized_names.EXPERIMENT)
