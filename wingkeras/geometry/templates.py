"""Positions of the points of a face in an upright crop."""

import numpy as np

from wingkeras.geometry.shapes import resize_points

_ARCFACE_SIZE = 112
_ARCFACE_POINTS = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)


def arcface_template(size: int = _ARCFACE_SIZE) -> np.ndarray:
    """The five points in the crops that face recognisers expect.

    At 112 px they are those of ArcFace (Deng et al., CVPR 2019, in its authors'
    InsightFace), which go back to SphereFace's 112 x 96 px.

    Args:
        size: side of the crop, pixels.

    Returns:
        `(5, 2)` float64, crop pixels: left eye, right eye, nose tip, left and right
        mouth corner, left and right as in the picture.

    Example:

    ```python
    arcface_template()[0]  # [38.2946, 51.6963]
    ```
    """
    return resize_points(np.array(_ARCFACE_POINTS), size / _ARCFACE_SIZE)


def template_of_shape(shape: np.ndarray, size: int, margin: float) -> np.ndarray:
    """A face's points, scaled and moved to fill a square crop up to a margin.

    Args:
        shape: `(L, 2)` upright points, any unit, such as a mean shape.
        size: side of the crop, pixels.
        margin: free on either side of the longer side of the points' box, as a share
            of the crop's side, in [0, 0.5).

    Returns:
        `(L, 2)` float64, crop pixels; the middle of the points' box is the crop's.

    Raises:
        ValueError: for points that are not finite or all in one place, and a margin
            out of range.

    Example:

    ```python
    template_of_shape(np.array([[0, 0], [2, 1]]), size=100, margin=0.25)
    # [[24.5, 37], [74.5, 62]]
    ```
    """
    shape = np.asarray(shape, np.float64)
    if not 0 <= margin < 0.5:
        raise ValueError(f"Expected `margin` in [0, 0.5), received {margin}.")
    low, high = shape.min(axis=0), shape.max(axis=0)
    side = (high - low).max()
    if not (np.isfinite(shape).all() and side > 0):
        raise ValueError(
            "Expected `shape` of finite points that are not all in one place, received "
            f"points from {low.tolist()} to {high.tolist()}."
        )
    centred = (shape - (low + high) / 2) / side
    return centred * (size * (1 - 2 * margin)) + (size - 1) / 2
