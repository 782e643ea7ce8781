"""CFP in the project's own CSV format: whose face it is, from where, and for what.

Its pictures are called `NNN_profile_NN.jpg` and `NNN_frontal_NN.jpg`, with the number
of the person in front. Every face has 30 labelled points: those of the visible side,
and of frontal faces those of the side on the left.
"""

import re

import numpy as np

from wingkeras.data.faces import FaceDataset

VIEWS = ("profile", "frontal")

_FIRST_FOR_VALIDATION = 401
_NAME = re.compile(r"(\d+)_(profile|frontal)_\d+\.")


def for_training(faces: FaceDataset) -> FaceDataset:
    """The faces of persons 1 to 400.

    Raises:
        ValueError: for a picture of another name.
    """
    return faces.select(np.flatnonzero(_persons(faces) < _FIRST_FOR_VALIDATION))


def for_validation(faces: FaceDataset) -> FaceDataset:
    """The faces of the persons from 401 on, whom no training shows.

    Raises:
        ValueError: for a picture of another name.
    """
    return faces.select(np.flatnonzero(_persons(faces) >= _FIRST_FOR_VALIDATION))


def views(faces: FaceDataset) -> np.ndarray:
    """`(N,)`: one of `VIEWS` per face."""
    return np.array([_match(path)[2] for path in faces.images])


def _persons(faces: FaceDataset) -> np.ndarray:
    return np.array([int(_match(path)[1]) for path in faces.images], int)


def _match(path) -> re.Match:
    match = _NAME.match(path.name)
    if match is None:
        raise ValueError(
            "Expected pictures NNN_profile_NN.jpg or NNN_frontal_NN.jpg, received "
            f"{path}."
        )
    return match
