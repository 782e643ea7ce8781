"""Face detectors behind one call: picture -> boxes and scores.

A detector is anything that takes an `(H, W, 3)` uint8 RGB picture and returns
`Detections`, or `(N, 4)` boxes alone. The boxes follow the networks' convention: the
square around the face's landmarks, the largest face first. What a detector itself
calls a face is another box, so each carries a calibration per landmark scheme,
measured on the training faces of 300-W by `tools/calibrate_detectors.py`: five points
span half of what 68 do.
"""

import functools
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np

from wingkeras import geometry
from wingkeras.imaging.images import as_image
from wingkeras.inference.detections import Detections
from wingkeras.inference.sharing import Exclusive
from wingkeras.schemes import IBUG68, LandmarkScheme
from wingkeras.storage.download import cache_home, fetch

_LONGEST_SIDE = 640
_SMALLEST_SHARE = 0.1
"""Of Haar's faces, at that size, of the picture's shorter side."""

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


class _CalibratedDetector:
    """A detector whose boxes a calibration brings to the networks' convention."""

    CALIBRATIONS: Mapping[str, BoxCalibration]

    def __init__(
        self,
        calibration: BoxCalibration | None,
        scheme: LandmarkScheme,
        longest_side: int,
    ):
        if longest_side < 1:
            raise ValueError(
                f"Expected `longest_side` of at least 1 pixel, received {longest_side}."
            )
        self.longest_side = longest_side
        self._uncalibrated = None
        if calibration is None and scheme.name not in self.CALIBRATIONS:
            self._uncalibrated = scheme.name
        self.calibration = calibration or self.CALIBRATIONS.get(
            scheme.name, self.CALIBRATIONS[IBUG68.name]
        )

    def __call__(self, image: Any) -> Detections:
        """The faces of a picture, the largest first; see the module.

        Args:
            image: see `images.as_image`.

        Raises:
            ValueError: for an image of another form.
        """
        if self._uncalibrated is not None:
            # A warning, since the boxes suit any scheme that covers the whole face. On
            # use, since every localizer has a detector, but may be given boxes.
            warnings.warn(
                f"{type(self).__name__} is calibrated for the schemes "
                f"{sorted(self.CALIBRATIONS)}, not for {self._uncalibrated!r}: its "
                "boxes enclose the landmarks of 'ibug68'. Pass `calibration=` with the "
                "shift and scale to the square around your landmarks.",
                stacklevel=2,
            )
        found = self.raw(image)
        return found._replace(boxes=self.calibration(found.boxes))

    def raw(self, image: Any) -> Detections:
        """The detector's own boxes, before the calibration."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class HaarDetector(_CalibratedDetector):
    """OpenCV's frontal face cascade, which comes with the package: always at hand.

    It finds upright, roughly frontal faces, and gives no scores. Several threads may
    call one detector; it searches one picture at a time.

    Args:
        calibration: from its boxes to the networks' convention.
        scheme: whose landmarks the boxes are to enclose, where no calibration is
            given. For a scheme that is not in `CALIBRATIONS` those of "ibug68" are
            used, with a warning.
        longest_side: larger pictures are shrunk to it before they are searched,
            pixels. A larger one finds smaller faces, as in photographs of groups, and
            takes longer.

    Example:

    ```python
    boxes, scores = HaarDetector()(image)
    ```
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
        longest_side: int = _LONGEST_SIDE,
    ):
        super().__init__(calibration, scheme, longest_side)
        self._cascade = Exclusive(_load_cascade)

    def raw(self, image: Any) -> Detections:
        """The detector's own boxes, image pixels, the largest first."""
        small, factor = _fit(image, self.longest_side)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        # A face that fills the picture is only found with room around it.
        margin = round(0.1 * max(grey.shape))
        grey = cv2.copyMakeBorder(
            grey, margin, margin, margin, margin, cv2.BORDER_REPLICATE
        )
        share = _SMALLEST_SHARE * _LONGEST_SIDE / self.longest_side
        least = max(24, int(share * min(small.shape[:2])))
        with self._cascade.use() as cascade:
            found = cascade.detectMultiScale(
                grey, scaleFactor=1.05, minNeighbors=3, minSize=(least, least)
            )
        found = np.asarray(found, np.float32).reshape(-1, 4)
        scores = np.full(len(found), np.nan, np.float32)
        return _as_detections(found - [margin, margin, 0, 0], scores, factor)


class YuNetDetector(_CalibratedDetector):
    """YuNet, a small network that also finds turned, occluded and profile faces.

    Its scores are those of the network. Several threads may call one detector; it
    searches one picture at a time.

    Args:
        path: of the ONNX model file; by default it is downloaded once and kept in
            the cache.
        calibration, scheme, longest_side: see `HaarDetector`.

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
        longest_side: int = _LONGEST_SIDE,
    ):
        super().__init__(calibration, scheme, longest_side)
        if path is None:
            path = fetch(self.URL, cache_home() / Path(self.URL).name, self.SHA256)
        elif not Path(path).is_file():
            raise FileNotFoundError(f"Expected a YuNet model file, there is no {path}.")
        self._network = Exclusive(functools.partial(_load_yunet, str(path)))
        with self._network.use():  # a broken file shows here
            pass

    def raw(self, image: Any) -> Detections:
        """The detector's own boxes, image pixels, the largest first."""
        small, factor = _fit(image, self.longest_side)
        with self._network.use() as network:
            network.setInputSize(small.shape[1::-1])
            _, found = network.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        if found is None:
            found = np.zeros((0, 15))
        found = np.asarray(found, np.float32)
        scores = found[:, -1].clip(0, 1)
        return _as_detections(found[:, :4], scores, factor)


def _load_cascade() -> cv2.CascadeClassifier:
    # Beside the module: `cv2.data` is not declared for type checkers.
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_alt2.xml"))


def _load_yunet(path: str) -> cv2.FaceDetectorYN:
    try:
        return cv2.FaceDetectorYN.create(
            path, "", (320, 320), score_threshold=_LEAST_SCORE
        )
    except cv2.error as error:
        raise ValueError(
            f"Expected a YuNet model in ONNX format, received {path}: {error.err}"
        ) from error


_DETECTORS = {"haar": HaarDetector, "yunet": YuNetDetector}


def load_detector(
    name: str, path: str | Path | None = None, scheme: LandmarkScheme = IBUG68
) -> HaarDetector | YuNetDetector:
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


def _fit(image: Any, longest_side: int) -> tuple[np.ndarray, float]:
    """The picture at the size it is searched at, and the factor back."""
    image = as_image(image)
    factor = max(image.shape[:2]) / longest_side
    if factor <= 1:
        return image, 1.0
    size = [max(1, round(side / factor)) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), factor


def _as_detections(found: np.ndarray, scores: np.ndarray, factor: float) -> Detections:
    """OpenCV's (x, y, width, height) in pixel edges -> boxes in pixel centres."""
    boxes = np.concatenate([found[:, :2], found[:, :2] + found[:, 2:]], axis=1)
    order = np.argsort(-found[:, 2] * found[:, 3], kind="stable")
    boxes = geometry.from_pixel_edges(boxes[order] * factor).astype(np.float32)
    return Detections(boxes, scores[order])
