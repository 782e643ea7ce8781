"""How far eyes and mouth are open, from the landmarks alone.

The ratio is known as EAR for eyes (eye aspect ratio; Soukupová and Čech, Real-time eye
blink detection using facial landmarks, CVWW 2016) and as MAR for the mouth.
"""

import numpy as np

from wingkeras.schemes import LandmarkScheme

_LEAST_POINTS = 4


def openness(landmarks: np.ndarray, scheme: LandmarkScheme) -> dict[str, np.ndarray]:
    """How far the eyes and the mouth of faces are open.

    Formula, for a contour of 2n points that begins with a corner, c_0 ... c_(2n-1):

    ```
    mean over i = 1 .. n-1 of |c_i - c_(2n-i)|  /  |c_0 - c_n|
    ```

    This is the gap between the lids or lips, divided by the distance between the
    corners: 0 is shut. It does not depend on the face's size, position and roll. It
    depends on the person and, for the mouth and the farther eye, on yaw: compare it
    over time rather than with a fixed limit.

    Args:
        landmarks: `(N, L, 2)`, any unit.
        scheme: of the landmarks; only eyes and a mouth that are contours are measured,
            see `LandmarkScheme`.

    Returns:
        `left_eye`, `right_eye` and `mouth`, if the scheme has the contour: `(N,)`
        float32, 0 or more; NaN where a needed point is missing or both corners
        coincide. Left and right are those of the picture.

    Raises:
        ValueError: if the landmarks' shape does not fit the scheme.

    Example:

    ```python
    openness(faces.landmarks, faces.scheme)["mouth"]
    ```
    """
    landmarks = np.asarray(landmarks, np.float64)
    if landmarks.ndim != 3 or landmarks.shape[1:] != (len(scheme), 2):
        raise ValueError(
            f"Expected `landmarks` of shape (N, {len(scheme)}, 2) for scheme "
            f"{scheme.name!r}, received {landmarks.shape}."
        )
    parts = {
        "left_eye": scheme.left_eye,
        "right_eye": scheme.right_eye,
        "mouth": scheme.mouth,
    }
    return {
        name: _gap_over_width(landmarks[:, list(indices)])
        for name, indices in parts.items()
        if len(indices) >= _LEAST_POINTS and len(indices) % 2 == 0
    }


def _gap_over_width(contours: np.ndarray) -> np.ndarray:
    """Ratios `(N,)` of contours `(N, 2n, 2)` that begin with a corner."""
    half = contours.shape[1] // 2
    upper, lower = contours[:, 1:half], contours[:, :half:-1]
    gaps = np.linalg.norm(upper - lower, axis=2).mean(axis=1)
    width = np.linalg.norm(contours[:, 0] - contours[:, half], axis=1)
    width = np.where(width > 0, width, np.nan)
    return (gaps / width).astype(np.float32)
