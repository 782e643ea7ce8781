"""How steady landmarks are in video: trembling at rest, lagging in motion."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from wingkeras.inference.localizer import Localizer
from wingkeras.metrics import normalizer_lengths, usual_normalizers
from wingkeras.video.one_euro import OneEuroFilter
from wingkeras.video.tracker import Tracker, unfiltered

RATE = 30.0
"""Frames per second of the clips."""

_SECONDS = 4.0
_NOISE = 5.0


def still(_seconds: float) -> np.ndarray:
    """A face at rest: `(2,)` shift in pixels, none."""
    return np.zeros(2)


def swaying(side: float) -> Callable[[float], np.ndarray]:
    """A face that sways by a quarter of its side, once in two seconds.

    Args:
        side: of the face's box, pixels.

    Returns:
        From seconds to the `(2,)` shift in pixels.
    """
    return lambda seconds: np.array([side / 4 * np.sin(np.pi * seconds), 0.0])


def clip(
    image: np.ndarray, motion: Callable[[float], np.ndarray], seed: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Four seconds of a picture filmed by a camera with noise of 5 grey levels.

    Args:
        image: `(H, W, 3)` uint8 RGB.
        motion: from seconds to the picture's shift.
        seed: of the noise, which differs from frame to frame.

    Yields:
        Frames `(H, W, 3)` uint8, and the `(2,)` shift of each, pixels.
    """
    rng = np.random.default_rng(seed)
    for number in range(round(_SECONDS * RATE)):
        shift = motion(number / RATE)
        move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
        frame = cv2.warpAffine(
            image, move, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE
        )
        frame = frame + rng.normal(0, _NOISE, frame.shape)
        yield np.clip(np.rint(frame), 0, 255).astype(np.uint8), shift


def deviation(landmarks: np.ndarray, shifts: np.ndarray) -> float:
    """Root mean square distance of points from where the motion would take them.

    Args:
        landmarks: `(T, L, 2)` of one face in T frames, pixels.
        shifts: `(T, 2)` of the picture, pixels.

    Returns:
        Pixels; 0 if every point keeps its place on the face, wherever that is.
    """
    places = landmarks - shifts[:, None]
    distances = np.linalg.norm(places - places.mean(axis=0), axis=2)
    return float(np.sqrt((distances**2).mean()))


def measure(localizer: Localizer, image: np.ndarray) -> dict[str, dict[str, float]]:
    """Deviations of the largest face of a picture, filtered and not.

    Args:
        localizer: with its detector.
        image: `(H, W, 3)` uint8 RGB, showing a face.

    Returns:
        Per clip ("still", "swaying") and filter ("none", "one_euro") the deviation
        in percent of the length that errors in its scheme are usually divided by, see
        `metrics.usual_normalizers`.

    Raises:
        ValueError: if there is no face, or a clip loses it.
    """
    faces = localizer.detect(image)
    if not len(faces):
        raise ValueError("Expected a picture with a face; the detector finds none.")
    scheme = localizer.scheme
    normalizer = usual_normalizers(scheme)[0]
    eyes = float(normalizer_lengths(faces.landmarks[:1], scheme, normalizer)[0])
    side = float(faces.boxes[0, 2] - faces.boxes[0, 0])
    result: dict[str, dict[str, float]] = {}
    for name, motion in (("still", still), ("swaying", swaying(side))):
        result[name] = {}
        for filtering, make in (("none", unfiltered), ("one_euro", OneEuroFilter)):
            tracker = Tracker(localizer, make)
            found, shifts = [], []
            for frame, shift in clip(image, motion):
                track = next(iter(tracker(frame, 1 / RATE)), None)
                if track is None or track.number != 1:
                    raise ValueError(f"The face was lost in frame {len(found)}.")
                found.append(track.landmarks)
                shifts.append(shift)
            value = deviation(np.array(found), np.array(shifts))
            result[name][filtering] = round(100 * value / eyes, 3)
    return result
