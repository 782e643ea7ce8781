"""Untrained localizers of five points, with pictures and boxes for them."""

import numpy as np

from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.models import CNN6, CNN7
from wingkeras.schemes import FIVE

MEAN = np.array([[20, 24], [44, 24], [32, 34], [24, 44], [40, 44]], np.float32)


def make_image(height=200, width=240, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def make_boxes(count, seed=0):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(10, 80, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(40, 100, (count, 1))], axis=1)


def make_localizer(stages: int, flip_tta: bool = False) -> Localizer:
    """Networks near their mean shape that do look at the picture."""
    made = [_stage(CNN6, MEAN), _stage(CNN7, 2 * MEAN + 0.5)][:stages]
    return Localizer(made, FIVE, 1.1, flip_tta=flip_tta)


def _stage(builder, mean):
    network = builder(5, mean)
    head = network.get_layer("landmarks")
    head.kernel.assign(np.random.default_rng(1).normal(0, 0.01, head.kernel.shape))
    return KerasStage(network, mean)
