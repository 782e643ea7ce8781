"""Experiments that are trained once, and kept."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import keras

from reproduction.experiments import Experiment
from wingkeras import zoo
from wingkeras.data.balance import epoch_plan
from wingkeras.data.faces import FaceDataset
from wingkeras.data.order import count_batches
from wingkeras.inference.localizer import Localizer
from wingkeras.storage.files import atomic_write
from wingkeras.training.recipe import Recipe
from wingkeras.training.run import train
from wingkeras.training.run_folder import RunFolder

_REPORT = "cell.json"


class Training(NamedTuple):
    """How a training went.

    Attributes:
        validation_nme: of the best epoch, a fraction.
        minutes: it took since it was last resumed.
        curve: faces shown, and held-out NME as a fraction, after every epoch; empty
            where it is not known.
    """

    validation_nme: float
    minutes: float
    curve: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Trained:
    """A finished experiment.

    Attributes:
        experiment: what was trained.
        key: of its recipe, faces and first stage.
        folder: it is kept in, if it was trained here.
        recipe: how it was trained.
        training: how that went.
        first: experiment before it in a cascade.
    """

    experiment: Experiment
    key: str
    folder: Path
    recipe: Recipe
    training: Training
    first: "Trained | None" = None

    @property
    def is_at_hand(self) -> bool:
        """Whether it can be loaded; of others there are only records."""
        return (self.folder / _REPORT).exists()

    def load(self) -> Localizer:
        """The localizer."""
        return zoo.load(self.folder)


def train_experiment(
    experiment: Experiment,
    faces_shown: int,
    faces: FaceDataset,
    cache: Path,
    first: Trained | None = None,
    recorded: Mapping[str, Training] = MappingProxyType({}),
    log: Callable[[str], None] = print,
    load: Callable[[Trained], Localizer] = Trained.load,
    changes: Mapping[str, Any] = MappingProxyType({}),
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Trained:
    """Train an experiment, or find it trained; an interrupted one goes on.

    Args:
        experiment: to train.
        faces_shown: in all; rounded to whole passes.
        faces: of its dataset, validation faces among them.
        cache: folder that keeps every experiment under its key.
        first: experiment before it in a cascade.
        recorded: experiments that need no training, by key.
        log: called with a line before a training.
        load: gives the localizer of `first`, once a training needs it.
        changes: fields of the recipe that depend on the machine, such as its precision.
        callbacks: of `wingkeras.train`.

    Returns:
        The trained experiment.
    """
    recipe = experiment.recipe(faces_shown, faces)
    _, key = _identify(recipe, experiment, faces, first)
    # An experiment that is known is not trained again on another machine.
    if changes and key not in recorded:
        recipe = replace(recipe, **changes)
        _, key = _identify(recipe, experiment, faces, first)
    folder = cache / key
    # A network that was trained again, to be measured or for a cascade to go on from,
    # has another error: what is written down stays as it is, and the learning rate
    # chosen by it.
    if key in recorded:
        training = recorded[key]
    else:
        run = (folder, recipe, experiment, faces, first)
        training = fit(*run, log=log, load=load, callbacks=callbacks)
    return Trained(experiment, key, folder, recipe, training, first)


def fit(
    folder: Path,
    recipe: Recipe,
    experiment: Experiment,
    faces: FaceDataset,
    first: Trained | None,
    *,
    log: Callable[[str], None],
    load: Callable[[Trained], Localizer],
    callbacks: Sequence[keras.callbacks.Callback],
) -> Training:
    """Train a recipe into a folder, unless it holds the result already.

    Args:
        folder, recipe, experiment, first: see `Trained`.
        faces, log, load, callbacks: see `train_experiment`.
    """
    report = folder / _REPORT
    if report.exists():
        values = json.loads(report.read_text())
        curve = tuple(map(tuple, values.get("curve", ())))
        return Training(values["nme"], values["minutes"], curve)
    keras.utils.clear_session()
    first_stage = load(first) if first else None
    start = time.monotonic()
    rate, seed = experiment.learning_rate, experiment.seed
    log(f"{experiment.dataset}: {experiment.title}, {rate:g}, seed {seed}")
    train(
        recipe,
        faces,
        folder,
        first_stage=first_stage,
        callbacks=callbacks,
        verbose=not callbacks,
    )
    minutes = (time.monotonic() - start) / 60
    errors = RunFolder(folder).validation_errors()
    shown = _faces_in_epoch(recipe, faces)
    curve = tuple((i * shown, nme) for i, nme in enumerate(errors, start=1))
    training = Training(min(errors), minutes, curve)
    RunFolder(folder).drop_weights()
    known, _ = _identify(recipe, experiment, faces, first)
    known |= training._asdict() | {"nme": training.validation_nme}
    with atomic_write(report) as scratch:
        scratch.write_text(json.dumps(known, allow_nan=False))
    return training


def _identify(
    recipe: Recipe, experiment: Experiment, faces: FaceDataset, first: Trained | None
) -> tuple[dict[str, Any], str]:
    """What tells a training from others, and its key."""
    known = {
        "recipe": recipe.describe(),
        # The name that it has in the keys of everything recorded so far.
        "body": experiment.dataset,
        "faces": len(faces),
        "first": first.key if first else None,
    }
    text = json.dumps(known, sort_keys=True, allow_nan=False)
    return known, hashlib.sha256(text.encode()).hexdigest()[:16]


def _faces_in_epoch(recipe: Recipe, faces: FaceDataset) -> int:
    shown, _ = faces.split(recipe.validation_split, recipe.seed)
    plan = epoch_plan(shown, recipe.hsm_bins, recipe.hsm_cap)
    batches = count_batches(len(plan) * recipe.passes_per_epoch, recipe.batch_size)
    return batches * recipe.batch_size
