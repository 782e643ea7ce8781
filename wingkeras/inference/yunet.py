"""YuNet, a small face detector of OpenCV's zoo, which comes with the package."""

import functools
import hashlib
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
from wingkeras.storage.registry import packaged_folder

MIN_FACE = 40.0
MIN_SCORE = 0.7
"""Default least score: finds 2,011 of 2,012 training faces of 300-W; OpenCV's default
of 0.9 finds 1,960."""

LARGEST_SIDE = 300
"""Side in pixels. The network may take parts of a larger face for faces."""

LEAST_SIDE = 28
"""At this size YuNet finds 98 % of the training faces of 300-W, at 20 px 79 %."""


class YuNetDetector(CalibratedDetector):
    """YuNet, a small network that also finds turned, occluded and profile faces.

    Its scores are those of the network. Several threads may call one detector; each
    then uses a network of its own.

    Args:
        path: of a YuNet model file, in ONNX format, to use instead of the packaged one.
        calibration, scheme: see `HaarDetector`.
        min_face: side of the smallest faces to look for, picture pixels, measured
            around 68 landmarks. Pictures are searched at 640 px. If such faces are
            smaller than 28 px there, pictures are searched once more, at the scale
            that gives them 28 px, or at `search.MOST_PIXELS`, 8.4 megapixels. Smaller
            faces that happen to be found are returned too.
        min_score: least score of the faces that are returned, in [0, 1].

    Raises:
        FileNotFoundError: if there is no file at `path`.
        ValueError: if the file is not a YuNet model, for a `min_face` below 1, and for
            a `min_score` outside [0, 1].

    Example:

    ```python
    boxes, scores = YuNetDetector(min_face=100)(image)
    ```
    """

    FILE = "face_detection_yunet_2026may.onnx"
    SHA256 = "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0"

    # Measured in the same way as those of `HaarDetector`.
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
        min_face: float = MIN_FACE,
        min_score: float = MIN_SCORE,
    ):
        super().__init__(calibration, scheme)
        self.min_face = check_min_face(min_face)
        if not 0 <= min_score <= 1:
            raise ValueError(f"Expected `min_score` from 0 to 1, received {min_score}.")
        self.min_score = min_score
        load = functools.partial(_load, None if path is None else str(path), min_score)
        self._network = OneEach(load)
        if path is not None:
            with self._network.use():  # a broken file shows here
                pass

    def raw(self, image: Any) -> Detections:
        """The detector's own boxes, image pixels, the largest first."""
        overview, *tiles = search.views(as_image(image), self.min_face, LEAST_SIDE)
        found = self._search(overview)
        if not tiles:
            return largest_first(*found)
        # Large faces of the overview win: a closer look may take their parts for faces.
        clear = _sides(found.boxes) >= LEAST_SIDE * overview.factor
        too_large = _sides(found.boxes) >= LARGEST_SIDE * tiles[0].factor
        seen = [self._search(tile) for tile in tiles]
        boxes = np.concatenate([each.boxes for each in seen])
        scores = np.concatenate([each.scores for each in seen])
        small = ~search.around(boxes, found.boxes[clear & too_large])
        boxes = np.concatenate([found.boxes, boxes[small]])
        ranks = np.concatenate([found.scores + clear, scores[small]])
        scores = np.concatenate([found.scores, scores[small]])
        kept = search.merge(boxes, ranks)
        return largest_first(boxes[kept], scores[kept])

    def _search(self, view: search.View) -> Detections:
        with self._network.use() as network:
            network.setInputSize(view.pixels.shape[1::-1])
            _, found = network.detect(cv2.cvtColor(view.pixels, cv2.COLOR_RGB2BGR))
        # Left, top, width, height, five points and the score.
        found = np.zeros((0, 15), np.float32) if found is None else found
        return Detections(view.to_picture(found), found[:, -1].clip(0, 1))


def _sides(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2:] - boxes[:, :2]).min(axis=1)


def _load(path: str | None, min_score: float) -> cv2.FaceDetectorYN:
    file = packaged_folder() / YuNetDetector.FILE if path is None else Path(path)
    if not file.is_file():
        advice = " Install the package again." if path is None else ""
        raise FileNotFoundError(
            f"Expected a YuNet model file, there is no {file}.{advice}"
        )
    content = file.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if path is None and found != YuNetDetector.SHA256:
        raise ValueError(
            f"{file} is damaged: expected SHA-256 {YuNetDetector.SHA256}, received "
            f"{found}. Install the package again."
        )
    try:
        return cv2.FaceDetectorYN.create(
            "onnx",
            np.frombuffer(content, np.uint8),
            np.zeros(0, np.uint8),
            (320, 320),
            score_threshold=min_score,
        )
    except cv2.error as error:
        raise ValueError(
            f"Expected a YuNet model in ONNX format, received {file}: {error.err}"
        ) from error
