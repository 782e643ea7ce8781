"""The checks of `train` before it reads a picture."""

import numpy as np

from wingkeras import models
from wingkeras.data.faces import FaceDataset
from wingkeras.data.order import count_batches
from wingkeras.imaging import crops
from wingkeras.inference.localizer import Localizer
from wingkeras.metrics import measurable, usual_normalizers
from wingkeras.schemes import LandmarkScheme
from wingkeras.training.distribution import Strategy
from wingkeras.training.preparing import Inputs
from wingkeras.training.recipe import Recipe
from wingkeras.training.starting import find_start, goes_on


def check(inputs: Inputs, strategy: Strategy) -> None:
    """Refuse a run that cannot succeed; see `run.train`.

    Raises:
        ValueError: if an argument is at fault; it says which one.
    """
    _check_strategy(inputs.recipe, strategy)
    _check_cascade(inputs)
    _check_labels(inputs.training_faces, inputs.validation_faces)
    count_batches(len(inputs.plan), inputs.recipe.batch_size)


def _check_strategy(recipe: Recipe, strategy: Strategy) -> None:
    if recipe.jit_compile is True and not strategy.xla:
        raise ValueError(
            "Expected `jit_compile` to be 'auto' or False for the strategy 'mirrored': "
            "TensorFlow does not compile its steps with XLA. Received True."
        )
    if recipe.augment_on == "device" and not strategy.resident:
        raise ValueError(
            "Expected `augment_on` to be 'host' for the strategy 'mirrored', received "
            "'device'."
        )
    if recipe.batch_size % strategy.count:
        raise ValueError(
            f"Expected a batch size that {strategy.count} devices can share evenly, "
            f"received {recipe.batch_size}."
        )


def _check_cascade(inputs: Inputs) -> None:
    recipe, scheme = inputs.recipe, inputs.training_faces.scheme
    first, start, extra = inputs.first_stage, inputs.init_from, inputs.extra_faces
    sizes = [stage.size for stage in first.stages] if first else []
    crops.check_sizes([*sizes, recipe.size])
    if first and first.scheme != scheme:
        raise ValueError(
            f"Expected `first_stage` to find the scheme {scheme.name!r} of the faces, "
            f"received a localizer of {first.scheme.name!r}."
        )
    if extra and extra.scheme != scheme:
        raise ValueError(
            f"Expected `extra_faces` of scheme {scheme.name!r}, received "
            f"{extra.scheme.name!r}."
        )
    if start:
        _check_start(recipe, scheme, start, len(sizes))


def _check_start(
    recipe: Recipe, scheme: LandmarkScheme, start: Localizer, stages: int
) -> None:
    if find_start(start, recipe, scheme) is None:
        received = " and ".join(
            f"{models.network_name(stage.network)} of {stage.size} px"
            for stage in start.keras_stages
        )
        raise ValueError(
            f"Expected to start from a {recipe.network} of {recipe.size} px, received "
            f"a localizer with a {received}."
        )
    if goes_on(start, scheme) and len(start.stages) != stages + 1:
        raise ValueError(
            f"Expected `init_from` with the {stages} stages of `first_stage` and one "
            f"more, received {len(start.stages)}: its last network has learnt to see "
            "the faces as those before it align them."
        )
    if recipe.batch_norm:
        raise ValueError(
            "Expected a recipe without `batch_norm` to start from a trained network, "
            f"which has none; received {recipe.name!r}."
        )


def _check_labels(training_faces: FaceDataset, validation_faces: FaceDataset) -> None:
    scheme = training_faces.scheme
    unknown = np.isnan(training_faces.landmarks).all(axis=(0, 2))
    if unknown.any():
        names = ", ".join(scheme.points[i] for i in np.flatnonzero(unknown))
        raise ValueError(
            "Expected every point to be labelled on some face; none of the "
            f"{len(training_faces)} training faces has {names}."
        )
    normalizer = usual_normalizers(scheme)[0]
    if not measurable(validation_faces.landmarks, scheme, normalizer).any():
        raise ValueError(
            f"Expected faces with a labelled {normalizer} distance to validate on; "
            f"none of the {len(validation_faces)} held out has one."
        )
