"""Face detectors behind one call: picture -> boxes and scores.

A detector is anything that takes an `(H, W, 3)` uint8 RGB picture and returns
`Detections`, or `(N, 4)` boxes alone. The boxes follow the networks' convention: the
square around the face's landmarks, the largest face first. A detector's own boxes
differ from these squares, so it has a calibration for each landmark scheme (five points
span half of what 68 do). `tools/calibrate_detectors.py` measured the calibrations on
the training faces of 300-W.
"""

from pathlib import Path

import numpy as np

from wingkeras.inference.calibration import BoxCalibration
from wingkeras.inference.given_boxes import NoDetector
from wingkeras.inference.haar import HaarDetector
from wingkeras.inference.own_faces import box_in_that_of_68
from wingkeras.inference.yunet import MIN_FACE, MIN_SCORE, YuNetDetector
from wingkeras.schemes import IBUG68, LandmarkScheme

__all__ = [
    "BoxCalibration",
    "HaarDetector",
    "YuNetDetector",
    "default_detector",
    "load_detector",
]

_NAMES = ("haar", "yunet")


def default_detector(
    scheme: LandmarkScheme, mean_shape: np.ndarray, size: int, box_scale: float
) -> YuNetDetector | NoDetector:
    """The default detector of a localizer; `NoDetector` for objects without eyes.

    Args:
        scheme, mean_shape, size, box_scale: see `own_faces.box_in_that_of_68`.
    """
    if not scheme.has_eyes:
        return NoDetector(scheme)
    if YuNetDetector.known_calibration(scheme):
        return YuNetDetector(scheme=scheme)
    inner = box_in_that_of_68(scheme, mean_shape, size, box_scale)
    return YuNetDetector(calibration=YuNetDetector.CALIBRATIONS[IBUG68.name] @ inner)


def load_detector(
    name: str,
    path: str | Path | None = None,
    scheme: LandmarkScheme = IBUG68,
    min_face: float | None = None,
    min_score: float | None = None,
    inner: BoxCalibration | None = None,
) -> HaarDetector | YuNetDetector:
    """A detector by name.

    Args:
        name: "haar" or "yunet".
        path: of a YuNet model file to use instead of the packaged one.
        scheme: see `HaarDetector`.
        min_face: see the detectors, which have different defaults.
        min_score: see `YuNetDetector`.
        inner: maps the square around 68 landmarks to that of a scheme that the
            detector is not calibrated for, see `own_faces.box_in_that_of_68`.

    Raises:
        ValueError: for an unknown name, or an argument that the detector refuses.

    Example:

    ```python
    detector = load_detector("yunet", min_face=100)
    ```
    """
    if name not in _NAMES:
        raise ValueError(f"Expected one of {sorted(_NAMES)}, received {name!r}.")
    calibration = None
    kind = HaarDetector if name == "haar" else YuNetDetector
    if inner is not None and kind.known_calibration(scheme) is None:
        calibration = kind.CALIBRATIONS[IBUG68.name] @ inner
    if name == "haar":
        return HaarDetector(calibration, scheme, min_face)
    return YuNetDetector(
        path,
        calibration,
        scheme=scheme,
        min_face=MIN_FACE if min_face is None else min_face,
        min_score=MIN_SCORE if min_score is None else min_score,
    )
