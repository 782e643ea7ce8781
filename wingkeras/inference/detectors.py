"""Face detectors behind one call: picture -> boxes.

A detector is anything that takes an `(H, W, 3)` uint8 RGB picture and gives `(N, 4)`
boxes in the networks' convention, the square around the face's landmarks, the
largest first. What a detector itself calls a face is another box, so each carries a
calibration per landmark scheme, measured on the training faces of 300-W by
`tools/calibrate_detectors.py`: five points span half of what 68 do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np

from wingkeras import geometry
from wingkeras.imaging.crops import check_image
from wingkeras.schemes import IBUG68, LandmarkScheme
from wingkeras.storage.download import cache_home, fetch

_LONGEST_SIDE = 640
"""Larger pictures are searched at this size, pixels."""

_LEAST_SCORE = 0.7
"""Of YuNet; at OpenCV's 0.9 it misses 3 % of the 300-W training faces."""


@dataclass(frozen=True)
class BoxCalibration:
    """From a detector's boxes to the squares around the landmarks.

    Attributes:
        right: shift of the centre, as a share of the detector box's side, which is
            the square root of its area.
        down: the same, downwards.
        scale: side of the square over that of the detector's box.
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


def _calibration(
    known: Mapping[str, BoxCalibration], scheme: LandmarkScheme
) -> BoxCalibration:
    return known.get(scheme.name, known[IBUG68.name])


class HaarDetector:
    """OpenCV's frontal face cascade, which comes with the package: always at hand.

    Finds upright, roughly frontal faces.

    Args:
        calibration: from its boxes to the networks' convention.
        scheme: whose landmarks the boxes are to enclose, where no calibration is
            given; of a scheme that is not in `CALIBRATIONS`, those of "ibug68".
    """

    # Medians over the 300-W training faces that it finds; measured by
    # `python tools/calibrate_detectors.py --data PATH_TO_300W`. Faces mirror, so
    # `right` is 0.
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
    ):
        self.calibration = calibration or _calibration(self.CALIBRATIONS, scheme)
        path = Path(cv2.data.haarcascades) / "haarcascade_frontalface_alt2.xml"
        self._cascade = cv2.CascadeClassifier(str(path))

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Boxes `(N, 4)`, image pixels, the largest first; see the module.

        Raises:
            ValueError: for an image that is not `(H, W, 3)` uint8.
        """
        return self.calibration(self.raw(image))

    def raw(self, image: np.ndarray) -> np.ndarray:
        """The detector's own boxes `(N, 4)` float32, image pixels, largest first."""
        small, factor = _fit(image)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        # A face that fills the picture is only found with room around it.
        margin = round(0.1 * max(grey.shape))
        grey = cv2.copyMakeBorder(grey, *[margin] * 4, cv2.BORDER_REPLICATE)
        least = max(24, min(small.shape[:2]) // 10)
        found = self._cascade.detectMultiScale(
            grey, scaleFactor=1.05, minNeighbors=3, minSize=(least, least)
        )
        found = np.asarray(found, np.float32).reshape(-1, 4)
        return _as_boxes(found - [margin, margin, 0, 0], factor)


class YuNetDetector:
    """YuNet, a small network that also finds turned, occluded and profile faces.

    Args:
        path: of the ONNX model file; by default it is downloaded once and kept in
            the cache.
        calibration, scheme: see `HaarDetector`.

    Raises:
        FileNotFoundError: if there is no file at `path`.
        FetchError: if it cannot be downloaded; the message says how to go on.
        ValueError: if the file is not a YuNet model.
    """

    URL = (
        "https://github.com/opencv/opencv_zoo/raw/"
        "82b38c8f98e7b52aa171400f3e4c722352d0669f/models/face_detection_yunet/"
        "face_detection_yunet_2023mar.onnx"
    )
    SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"

    # Measured like Haar's, with `--yunet FILE`.
    CALIBRATIONS = MappingProxyType(
        {
            "ibug68": BoxCalibration(right=0.0, down=0.1451, scale=0.9043),
            "five": BoxCalibration(right=0.0, down=0.083, scale=0.4491),
        }
    )

    def __init__(
        self,
        path: str | Path | None = None,
        calibration: BoxCalibration | None = None,
        scheme: LandmarkScheme = IBUG68,
    ):
        self.calibration = calibration or _calibration(self.CALIBRATIONS, scheme)
        if path is None:
            path = fetch(self.URL, cache_home() / Path(self.URL).name, self.SHA256)
        elif not Path(path).is_file():
            raise FileNotFoundError(f"Expected a YuNet model file, there is no {path}.")
        try:
            self._network = cv2.FaceDetectorYN.create(
                str(path), "", (320, 320), score_threshold=_LEAST_SCORE
            )
        except cv2.error as error:
            raise ValueError(
                f"Expected a YuNet model in ONNX format, received {path}: {error.err}"
            ) from error

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Boxes `(N, 4)`, image pixels, the largest first; see the module.

        Raises:
            ValueError: for an image that is not `(H, W, 3)` uint8.
        """
        return self.calibration(self.raw(image))

    def raw(self, image: np.ndarray) -> np.ndarray:
        """The detector's own boxes `(N, 4)` float32, image pixels, largest first."""
        small, factor = _fit(image)
        self._network.setInputSize(small.shape[1::-1])
        _, found = self._network.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        found = np.zeros((0, 4)) if found is None else found[:, :4]
        return _as_boxes(np.asarray(found, np.float32), factor)


_DETECTORS = {"haar": HaarDetector, "yunet": YuNetDetector}


def load_detector(
    name: str, path: str | Path | None = None, scheme: LandmarkScheme = IBUG68
) -> Callable[[np.ndarray], np.ndarray]:
    """A detector by name.

    Args:
        name: "haar" or "yunet".
        path: of YuNet's model file; by default it is downloaded.
        scheme: see `HaarDetector`.

    Raises:
        ValueError: for an unknown name.
    """
    if name not in _DETECTORS:
        raise ValueError(f"Expected one of {sorted(_DETECTORS)}, received {name!r}.")
    if name == "haar":
        return HaarDetector(scheme=scheme)
    return YuNetDetector(path, scheme=scheme)


def _fit(image: np.ndarray) -> tuple[np.ndarray, float]:
    """The picture at the size it is searched at, and the factor back."""
    image = np.asarray(image)
    check_image(image)
    factor = max(image.shape[:2]) / _LONGEST_SIDE
    if factor <= 1:
        return image, 1.0
    size = [max(1, round(side / factor)) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), factor


def _as_boxes(found: np.ndarray, factor: float) -> np.ndarray:
    """OpenCV's (x, y, width, height) in pixel edges -> boxes in pixel centres."""
    boxes = np.concatenate([found[:, :2], found[:, :2] + found[:, 2:]], axis=1)
    order = np.argsort(-found[:, 2] * found[:, 3], kind="stable")
    return geometry.from_pixel_edges(boxes[order] * factor).astype(np.float32)
