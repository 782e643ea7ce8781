"""Real faces for the models of the zoo: those of their own landmark scheme."""

from reproduction.datasets import AFLW, W300, Dataset
from wingkeras.schemes import FIVE, IBUG68, LandmarkScheme

_DATASETS = {IBUG68.name: W300, FIVE.name: AFLW}


def dataset_of(scheme: LandmarkScheme) -> Dataset:
    """Faces to learn from and to measure on, with their normalizer."""
    return _DATASETS[scheme.name]
