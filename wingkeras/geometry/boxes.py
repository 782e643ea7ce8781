"""Boxes `(left, top, right, bottom)` in image pixels."""

from typing import Any

import numpy as np

_SQUARE = 1e-5
"""Largest relative difference of the sides of a box that is square up to rounding."""


def landmark_boxes(landmarks: np.ndarray) -> np.ndarray:
    """Square boxes around landmarks: the protocol's box of a face.

    Args:
        landmarks: `(..., L, 2)`, image pixels; NaN points are left out.

    Returns:
        `(..., 4)` float32: centre = that of the landmarks' bounding box, side =
        its longer side.

    Example:

    ```python
    landmark_boxes(np.array([[10.0, 20.0], [30.0, 28.0]]))  # [10, 14, 30, 34]
    ```
    """
    low = np.nanmin(landmarks, axis=-2)
    high = np.nanmax(landmarks, axis=-2)
    half = (high - low).max(axis=-1, keepdims=True) / 2
    centre = (low + high) / 2
    return np.concatenate([centre - half, centre + half], axis=-1).astype(np.float32)


def square_boxes(boxes, xp: Any = np):
    """The squares of the longer sides of boxes, about their centres.

    Args:
        boxes: `(N, 4)` left, top, right, bottom, any unit; converted to float32 if
            `xp` is NumPy, else float32.
        xp: namespace to compute with.

    Returns:
        `(N, 4)` float32; boxes that are square up to rounding are returned unchanged.

    Example:

    ```python
    square_boxes(np.array([[10, 20, 30, 28]]))  # [[10, 14, 30, 34]]
    ```
    """
    boxes = np.asarray(boxes, np.float32) if xp is np else boxes
    low, high = boxes[:, :2], boxes[:, 2:]
    spans = high - low
    difference = xp.abs(spans[:, :1] - spans[:, 1:])
    is_square = difference <= _SQUARE * xp.abs(spans[:, 1:])
    centre, half = (low + high) / 2, xp.max(spans, axis=1, keepdims=True) / 2
    squares = xp.concatenate([centre - half, centre + half], axis=1)
    return xp.where(is_square, boxes, squares)


def scale_boxes(boxes, factor: float, xp: Any = np):
    """Boxes `(..., 4)` grown by `factor` about their centres, same units.

    `xp` is the namespace to compute with; if it is not NumPy, boxes are float32.

    Example:

    ```python
    scale_boxes(np.array([[10, 10, 30, 30]]), 1.5)  # [[5, 5, 35, 35]]
    ```
    """
    boxes = np.asarray(boxes, np.float32) if xp is np else boxes
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    half = (boxes[..., 2:] - boxes[..., :2]) * (factor / 2)
    return xp.concatenate([centre - half, centre + half], axis=-1)


def box_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union in [0, 1] of boxes `(..., 4)` that broadcast.

    Example:

    ```python
    box_iou(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2]]))  # [0.333333]
    ```
    """
    boxes, others = np.asarray(boxes, np.float32), np.asarray(others, np.float32)
    low = np.maximum(boxes[..., :2], others[..., :2])
    high = np.minimum(boxes[..., 2:], others[..., 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=-1)
    areas = [np.prod(b[..., 2:] - b[..., :2], axis=-1) for b in (boxes, others)]
    return common / (areas[0] + areas[1] - common)


def image_box(width: float, height: float) -> np.ndarray:
    """The box that covers a picture or a crop to its outer edges.

    Args:
        width: pixels.
        height: pixels.

    Returns:
        `(4,)` float32, image pixels.

    Example:

    ```python
    image_box(640, 480)  # [-0.5, -0.5, 639.5, 479.5]
    ```
    """
    return np.array([-0.5, -0.5, width - 0.5, height - 0.5], np.float32)


def inside_in_part(boxes: np.ndarray, width: float, height: float) -> np.ndarray:
    """Which boxes share an area with a picture.

    Args:
        boxes: `(N, 4)`, image pixels.
        width: of the picture, pixels.
        height: of the picture, pixels.

    Returns:
        `(N,)` bool.

    Example:

    ```python
    inside_in_part(np.array([[-9, 0, 3, 12], [640, 0, 652, 12]]), 640, 480)  # [1, 0]
    ```
    """
    picture = image_box(width, height)
    low, high = boxes[:, :2], boxes[:, 2:]
    return np.all((low < picture[2:]) & (high > picture[:2]), axis=1)


def from_pixel_edges(coordinates):
    """Convert positions counted from the first pixel's outer edge to image pixels.

    OpenCV's rectangles and array slices are such positions: the pixels `[2:5]` reach
    from 2 to 5 there, and from 1.5 to 4.5 here.

    Args:
        coordinates: float, any shape, pixels; an array or a tensor.

    Returns:
        The same shape, image pixels.

    Example:

    ```python
    left, top, width, height = 2, 2, 3, 3
    from_pixel_edges(np.array([left, top, left + width, top + height]))
    # [1.5, 1.5, 4.5, 4.5]
    ```
    """
    return coordinates - 0.5


def flip_boxes(boxes: np.ndarray, width: float) -> np.ndarray:
    """The same boxes in the mirrored picture.

    Args:
        boxes: `(..., 4)`, image pixels.
        width: of the picture, pixels.

    Returns:
        `(..., 4)` float32, pixels of the mirrored picture.

    Example:

    ```python
    flip_boxes(np.array([[10, 20, 30, 40]]), width=100)  # [[69, 20, 89, 40]]
    ```
    """
    boxes = np.array(boxes, np.float32)
    boxes[..., [0, 2]] = width - 1 - boxes[..., [2, 0]]
    return boxes
