"""The start of a training: a trained network, or its layers below the output."""

from wingkeras import models
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import LandmarkScheme
from wingkeras.training.recipe import Recipe


def goes_on(start: Localizer, scheme: LandmarkScheme) -> bool:
    """Whether the network finds the same points, so that all its layers are kept.

    For other points, only the layers below the output are kept.
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
        For the same points the last stage, for other points the last one that fits;
        `None` if it does not fit, or no stage does.

    Raises:
        ValueError: if a runtime other than Keras runs it.
    """
    stages = start.keras_stages[-1:] if goes_on(start, scheme) else start.keras_stages
    fitting = [
        stage
        for stage in stages
        if models.network_name(stage.network) == recipe.network
        and stage.size == recipe.size
    ]
    return fitting[-1] if fitting else None
