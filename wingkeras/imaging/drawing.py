"""Landmarks drawn into pictures."""

import cv2
import numpy as np

from wingkeras.schemes import LandmarkScheme

_GREEN, _WHITE, _ORANGE = (60, 220, 60), (255, 255, 255), (255, 150, 30)
_AXES = ((235, 60, 60), _GREEN, (60, 120, 255))
"""Colours of a head's right, down and forward."""


def draw_landmarks(
    image: np.ndarray,
    landmarks: np.ndarray,
    scheme: LandmarkScheme,
    boxes: np.ndarray | None = None,
) -> np.ndarray:
    """A copy of a picture with landmarks, their edges and boxes drawn in.

    Args:
        image: `(H, W, 3)` uint8 RGB.
        landmarks: `(N, L, 2)`, image pixels; NaN points are left out.
        scheme: of the landmarks.
        boxes: `(N, 4)`, image pixels; by default none are drawn.

    Returns:
        `(H, W, 3)` uint8 RGB; lines are as thick as suits each face's size.

    Example:

    ```python
    picture = draw_landmarks(image, landmarks, wingkeras.schemes.IBUG68, boxes)
    ```
    """
    canvas = image.copy()
    for face in np.asarray(landmarks, np.float32):
        if np.isnan(face).all():
            continue
        span = np.nanmax(face, axis=0) - np.nanmin(face, axis=0)
        unit = max(float(span.max()) / 200, 0.5)
        for i, j in scheme.edges:
            if np.isfinite(face[[i, j]]).all():
                _line(canvas, face[i], face[j], _WHITE, unit)
        for point in face[np.isfinite(face).all(axis=1)]:
            centre, radius = _fixed(point), round(1.2 * unit * 16)
            cv2.circle(canvas, centre, radius, _GREEN, -1, cv2.LINE_AA, shift=4)
    for left, top, right, bottom in np.asarray([] if boxes is None else boxes):
        thickness = max(1, round((right - left) / 200))
        corners = _fixed((left, top)), _fixed((right, bottom))
        cv2.rectangle(canvas, *corners, _ORANGE, thickness, cv2.LINE_AA, shift=4)
    return canvas


def draw_head_poses(
    image: np.ndarray, landmarks: np.ndarray, poses: np.ndarray
) -> np.ndarray:
    """A copy of a picture with the axes of heads drawn in.

    The axes start in the middle of each face's landmarks: red points to its right-hand
    side in the picture, green down, and blue where it looks.

    Args:
        image: `(H, W, 3)` uint8 RGB.
        landmarks: `(N, L, 2)`, image pixels.
        poses: `(N, 3)` yaw, pitch and roll, degrees, as `head_pose.head_poses` has
            them; heads with NaN are left out.

    Returns:
        `(H, W, 3)` uint8 RGB; the axes are as long as half the landmarks' box.
    """
    canvas = image.copy()
    known = np.isfinite(poses).all(axis=1)
    for face, angles in zip(landmarks[known], np.radians(poses[known]), strict=True):
        low, high = np.nanmin(face, axis=0), np.nanmax(face, axis=0)
        middle, length = (low + high) / 2, float((high - low).max()) / 2
        for axis, colour in zip(_axes(*angles), _AXES, strict=True):
            end = middle + length * axis
            _line(canvas, middle, end, colour, max(length / 25, 1.5))
    return canvas


def _axes(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Projections `(3, 2)` of a head's right, down and forward unit vectors.

    If a head looks into the camera, its forward axis points to the viewer.
    """
    upright = np.array(
        [
            [np.cos(yaw), 0],
            [np.sin(yaw) * np.sin(pitch), np.cos(pitch)],
            [np.sin(yaw) * np.cos(pitch), -np.sin(pitch)],
        ]
    )
    cos, sin = np.cos(roll), np.sin(roll)
    return upright @ np.array([[cos, sin], [-sin, cos]])


def _line(canvas, start, end, colour, unit: float) -> None:
    thickness = max(1, round(0.7 * unit))
    ends = _fixed(start), _fixed(end)
    cv2.line(canvas, *ends, colour, thickness, cv2.LINE_AA, shift=4)


def _fixed(point) -> tuple[int, int]:
    """OpenCV's fixed-point coordinates with 4 fractional bits."""
    return round(float(point[0]) * 16), round(float(point[1]) * 16)
