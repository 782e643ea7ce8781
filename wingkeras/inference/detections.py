"""What detectors return, and what is accepted from a user's own detector."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Detections(NamedTuple):
    """The faces that a detector found.

    Attributes:
        boxes: `(N, 4)` float32 left, top, right, bottom of the squares around the
            faces' landmarks, image pixels.
        scores: `(N,)` float32 in [0, 1], the detector's confidence; NaN where it gives
            none.

    Example:

    ```python
    def whole_picture(image):
        height, width = image.shape[:2]
        return Detections(np.array([[0, 0, width, height]]), np.array([0.5]))

    faces = localizer.replace(detector=whole_picture).detect("photo.jpg")
    ```
    """

    boxes: np.ndarray
    scores: np.ndarray


Detector = Callable[[np.ndarray], Any]
"""From an `(H, W, 3)` uint8 RGB picture to `Detections`, or to `(N, 4)` boxes alone."""


def detect_faces(detector: Detector, image: np.ndarray) -> Detections:
    """Call a detector, and check what it returns.

    Args:
        detector: returns `Detections`, another object with `boxes` and `scores`, or
            `(N, 4)` boxes without scores.
        image: `(H, W, 3)` uint8 RGB.

    Raises:
        ValueError: for boxes or scores of another shape.
    """
    found = detector(image)
    boxes = np.asarray(getattr(found, "boxes", found), np.float32)
    if not boxes.size:
        boxes = boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(
            f"Expected boxes (N, 4) from the detector {detector!r}: left, top, right, "
            f"bottom in image pixels; received shape {boxes.shape}."
        )
    scores = np.full(len(boxes), np.nan, np.float32)
    if hasattr(found, "boxes"):
        scores = np.asarray(found.scores, np.float32)
    if scores.shape != (len(boxes),):
        raise ValueError(
            f"Expected a score for each of the {len(boxes)} boxes from the detector "
            f"{detector!r}, received shape {scores.shape}."
        )
    return Detections(boxes, scores)
