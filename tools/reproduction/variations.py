"""What experiments change in their recipe, one thing at a time."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from wingkeras import losses
from wingkeras.data.augment import Augmentation
from wingkeras.training.recipe import Recipe


@dataclass(frozen=True)
class Variation:
    """A difference from the recipe of an experiment.

    Attributes:
        changes: from the recipe to those of its fields that have another value.
        longer: whether the training is longer by as much as the paper's hard sample
            mining has repetitions: with it, every face is shown at least as often as
            in the other experiments without.
    """

    changes: Callable[[Recipe], dict[str, Any]] = lambda recipe: {}
    longer: bool = False


def _papers_perturbation(recipe: Recipe) -> dict[str, Any]:
    return {"augmentation": Augmentation()}


def _perturbed(factor: float, recipe: Recipe) -> dict[str, Any]:
    """All of the perturbation by a factor, but for mirroring."""
    values = dataclasses.asdict(recipe.augmentation)
    scaled = {name: factor * value for name, value in values.items()}
    return {"augmentation": Augmentation(**scaled | {"flip": values["flip"]})}


def _rectified(recipe: Recipe) -> dict[str, Any]:
    """The wing loss, zero where labels may be wrong: within half a pixel."""
    w, epsilon = recipe.loss.w, recipe.loss.epsilon
    return {"loss": losses.RectifiedWingLoss(w=w, epsilon=epsilon, r=0.5)}


def _mined(recipe: Recipe, **values: int) -> dict[str, Any]:
    return values


PERTURBATIONS = ("the paper's perturbation", "one and a half times our perturbation")
"""Those of the perturbation of training faces."""

EQUAL_PASSES = "equal passes"
MINING = ("at most 2 copies", "at most 4 copies", "3 bins", EQUAL_PASSES)
"""Those of hard sample mining."""

NOT_MINED = "none, as long as with equal passes"
"""Tells the effect of mining with equal passes from that of a longer training."""

VARIATIONS = MappingProxyType(
    {
        "the paper's perturbation": Variation(_papers_perturbation),
        "one and a half times our perturbation": Variation(partial(_perturbed, 1.5)),
        "rectified": Variation(_rectified),
        "at most 2 copies": Variation(partial(_mined, hsm_cap=2)),
        "at most 4 copies": Variation(partial(_mined, hsm_cap=4)),
        "3 bins": Variation(partial(_mined, hsm_bins=3)),
        EQUAL_PASSES: Variation(longer=True),
        NOT_MINED: Variation(longer=True),
    }
)
"""By what the tables call them."""
