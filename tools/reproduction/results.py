"""What the tables' CSV files hold, read back."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wingkeras import serialized_names
from wingkeras.metrics import NORMALIZERS

EXPERIMENTS = "_cells.csv"
"""What follows a dataset's name in the file that says which experiments there are."""

CURVES = "_curves.csv"
"""What follows it in the file of held-out errors in the course of trainings."""

VIEWS = "_views.csv"
"""What follows it in the file of errors on profiles and frontal faces."""

SUBSETS = ("common", "challenge", "full")
"""Of 300-W's test faces."""


@dataclass(frozen=True, eq=False)
class Result:
    """A trained and measured experiment.

    Attributes:
        dataset, method, loss, hsm, w, epsilon, seed, learning_rate: see
            `experiments.Experiment`; w and epsilon are NaN where the paper's are meant.
        passes: over the training faces, repetitions by hard sample mining among them.
        held_out: error on the training faces held out, percent; NaN if unknown.
        key: of the experiment.
        training, variation: see `experiments.Experiment`.
        curve: faces shown and held-out NME, a fraction, after every epoch of a long
            training; empty where it is not recorded.
        images: subset and file of every test face.
        errors: per normalizer, `(N,)` NME as fractions.
        poses: mean error of each head pose class, a fraction, by class.
        views: mean error on profiles and on frontal faces of other pictures, over the
            box's side, a fraction, by view; empty where it is not recorded.
    """

    dataset: str
    method: str
    loss: str
    hsm: bool
    w: float
    epsilon: float
    seed: int
    learning_rate: float
    passes: int
    images: tuple[str, ...]
    errors: dict[str, np.ndarray]
    poses: dict[int, float]
    training: str = "modern"
    variation: str = ""
    held_out: float = float("nan")
    key: str = ""
    curve: tuple[np.ndarray, np.ndarray] = (np.empty(0), np.empty(0))
    views: dict[str, float] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[float, float]:
        """The wing loss's w and epsilon for CNN-6, also where the paper's are meant."""
        return (self.w, self.epsilon) if np.isfinite(self.w) else (10.0, 2.0)

    def error(self, normalizer: str, subset: str = "common") -> float:
        """Mean over the test faces of a subset, percent; NaN if it has none."""
        errors = self.errors_on(normalizer, subset)
        return 100 * float(errors.mean()) if len(errors) else float("nan")

    def errors_on(self, normalizer: str, subset: str = "common") -> np.ndarray:
        """Those of the test faces of a subset, fractions.

        Of datasets other than 300-W, all faces are common ones.
        """
        hard = np.array([image.startswith("ibug/") for image in self.images])
        everything = np.ones_like(hard)
        chosen = {"common": ~hard, "challenge": hard, "full": everything}[subset]
        return self.errors[normalizer][chosen]


class Spread(NamedTuple):
    """A mean over seeds and its sample standard deviation, percent; NaN of one seed."""

    mean: float
    deviation: float
    seeds: int

    def __str__(self) -> str:
        if not self.seeds:
            return "-"
        if self.seeds == 1:
            return f"{self.mean:.2f}"
        return f"{self.mean:.2f} ± {self.deviation:.2f}"


def spread(values: Sequence[float]) -> Spread:
    """The mean and deviation of one value per seed."""
    if not len(values):
        return Spread(float("nan"), float("nan"), 0)
    deviation = np.std(values, ddof=1) if len(values) > 1 else float("nan")
    return Spread(float(np.mean(values)), float(deviation), len(values))


def read_table(folder: Path) -> list[Result]:
    """The measured experiments of a table.

    Args:
        folder: that `records.write` filled.

    Returns:
        A result per experiment; none if there is no such folder.
    """
    paths = sorted(folder.glob(f"*{EXPERIMENTS}"))
    names = [path.name.removesuffix(EXPERIMENTS) for path in paths]
    return [result for name in names for result in _read_dataset(folder, name)]


def _read_dataset(folder: Path, dataset: str) -> list[Result]:
    rows = read_experiments(folder, dataset)
    images, errors = read_errors(folder, dataset)
    poses = by_experiment(folder / f"{dataset}_poses.csv", "head_pose")
    views = by_experiment(folder / f"{dataset}{VIEWS}", "view")
    curves = read_curves(folder, dataset)
    return [
        Result(
            dataset=row["dataset"],
            method=row["method"],
            loss=row["loss"],
            hsm=row["hsm"] == "1",
            w=float(row["w"] or "nan"),
            epsilon=float(row["epsilon"] or "nan"),
            seed=int(row["seed"]),
            learning_rate=float(row["learning_rate"]),
            passes=int(row["passes"]),
            images=images,
            errors=errors[row["key"]],
            poses={int(pose): e for pose, e in poses.get(row["key"], {}).items()},
            training=row.get("training", "modern"),
            variation=row.get("variation", ""),
            held_out=float(row["validation_nme_percent"]),
            key=row["key"],
            curve=curves.get(row["key"], (np.empty(0), np.empty(0))),
            views=views.get(row["key"], {}),
        )
        for row in rows
        if row["key"] in errors
    ]


def by_experiment(path: Path, kind: str) -> dict[str, dict[str, float]]:
    """Mean errors of kinds of faces, from a file with a row for each kind."""
    errors = {}
    for row in read_rows(path) if path.exists() else ():
        name = row.pop(kind)
        row.pop("faces", None)
        for key, error in row.items():
            errors.setdefault(key, {})[name] = float(error)
    return errors


def read_experiments(folder: Path, dataset: str) -> list[dict[str, str]]:
    """A row for every experiment of a dataset in a table, measured or not."""
    rows = read_rows(folder / f"{dataset}{EXPERIMENTS}")
    return [
        serialized_names.from_file(row, serialized_names.EXPERIMENT) for row in rows
    ]


def read_errors(
    folder: Path, dataset: str
) -> tuple[tuple[str, ...], dict[str, dict[str, np.ndarray]]]:
    """The errors of a dataset's test faces in a table.

    Returns:
        The faces' subsets and files; by experiment, per normalizer, `(N,)` NME as
        fractions.
    """
    images, errors = (), {}
    for normalizer in NORMALIZERS:
        path = folder / f"{dataset}_{normalizer}.csv"
        if path.exists():
            faces = read_rows(path)
            images = tuple(face.pop("image") for face in faces)
            for key in faces[0]:
                column = np.array([float(face[key]) for face in faces])
                errors.setdefault(key, {})[normalizer] = column
    return images, errors


def read_curves(folder: Path, dataset: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By experiment: faces shown, and held-out NME as a fraction."""
    path, rows = folder / f"{dataset}{CURVES}", {}
    for row in read_rows(path) if path.exists() else ():
        point = (float(row["faces_shown"]), float(row["validation_nme_percent"]) / 100)
        rows.setdefault(row["key"], []).append(point)
    return {key: tuple(np.transpose(points)) for key, points in rows.items()}


def read_rows(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows, by its header."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def datasets_of(results: Sequence[Result]) -> list[str]:
    """Names of the datasets that there are results on, in their order."""
    return [*dict.fromkeys(result.dataset for result in results)]


def select(results: Sequence[Result], **wanted) -> list[Result]:
    """Those whose attributes have the wanted values."""
    return [
        result
        for result in results
        if all(getattr(result, name) == value for name, value in wanted.items())
    ]
