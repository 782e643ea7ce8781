"""OpenCV's frontal face cascade."""

from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np

from wingkeras.imaging.images import as_image
from wingkeras.inference import search
from wingkeras.inference.calibration import (
    BoxCalibration,
    CalibratedDetector,
    check_min_face,
    largest_first,
)
from wingkeras.inference.detections import Detections
from wingkeras.inference.sharing import OneEach
from wingkeras.schemes import IBUG68, LandmarkScheme

_LEAST_SIDE = 24
_USUAL_SHARE = 0.1
"""Side of the smallest faces, as a share of the overview's shorter side."""


class HaarDetector(CalibratedDetector):
    """OpenCV's frontal face cascade.

    It finds upright, roughly frontal faces, and gives no scores. Several threads may
    call one detector; each then uses a cascade of its own.

    Args:
        calibration: maps its boxes to the networks' convention.
        scheme: of the landmarks that the boxes enclose, if no calibration is given.
            For a scheme that is not in `CALIBRATIONS`, the calibration for "ibug68" is
            used, with a warning.
        min_face: side of the smallest faces to look for, picture pixels, as far as
            `search.MOST_PIXELS` allows. Small values take longer and give more false
            detections. By default the picture is searched at 640 px, for faces of at
            least a tenth of its shorter side.

    Raises:
        ValueError: for a `min_face` below 1.

    Example:

    ```python
    boxes, scores = HaarDetector()(image)
    ```
    """

    # Medians over the 300-W training faces that it finds; measured by
    # `python tools/calibrate_detectors.py --data PATH_TO_300W`. `right` is 0, as faces
    # are symmetric.
    CALIBRATIONS = MappingProxyType(
        {
            "ibug68": BoxCalibration(right=0.0, down=0.1527, scale=0.8761),
            "five": BoxCalibration(right=0.0, down=0.09, scale=0.4342),
        }
    )

    def __init__(
        self,
        calibration: BoxCalibration | None = None,
        scheme: LandmarkScheme = IBUG68,
        min_face: float | None = None,
    ):
        super().__init__(calibration, scheme)
        self.min_face = None if min_face is None else check_min_face(min_face)
        self._cascade = OneEach(_load_cascade)

    def raw(self, image: Any) -> Detections:
        """The detector's own boxes, image pixels, the largest first."""
        image = as_image(image)
        factor = search.overview_factor(image.shape)
        if self.min_face is None:
            least = _USUAL_SHARE * min(image.shape[:2]) / factor
        else:
            # Its boxes are larger than the squares around 68 landmarks.
            side = self.min_face / self.CALIBRATIONS[IBUG68.name].scale
            closer = search.closer_factor(image.shape, side, _LEAST_SIDE)
            factor = min(factor, closer)
            least = side / factor
        view = search.View(search.shrink(image, factor), factor)
        found = self._search(view.pixels, max(_LEAST_SIDE, int(least)))
        scores = np.full(len(found), np.nan, np.float32)
        return largest_first(view.to_picture(found), scores)

    def _search(self, image: np.ndarray, least: int) -> np.ndarray:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        # A face that fills the picture is only found with room around it.
        margin = round(0.1 * max(grey.shape))
        grey = cv2.copyMakeBorder(
            grey, margin, margin, margin, margin, cv2.BORDER_REPLICATE
        )
        with self._cascade.use() as cascade:
            found = cascade.detectMultiScale(
                grey, scaleFactor=1.05, minNeighbors=3, minSize=(least, least)
            )
        found = np.asarray(found, np.float32).reshape(-1, 4)
        return found - [margin, margin, 0, 0]


def _load_cascade() -> cv2.CascadeClassifier:
    # The path is built from that of `cv2`: type checkers do not know `cv2.data`.
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_alt2.xml"))
