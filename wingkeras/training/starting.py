"""What a training starts from: a trained network, or its layers below the output."""

from wingkeras import models
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import LandmarkScheme
from wingkeras.training.recipe import Recipe


def goes_on(start: Localizer, scheme: LandmarkScheme) -> bool:
    """Whether a network that finds the same points is trained on.

    For other points, the layers below the output are kept and the output layer is new.
    """
    return start.scheme == scheme


def find_start(
    start: Localizer, recipe: Recipe, scheme: LandmarkScheme
) -> KerasStage | None:
    """The stage of a localizer that a recipe's network can start from.

    Args:
        start: a trained localizer.
        recipe: names the network and the size of its input.
        scheme: of the faces to train on.

    Returns:
        For the same points the last stage, for others the last that fits; `None`
        where it does not fit, or none does.

    Raises:
        ValueError: if another runtime than Keras runs it.
    """
    stages = start.keras_stages[-1:] if goes_on(start, scheme) else start.keras_stages
    fitting = [
        stage
        for stage in stages
        if models.network_name(stage.network) == recipe.network
        and stage.size == recipe.size
    ]
    return fitting[-1] if fitting else None
