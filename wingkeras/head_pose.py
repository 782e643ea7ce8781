"""Yaw, pitch and roll of heads from 68 landmarks, without a camera model.

A similarity aligns the landmarks with the mean shape; its rotation is most of the roll.
Ridge regression predicts the rest from the offsets from the mean shape and the products
of three principal components. `tools/fit_head_pose.py` fitted it on 689 shapes with
labelled poses and on their mirror images.
"""

import functools
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wingkeras import geometry
from wingkeras.schemes import IBUG68, LandmarkScheme

ANGLES = ("yaw", "pitch", "roll")

MAX_YAW, MAX_PITCH = 45.0, 45.0
"""Largest angles of a valid estimate, in degrees, in either direction."""


class HeadPoseModel(NamedTuple):
    """The fitted parameters.

    Attributes:
        mean_shape: `(68, 2)` upright, of mean (0, 0) and sum of squares 1.
        components: `(136, Q)` principal components of the aligned shapes, each divided
            by its standard deviation.
        weights: `(136 + Q (Q + 1) / 2, 3)` from `features` to degrees.
        bias: `(3,)` degrees.
    """

    mean_shape: np.ndarray
    components: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def __call__(self, landmarks: np.ndarray) -> np.ndarray:
        """Yaw, pitch, roll `(N, 3)` of `(N, 68, 2)` landmarks, degrees, unchecked."""
        aligned, rolls = align(landmarks, self.mean_shape)
        angles = features(aligned, self.mean_shape, self.components) @ self.weights
        angles += self.bias
        angles[:, 2] += rolls
        angles[:, 2] -= 360 * np.round(angles[:, 2] / 360)
        return angles


def head_poses(landmarks: np.ndarray, scheme: LandmarkScheme) -> np.ndarray:
    """Yaw, pitch and roll of heads, as seen in the picture.

    Positive yaw turns the nose to the right of the picture, positive pitch turns it
    up, positive roll tilts the head clockwise, the eye on the right downwards.

    The shapes that the model was fitted on reach 37 degrees of yaw, 28 of pitch
    downwards and 38 upwards; an estimate beyond is an extrapolation. Where one exceeds
    `MAX_YAW` or `MAX_PITCH`, the whole pose is NaN. Roll has no limit.

    Args:
        landmarks: `(N, 68, 2)`, any unit.
        scheme: of the landmarks.

    Returns:
        `(N, 3)` float32 yaw, pitch and roll, degrees; roll in [-180, 180]. NaN outside
        the range, and for faces with a point missing or all points in one place.

    Raises:
        ValueError: for a scheme other than `ibug68`, or landmarks of another shape.

    Example:

    ```python
    faces = wingkeras.zoo.load("cnn67_300w").detect("portrait.jpg")
    yaw, pitch, roll = head_poses(faces.landmarks, faces.scheme)[0]
    ```
    """
    if not is_known_for(scheme):
        raise ValueError(
            f"The head pose is estimated from the points of scheme {IBUG68.name!r}; "
            f"these are of scheme {scheme.name!r}."
        )
    landmarks = np.asarray(landmarks, np.float64)
    if landmarks.ndim != 3 or landmarks.shape[1:] != (len(scheme), 2):
        raise ValueError(
            f"Expected `landmarks` of shape (N, {len(scheme)}, 2), received "
            f"{landmarks.shape}."
        )
    poses = np.full((len(landmarks), len(ANGLES)), np.nan, np.float32)
    usable = np.isfinite(landmarks).all(axis=(1, 2))
    usable &= (landmarks != landmarks[:, :1]).any(axis=(1, 2))
    found = packaged_model()(landmarks[usable])
    inside = (np.abs(found[:, 0]) <= MAX_YAW) & (np.abs(found[:, 1]) <= MAX_PITCH)
    poses[usable] = np.where(inside[:, None], found, np.nan)
    return poses


def is_known_for(scheme: LandmarkScheme) -> bool:
    """Whether heads' poses can be estimated from the points of a scheme."""
    return scheme == IBUG68


def align(
    landmarks: np.ndarray, mean_shape: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Remove position, size and in-plane rotation from shapes.

    Args:
        landmarks: `(N, L, 2)`, any unit.
        mean_shape: `(L, 2)` to fit them to by a similarity.

    Returns:
        Aligned shapes `(N, L, 2)`, each of sum of squares 1; and how far each was
        rotated, `(N,)` degrees, clockwise positive.
    """
    maps = geometry.fit_similarity(landmarks, mean_shape)
    fitted = geometry.transform(maps, landmarks)
    size = np.sqrt((fitted**2).sum(axis=(1, 2), keepdims=True))
    return fitted / size, np.degrees(np.arctan2(maps[:, 0, 1], maps[:, 0, 0]))


def features(
    aligned: np.ndarray, mean_shape: np.ndarray, components: np.ndarray
) -> np.ndarray:
    """The inputs of the regression.

    Args:
        aligned: `(N, L, 2)`, see `align`.
        mean_shape: `(L, 2)`.
        components: `(2L, Q)`.

    Returns:
        `(N, 2L + Q (Q + 1) / 2)`: offsets from the mean shape, and the products of
        every two scores along the components.
    """
    distances = (aligned - mean_shape).reshape(len(aligned), mean_shape.size)
    scores = distances @ components
    first, second = np.triu_indices(scores.shape[1])
    return np.concatenate([distances, scores[:, first] * scores[:, second]], axis=1)


def load_model(path: Path) -> HeadPoseModel:
    """The model in an NPZ file, in float64."""
    with np.load(path) as file:
        return HeadPoseModel(
            **{name: file[name].astype(np.float64) for name in HeadPoseModel._fields}
        )


@functools.cache
def packaged_model() -> HeadPoseModel:
    """The model that comes with the package."""
    with resources.as_file(resources.files("wingkeras") / "head_pose.npz") as path:
        return load_model(path)
