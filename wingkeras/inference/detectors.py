"""Face detectors behind one call: picture -> boxes and scores.

A detector is anything that takes an `(H, W, 3)` uint8 RGB picture and returns
`Detections`, or `(N, 4)` boxes alone. The boxes follow the networks' convention: the
square around the face's landmarks, the largest face first. What a detector itself
calls a face is another box, so each carries a calibration per landmark scheme,
measured on the training faces of 300-W by `tools/calibrate_detectors.py`: five points
span half of what 68 do.
"""

from pathlib import Path

from wingkeras.inference.calibration import BoxCalibration
from wingkeras.inference.haar import HaarDetector
from wingkeras.inference.yunet import MIN_FACE, MIN_SCORE, YuNetDetector
from wingkeras.schemes import IBUG68, LandmarkScheme

__all__ = ["BoxCalibration", "HaarDetector", "YuNetDetector", "load_detector"]

_NAMES = ("haar", "yunet")


def load_detector(
    name: str,
    path: str | Path | None = None,
    scheme: LandmarkScheme = IBUG68,
    min_face: float | None = None,
    min_score: float | None = None,
) -> HaarDetector | YuNetDetector:
    """A detector by name.

    Args:
        name: "haar" or "yunet".
        path: of another YuNet model file than the packaged one.
        scheme: see `HaarDetector`.
        min_face: see the detectors, which have different defaults.
        min_score: of YuNet; see there.

    Raises:
        ValueError: for an unknown name, and what the detectors refuse.

    Example:

    ```python
    detector = load_detector("yunet", min_face=100)
    ```
    """
    if name not in _NAMES:
        raise ValueError(f"Expected one of {sorted(_NAMES)}, received {name!r}.")
    if name == "haar":
        return HaarDetector(scheme=scheme, min_face=min_face)
    return YuNetDetector(
        path,
        scheme=scheme,
        min_face=MIN_FACE if min_face is None else min_face,
        min_score=MIN_SCORE if min_score is None else min_score,
    )
