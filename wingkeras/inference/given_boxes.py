"""Boxes without a detector: those that a caller gives, or the whole picture.

They serve objects other than faces, which no detector of this package finds.
"""

from typing import Any

import numpy as np

from wingkeras import geometry
from wingkeras.imaging.images import as_image
from wingkeras.schemes import LandmarkScheme


class GivenBoxes:
    """Used in place of a detector: the same boxes in every picture.

    Args:
        boxes: `(N, 4)` left, top, right, bottom of the squares around the points,
            image pixels; `(4,)` is one.

    Raises:
        ValueError: for another shape, or boxes without area.

    Example:

    ```python
    teapots = localizer.replace(detector=GivenBoxes([[4, 3, 54, 53]]))
    points = teapots.detect("teapot.jpg").landmarks
    ```
    """

    def __init__(self, boxes: Any):
        boxes = np.asarray(boxes, np.float32)
        self.boxes = boxes[None] if boxes.ndim == 1 else boxes
        if self.boxes.ndim != 2 or self.boxes.shape[1] != 4:
            raise ValueError(
                "Expected boxes (N, 4): left, top, right, bottom in image pixels; "
                f"received shape {boxes.shape}."
            )
        low, high = self.boxes[:, :2], self.boxes[:, 2:]
        if not (np.isfinite(self.boxes).all() and (low < high).all()):
            raise ValueError(
                "Expected boxes with left < right and top < bottom, received "
                f"{boxes.tolist()}."
            )

    def __call__(self, image: Any) -> np.ndarray:
        """The boxes `(N, 4)` float32, the same for every picture."""
        return self.boxes

    def __repr__(self) -> str:
        return f"GivenBoxes({self.boxes.tolist()})"


class WholePicture:
    """Used in place of a detector: the first network sees the whole picture.

    Args:
        box_scale: of the localizer: side of its crop over that of the box.

    Example:

    ```python
    teapots = localizer.replace(detector=WholePicture(localizer.box_scale))
    points = teapots.detect("teapot.jpg").landmarks
    ```
    """

    def __init__(self, box_scale: float):
        self.box_scale = box_scale

    def __call__(self, image: Any) -> np.ndarray:
        """`(1, 4)` float32: the box whose crop is the picture."""
        height, width = as_image(image).shape[:2]
        whole = geometry.image_box(width, height)[None]
        return geometry.scale_boxes(geometry.square_boxes(whole), 1 / self.box_scale)

    def __repr__(self) -> str:
        return "WholePicture()"


class NoDetector:
    """Used in place of a detector for objects that no detector finds."""

    def __init__(self, scheme: LandmarkScheme):
        self._scheme = scheme

    def __call__(self, image: Any) -> np.ndarray:
        """Raise an error that says that boxes are needed.

        Raises:
            ValueError: always.
        """
        raise ValueError(needs_boxes(self._scheme))

    def __repr__(self) -> str:
        return "NoDetector()"


def needs_boxes(scheme: LandmarkScheme) -> str:
    """Error text: why no detector finds the objects of a scheme, and what to do."""
    return (
        f"No detector finds the things of scheme {scheme.name!r}: it has no eyes, so "
        "it is not that of a face. Say where they are: on the command line with "
        "--box LEFT,TOP,RIGHT,BOTTOM or --box picture, in Python with "
        "localizer(image, boxes) or localizer.replace(detector=...). If these are "
        "points of a face, name `left_eye` and `right_eye` in the scheme."
    )
