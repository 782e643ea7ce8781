"""One experiment of a table: a recipe, trained once and kept."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import keras
import numpy as np

from reproduction.datasets import DATASETS
from wingkeras import losses, zoo
from wingkeras.data.balance import epoch_plan
from wingkeras.data.faces import FaceDataset
from wingkeras.data.order import count_batches
from wingkeras.inference.localizer import Localizer
from wingkeras.storage.files import atomic_write
from wingkeras.training.recipe import Recipe
from wingkeras.training.recipes import RECIPES
from wingkeras.training.run import train
from wingkeras.training.run_folder import RunFolder

CNN6, CASCADE = "CNN-6", "CNN-6/7"
BASELINES = {
    "L2": losses.L2Loss,
    "L1": losses.L1Loss,
    "smooth L1": losses.SmoothL1Loss,
}
LOSSES = (*BASELINES, "wing")
TRAININGS = ("paper", "modern")
_VALIDATION_SPLIT = 0.1
_EPOCHS = 50  # of long trainings, about
_REPORT = "cell.json"


@dataclass(frozen=True)
class Experiment:
    """What is trained.

    Attributes:
        dataset: name of the faces.
        method: `CNN6` or `CASCADE`; the CNN-6 of a cascade is the experiment of the
            same loss, hard sample mining and seed.
        loss: one of `LOSSES`.
        hsm: whether hard sample mining repeats faces.
        learning_rate: highest one of the last network.
        seed: of weights, held-out faces, order and perturbation.
        w, epsilon: of the wing loss, pixels; the paper's for the network by default.
        training: one of `TRAININGS`: with the paper's optimizer, schedule, batches and
            perturbation, or with those of the recipes of today.
    """

    dataset: str
    method: str = CNN6
    loss: str = "wing"
    hsm: bool = False
    learning_rate: float = 2e-3
    seed: int = 0
    w: float | None = None
    epsilon: float | None = None
    training: str = "modern"

    @property
    def title(self) -> str:
        """For people: all but dataset, learning rate and seed."""
        hsm = " + HSM" if self.hsm else ""
        values = f" (w={self.w:g}, epsilon={self.epsilon:g})" if self.w else ""
        paper = ", the paper's training" if self.training == "paper" else ""
        return f"{self.method}{hsm}, {self.loss}{values}{paper}"

    @property
    def network(self) -> str:
        """Name of the network that the experiment trains."""
        return "CNN6" if self.method == CNN6 else "CNN7"

    def recipe(self, faces_shown: int, training_faces: FaceDataset) -> Recipe:
        """How it is trained.

        Args:
            faces_shown: in all; rounded to whole passes, those of a long training to
                whole epochs of several passes.
            training_faces: validation faces among them.
        """
        dataset = DATASETS[self.dataset]
        recipe = self._papers() if self.training == "paper" else self._modern()
        recipe = dataclasses.replace(
            recipe,
            hsm_bins=dataset.hsm_bins if self.hsm else 0,
            validation_split=_VALIDATION_SPLIT,
            seed=self.seed,
        )
        shown, _ = training_faces.split(recipe.validation_split, recipe.seed)
        passes = faces_shown / len(epoch_plan(shown, recipe.hsm_bins))
        in_epoch = max(1, round(passes) // _EPOCHS)
        return dataclasses.replace(
            recipe,
            epochs=max(1, round(passes / in_epoch)),
            passes_per_epoch=in_epoch,
        )

    def _papers(self) -> Recipe:
        paper = RECIPES[f"paper_{self.network.lower()}"]
        decay = paper.final_learning_rate / paper.learning_rate
        return dataclasses.replace(
            paper,
            loss=self._loss(),
            learning_rate=self.learning_rate,
            final_learning_rate=self.learning_rate * decay,
            box_scale=DATASETS[self.dataset].box_scale,
        )

    def _modern(self) -> Recipe:
        dataset = DATASETS[self.dataset]
        # The crops of a cascade's second network are upright, whatever the dataset.
        crops = dataset if self.method == CNN6 else RECIPES["cascade_cnn7"]
        return Recipe(
            name=self.network.lower(),
            network=self.network,
            loss=self._loss(),
            learning_rate=self.learning_rate,
            # The recorded tables keep the last weights, not an average.
            ema=0.0,
            augmentation=crops.augmentation,
            box_scale=crops.box_scale,
            precision="mixed_bfloat16",
        )

    def _loss(self) -> keras.losses.Loss:
        if self.loss == "wing":
            paper = RECIPES[f"paper_{self.network.lower()}"].loss
            return losses.WingLoss(
                w=self.w or paper.w, epsilon=self.epsilon or paper.epsilon
            )
        return BASELINES[self.loss]()


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
    """

    experiment: Experiment
    key: str
    folder: Path
    recipe: Recipe
    training: Training

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
    known, key = _identify(recipe, experiment, faces, first)
    # An experiment that is known is not trained again on another machine.
    if changes and key not in recorded:
        recipe = dataclasses.replace(recipe, **changes)
        known, key = _identify(recipe, experiment, faces, first)
    folder = cache / key
    report = folder / _REPORT
    # A network that was trained again, for a cascade to go on from, has another error:
    # what is written down stays as it is, and the learning rate chosen by it.
    if key in recorded:
        training = recorded[key]
    elif report.exists():
        values = json.loads(report.read_text())
        curve = tuple(map(tuple, values.get("curve", ())))
        training = Training(values["nme"], values["minutes"], curve)
    else:
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
        known |= training._asdict() | {"nme": training.validation_nme}
        with atomic_write(report) as scratch:
            scratch.write_text(json.dumps(known, allow_nan=False))
    return Trained(experiment, key, folder, recipe, training)


def _column(path: Path, name: str) -> np.ndarray:
    return np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True)[name])


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
    plan = epoch_plan(shown, recipe.hsm_bins)
    batches = count_batches(len(plan) * recipe.passes_per_epoch, recipe.batch_size)
    return batches * recipe.batch_size
