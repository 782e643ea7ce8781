"""Facial landmark localisation with the Wing loss: a Keras model zoo."""

from wingkeras import models, zoo
from wingkeras.data.faces import FaceDataset
from wingkeras.evaluation import evaluate
from wingkeras.inference.localizer import Localizer
from wingkeras.losses import (
    L1Loss,
    L2Loss,
    RectifiedWingLoss,
    SmoothL1Loss,
    WingLoss,
)
from wingkeras.metrics import NME
from wingkeras.schemes import LandmarkScheme
from wingkeras.training.recipes import Recipe
from wingkeras.training.run import train

__all__ = [
    "NME",
    "FaceDataset",
    "L1Loss",
    "L2Loss",
    "LandmarkScheme",
    "Localizer",
    "Recipe",
    "RectifiedWingLoss",
    "SmoothL1Loss",
    "WingLoss",
    "evaluate",
    "models",
    "train",
    "zoo",
]
