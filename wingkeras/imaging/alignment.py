"""Upright crops of faces, for example for face recognisers."""

from typing import NamedTuple

import cv2
import numpy as np

from wingkeras import geometry
from wingkeras.schemes import FIVE, IBUG68, LandmarkScheme, five_of_ibug68


class AlignedFaces(NamedTuple):
    """Upright crops of N faces, and the maps that made them.

    Attributes:
        crops: `(N, size, size, 3)` uint8 RGB.
        maps: `(N, 2, 3)` float64 similarities, image pixels -> crop pixels.
    """

    crops: np.ndarray
    maps: np.ndarray


def align(
    image: np.ndarray,
    landmarks: np.ndarray,
    scheme: LandmarkScheme,
    size: int = 112,
    shape: np.ndarray | None = None,
    margin: float = 0.25,
) -> AlignedFaces:
    """Crop faces so that they are upright, and all of one size and position.

    Each face's landmarks are fitted to a template by the similarity (rotation, scale
    and shift) of least squares (Umeyama, PAMI 1991).

    Args:
        image: `(H, W, 3)` uint8 RGB.
        landmarks: `(N, L, 2)`, image pixels.
        scheme: of the landmarks.
        size: side of the crops, pixels.
        shape: `(L, 2)` upright shape to fit to, any unit, such as a network's
            `mean_shape`. By default the eyes, the nose tip and the mouth corners come
            to the five points that ArcFace's recognisers expect, see
            `geometry.arcface_template`.
        margin: of the crop around `shape`, see `geometry.template_of_shape`.

    Returns:
        The crops and their maps. Pixels are interpolated by OpenCV's bilinear
        `warpAffine`, as in the recognisers' training; parts beyond the picture are
        black.

    Raises:
        ValueError: for a scheme without the five points, if no `shape` is given; a
            shape of another number of points; a size below 1; and faces with points
            that are missing or all in one place.
    """
    if size < 1:
        raise ValueError(f"Expected `size` >= 1 pixel, received {size}.")
    landmarks = np.asarray(landmarks, np.float64)
    if shape is None:
        landmarks = _five_points(landmarks, scheme)
        template = geometry.arcface_template(size)
    else:
        if np.shape(shape) != (len(scheme), 2):
            raise ValueError(
                f"Expected `shape` of shape {(len(scheme), 2)} for scheme "
                f"{scheme.name!r}, received {np.shape(shape)}."
            )
        template = geometry.template_of_shape(shape, size, margin)
    _check_faces(landmarks)
    maps = geometry.fit_similarity(landmarks, template)
    crops = np.empty((len(maps), size, size, 3), np.uint8)
    for crop, each in zip(crops, maps, strict=True):
        cv2.warpAffine(image, each, (size, size), dst=crop)
    return AlignedFaces(crops, maps)


def _five_points(landmarks: np.ndarray, scheme: LandmarkScheme) -> np.ndarray:
    """The five points `(N, 5, 2)`, in the order of `FIVE`."""
    if scheme == IBUG68:
        return five_of_ibug68(landmarks)
    others = FIVE.points[2:]
    if not (scheme.left_eye and scheme.right_eye and {*others} <= {*scheme.points}):
        raise ValueError(
            f"Scheme {scheme.name!r} has no eyes or no points named "
            f"{', '.join(others)}. Pass the upright `shape` to align to."
        )
    groups = [
        scheme.left_eye,
        scheme.right_eye,
        *([scheme.points.index(name)] for name in others),
    ]
    return np.stack([landmarks[:, list(x)].mean(axis=1) for x in groups], axis=1)


def _check_faces(points: np.ndarray) -> None:
    """Refuse points `(N, K, 2)` that a similarity cannot be fitted to."""
    good = np.isfinite(points).all(axis=(1, 2))
    good &= (points != points[:, :1]).any(axis=(1, 2))
    if not good.all():
        raise ValueError(
            "Expected landmarks that are finite and not all in one place; they are "
            f"missing or in one place for faces {np.flatnonzero(~good).tolist()}. "
            "Leave these faces out."
        )
