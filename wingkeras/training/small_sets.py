"""The default training for a number of faces, used if no recipe is chosen."""

import math
from typing import Any

from wingkeras import models
from wingkeras.data.augment import Augmentation
from wingkeras.inference.localizer import Localizer
from wingkeras.losses import WingLoss
from wingkeras.schemes import LandmarkScheme
from wingkeras.training.recipe import Recipe
from wingkeras.training.starting import goes_on

_SHOWN_TO_ONE = 3000
_EPOCHS = 40
_LEAST_EPOCHS = 8
_BATCH_SIZE = 32
_SPLIT_OF_ONE = 1.5
_LEAST_SPLIT, _MOST_SPLIT = 0.05, 0.2
_BOX_SCALE = 1.25


def suitable_recipe(
    num_faces: int,
    scheme: LandmarkScheme,
    init_from: Localizer | None = None,
    name: str = "own",
    length: float = 1.0,
) -> Recipe:
    """A recipe whose steps, validation and weight average suit the number of faces.

    The total number of faces shown grows with the square root of the number of faces
    (30,000 for 100 faces). So does the number held out (15 of 100), within a twentieth
    to a fifth of all. An epoch repeats the faces so that the training has about 40
    epochs. The momentum of the weight average warms up with the steps, see
    `averaging.WarmingAverage`.

    If it starts from a network that finds other points, only the new output layer
    learns for a tenth of the steps; then all layers learn, the others at a fifth of its
    learning rate.

    Args:
        num_faces: including those held out.
        scheme: of the faces.
        init_from: the localizer that the training starts from; it decides the network.
            By default the network is a CNN-6 with random weights.
        name: of the recipe.
        length: multiple of the usual number of steps.

    Returns:
        The recipe. Its crops have a side of 1.25 times the landmarks' extent.

    Raises:
        ValueError: for fewer than 3 faces, or a `name` that cannot be a file name.

    Example:

    ```python
    start = wingkeras.zoo.load("cnn6_300w")
    recipe = suitable_recipe(len(faces), faces.scheme, start)
    wingkeras.train(recipe, faces, "runs/own", init_from=start)
    ```
    """
    if num_faces < 3:
        raise ValueError(
            "Expected at least 3 faces to learn from and to validate on, received "
            f"{num_faces}."
        )
    share = _SPLIT_OF_ONE / math.sqrt(num_faces)
    validation_split = min(max(share, _LEAST_SPLIT), _MOST_SPLIT)
    trained_on = num_faces - round(validation_split * num_faces)
    shown = length * _SHOWN_TO_ONE * math.sqrt(num_faces)
    epochs = min(max(_EPOCHS * length, _LEAST_EPOCHS), _EPOCHS)
    passes = max(1, round(shown / epochs / trained_on))
    network, size = "CNN6", 64
    rates: dict[str, Any] = {}
    if init_from:
        stage = init_from.keras_stages[-1]
        network, size = models.network_name(stage.network), stage.size
        rates = {"freeze_fraction": 0.1, "backbone_lr_multiplier": 0.2}
        if goes_on(init_from, scheme):
            rates = {"learning_rate": 5e-4}
    return Recipe(
        name,
        network=network,
        input_size=size,
        loss=WingLoss(w=10, epsilon=2) if size <= 64 else WingLoss(w=15, epsilon=3),
        epochs=max(1, round(shown / passes / trained_on)),
        passes_per_epoch=passes,
        batch_size=min(_BATCH_SIZE, passes * trained_on),
        validation_split=validation_split,
        box_scale=_BOX_SCALE,
        augmentation=Augmentation(
            scale=0.1, translate=0.05, colour=0.3, random_erasing=0.2
        ),
        **rates,
    )
