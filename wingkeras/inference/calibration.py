"""Calibration of detectors' boxes to the networks' convention."""

import abc
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wingkeras import geometry
from wingkeras.imaging.images import as_image
from wingkeras.inference.detections import Detections
from wingkeras.schemes import IBUG68, LandmarkScheme, is_known


@dataclass(frozen=True)
class BoxCalibration:
    """Maps a detector's boxes to the squares around the landmarks.

    Attributes:
        right: shift of the centre, as a share of the detector box's side, which is
            the square root of its area.
        down: the same, downwards.
        scale: side of the square over that of the detector's box.

    Example:

    ```python
    to_square = BoxCalibration(right=0.0, down=0.1, scale=0.9)
    to_square(np.array([[0.0, 0.0, 100.0, 100.0]]))  # [[5, 15, 95, 105]]
    ```
    """

    right: float
    down: float
    scale: float

    def __call__(self, boxes: np.ndarray) -> np.ndarray:
        """Squares `(N, 4)` for a detector's boxes `(N, 4)`, image pixels."""
        spans = boxes[:, 2:] - boxes[:, :2]
        side = np.sqrt(spans.prod(axis=1, keepdims=True))
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        centre = centre + side * np.array([self.right, self.down])
        half = side * self.scale / 2
        return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)

    def __matmul__(self, inner: "BoxCalibration") -> "BoxCalibration":
        """Apply this calibration, then `inner` to its squares."""
        return BoxCalibration(
            self.right + self.scale * inner.right,
            self.down + self.scale * inner.down,
            self.scale * inner.scale,
        )


class CalibratedDetector(abc.ABC):
    """A detector whose boxes are calibrated to the networks' convention.

    Args:
        calibration: maps its boxes to the networks' convention.
        scheme: of the landmarks that the boxes enclose, if no calibration is given.
    """

    CALIBRATIONS: Mapping[str, BoxCalibration]

    def __init__(self, calibration: BoxCalibration | None, scheme: LandmarkScheme):
        calibration = calibration or self.known_calibration(scheme)
        self._uncalibrated = scheme.name if calibration is None else None
        self.calibration = calibration or self.CALIBRATIONS[IBUG68.name]

    @classmethod
    def known_calibration(cls, scheme: LandmarkScheme) -> BoxCalibration | None:
        """The calibration for a scheme of this package, if there is one.

        A scheme of a user's own may have the name of one of this package.
        """
        return cls.CALIBRATIONS.get(scheme.name) if is_known(scheme) else None

    def __call__(self, image: Any) -> Detections:
        """The faces of a picture, the largest first.

        The calibration moves boxes; one that is then beside the picture is left out.

        Args:
            image: see `images.as_image`.

        Raises:
            ValueError: for an image of another form.
        """
        if self._uncalibrated is not None:
            # Only a warning: the boxes suit any scheme that covers the whole face. It
            # comes on use: every localizer has a detector, but may never call it.
            warnings.warn(
                f"{type(self).__name__} is calibrated for the schemes "
                f"{sorted(self.CALIBRATIONS)}, not for {self._uncalibrated!r}: its "
                "boxes enclose the landmarks of 'ibug68'. Pass `calibration=` with the "
                "shift and scale to the square around your landmarks.",
                stacklevel=2,
            )
        image = as_image(image)
        height, width = image.shape[:2]
        found = self.raw(image)
        boxes = self.calibration(found.boxes)
        inside = geometry.inside_in_part(boxes, width, height)
        return Detections(boxes[inside], found.scores[inside])

    @abc.abstractmethod
    def raw(self, image: Any) -> Detections:
        """The detector's own boxes, before the calibration, image pixels."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def check_min_face(min_face: float) -> float:
    """Check the side of the smallest faces to look for, pixels, and return it.

    Raises:
        ValueError: if it is below 1, or not finite.
    """
    if not 1 <= min_face < float("inf"):
        raise ValueError(
            f"Expected `min_face` of at least 1 pixel, received {min_face}."
        )
    return min_face


def largest_first(boxes: np.ndarray, scores: np.ndarray) -> Detections:
    """Detections sorted by the area of their boxes, the largest first."""
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    order = np.argsort(-areas, kind="stable")
    return Detections(boxes[order], scores[order])
