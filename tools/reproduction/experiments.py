"""One experiment of a table, and the recipe it stands for."""

import dataclasses
from dataclasses import dataclass

import keras

from reproduction.datasets import DATASETS
from reproduction.variations import VARIATIONS
from wingkeras import losses
from wingkeras.data.balance import epoch_plan
from wingkeras.data.faces import FaceDataset
from wingkeras.training.recipe import Recipe
from wingkeras.training.recipes import RECIPES

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
        variation: one of `VARIATIONS`: what is different from the recipe of the other
            experiments, if anything.
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
    variation: str = ""

    @property
    def title(self) -> str:
        """For people: all but dataset, learning rate and seed."""
        hsm = " + HSM" if self.hsm else ""
        values = f" (w={self.w:g}, epsilon={self.epsilon:g})" if self.w else ""
        paper = ", the paper's training" if self.training == "paper" else ""
        varied = f", {self.variation}" if self.variation else ""
        return f"{self.method}{hsm}, {self.loss}{values}{paper}{varied}"

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
        if self.variation:
            variation = VARIATIONS[self.variation]
            recipe = dataclasses.replace(recipe, **variation.changes(recipe))
            if variation.longer:
                faces_shown *= len(epoch_plan(shown, dataset.hsm_bins)) / len(shown)
        plan = epoch_plan(shown, recipe.hsm_bins, recipe.hsm_cap)
        passes = faces_shown / len(plan)
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
            # The recorded tables keep weights, not an average of them.
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
