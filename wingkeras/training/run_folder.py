"""The folder of a training run; no other module knows its files."""

import contextlib
import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from wingkeras import serialized_names
from wingkeras.storage.files import atomic_write
from wingkeras.storage.json_files import read_json
from wingkeras.storage.lock import LockedError, locked
from wingkeras.training import checkpoints
from wingkeras.training.recipe import Recipe

VALIDATION_ERROR = "val_nme"
"""Column of the NME on the faces held out, a fraction."""

_LOSS, _EPOCH = "loss", "epoch"


class RunFolder:
    """A run's description, log, checkpoint and best weights.

    Every file is replaced atomically, so that a kill at any moment leaves the folder as
    it was after a completed epoch.

    Example:

    ```python
    folder = RunFolder("runs/mine")
    folder.read()["recipe"]["epochs"], min(folder.validation_errors())
    ```

    Args:
        path: of the folder, which need not exist yet.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._description = self.path / "recipe.json"
        self._log = self.path / "metrics.csv"
        self._checkpoint = self.path / "checkpoint.weights.h5"
        self._best = self.path / "best.weights.h5"
        self._lock = self.path / ".lock"

    @property
    def tensorboard(self) -> Path:
        """Folder of TensorBoard's logs."""
        return self.path / "tensorboard"

    @property
    def has_best(self) -> bool:
        """Whether the folder holds the best weights."""
        return self._best.exists()

    def read(self) -> dict[str, Any]:
        """The description of the run: its recipe, and values that identify its faces.

        Raises:
            FileNotFoundError: if there is none.
            ValueError: if it is damaged.
        """
        try:
            described = read_json(self._description)
        except ValueError as error:
            raise self._damaged_description(error) from error
        if not isinstance(described, dict) or "recipe" not in described:
            raise ValueError(
                f"Expected a run's description with a recipe in {self._description}, "
                "received another file. Name another folder."
            )
        return described

    def check(self, run: Mapping[str, Any]) -> None:
        """Refuse a folder that belongs to another run, or that is in use.

        Args:
            run: JSON-ready description of the run about to start.

        Raises:
            ValueError: if the folder holds another run, or a damaged description.
            LockedError: if another process trains in it.
        """
        self._check_description(run)
        if self._lock.exists():
            with self._held():
                pass

    def _check_description(self, run: Mapping[str, Any]) -> None:
        if not self._description.exists():
            return
        described = self.read()
        try:
            known = _comparable(described)
        except Exception as error:  # the description has invalid values
            raise self._damaged_description(error) from error
        if differing := _differences(known, _comparable(run)):
            raise ValueError(
                f"{self.path} holds the run of another recipe, of other faces or with "
                f"other networks before it: its {self._description.name} differs in "
                f"{', '.join(differing)}. Name another folder, or delete this one."
            )

    def _damaged_description(self, reason: Exception) -> ValueError:
        return ValueError(
            f"{self._description} is damaged: {reason}. Restore it, name another "
            f"folder, or delete {self.path}."
        )

    @contextlib.contextmanager
    def claimed(self, run: Mapping[str, Any]) -> Iterator[None]:
        """Reserve the folder for this run: no other one may use it from now on.

        Args:
            run: JSON-ready description of the run.

        Raises:
            ValueError, LockedError: see `check`.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with self._held():
            self._check_description(run)
            if not self._description.exists():
                with atomic_write(self._description) as scratch:
                    scratch.write_text(json.dumps(run, indent=1, allow_nan=False))
            yield

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(locked(self._lock))
            except LockedError as error:
                raise LockedError(
                    f"A training is going on in {self.path}: {error} Wait for it, end "
                    "it, or name another folder."
                ) from error
            yield

    def save_checkpoint(self, model: keras.Model, epochs: int) -> None:
        """Save everything needed to resume, see `checkpoints.write_checkpoint`."""
        checkpoints.write_checkpoint(self._checkpoint, model, epochs)

    def restore_checkpoint(self, model: keras.Model) -> int:
        """Load the newest checkpoint into a compiled model.

        Returns:
            The number of epochs that the model has been trained for, 0 without a
            checkpoint.

        Raises:
            ValueError: if the checkpoint is damaged.
        """
        if not self._checkpoint.exists():
            return 0
        return checkpoints.read_checkpoint(self._checkpoint, model)

    def save_best(self, network: keras.Model) -> None:
        """Save the weights of the epoch with the lowest validation error."""
        checkpoints.write_best(self._best, network)

    def load_best(self, network: keras.Model) -> None:
        """Load the weights of the best epoch.

        Raises:
            FileNotFoundError: if there are none.
            ValueError: if the file is damaged, or of another network.
        """
        checkpoints.read_best(self._best, network)

    def drop_weights(self) -> None:
        """Delete checkpoint and best weights, which a finished run no longer needs."""
        for path in (self._checkpoint, self._best):
            path.unlink(missing_ok=True)

    def rows(self) -> list[dict[str, float]]:
        """The rows of the log: values of every epoch, by name; empty without a log.

        Raises:
            ValueError: if the log is damaged.
        """
        if not self._log.exists():
            return []
        try:
            with self._log.open(newline="") as file:
                rows = [_numbers(row) for row in csv.DictReader(file)]
            if [row[_EPOCH] for row in rows] != list(range(len(rows))):
                raise ValueError("its epochs are not 0, 1, 2 ...")
            if any(VALIDATION_ERROR not in row for row in rows):
                raise ValueError(f"it has no column {VALIDATION_ERROR}")
            if not all(0 <= row[VALIDATION_ERROR] < np.inf for row in rows):
                raise ValueError(f"its {VALIDATION_ERROR} is not finite")
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise self._damaged_log(error) from error
        return rows

    def validation_errors(self) -> list[float]:
        """NME on the faces held out, one per epoch, fractions."""
        return [row[VALIDATION_ERROR] for row in self.rows()]

    def curves(self) -> tuple[np.ndarray, np.ndarray]:
        """Training loss and NME on the faces held out, `(epochs,)` each."""
        rows = self.rows()
        losses, errors = (
            np.array([row[name] for row in rows]) for name in (_LOSS, VALIDATION_ERROR)
        )
        return losses, errors

    def cut_log(self, epochs: int) -> None:
        """Remove the rows of epochs that the checkpoint does not cover.

        Args:
            epochs: number of epochs of the checkpoint.

        Raises:
            ValueError: if the log is damaged, or lacks some of these epochs.
        """
        rows = self.rows()
        if len(rows) < epochs:
            raise self._damaged_log(f"it has {len(rows)} of {epochs} epochs")
        if len(rows) > epochs:
            self._write(rows[:epochs])

    def log(self, epoch: int, values: Mapping[str, float]) -> None:
        """Add the row of an epoch, counted from 0."""
        values = {name: float(values[name]) for name in sorted(values)}
        self._write([*self.rows(), {_EPOCH: epoch, **values}])

    def _write(self, rows) -> None:
        names = list(dict.fromkeys(name for row in rows for name in row)) or [_EPOCH]
        with atomic_write(self._log) as scratch, scratch.open("w", newline="") as file:
            writer = csv.DictWriter(file, names, restval="nan")
            writer.writeheader()
            writer.writerows(rows)

    def _damaged_log(self, reason) -> ValueError:
        return ValueError(
            f"{self._log} is damaged: {reason}. Restore it, or delete it together with "
            f"{self._checkpoint.name} to train this run from its first epoch."
        )


# Fields that earlier versions did not write.
_LATER = (serialized_names.RUN["validation_landmarks"], "boxes", "pictures")


def _differences(known: Mapping[str, Any], run: Mapping[str, Any]) -> list[str]:
    """In words, the differences between two descriptions from `_comparable`."""
    run = {key: run[key] for key in run if key in known or key not in _LATER}
    keys = [key for key in {**known, **run} if known.get(key) != run.get(key)]
    if "recipe" in keys:
        before, now = known["recipe"], run["recipe"]
        fields = [f for f in {**before, **now} if before.get(f) != now.get(f)]
        keys[keys.index("recipe")] = f"recipe ({', '.join(fields)})"
    return keys


def _numbers(row: Mapping[str, str]) -> dict[str, float]:
    values = {name: float(value) for name, value in row.items()}
    return {**values, _EPOCH: int(row[_EPOCH])}


def _comparable(run: Mapping[str, Any]) -> dict[str, Any]:
    """A description that is equal for equal runs of all versions of the package."""
    values = {**run, "recipe": Recipe.from_dict(run["recipe"]).describe()}
    return json.loads(json.dumps(values, allow_nan=False))
