"""Errors on degraded pictures: dark, noisy, blurred, small, partly covered."""

from collections.abc import Callable

import cv2
import numpy as np

from heatmaps.jpeg import compressed
from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.imaging.images import read_image
from wingkeras.inference.localizer import Localizer
from wingkeras.metrics import nme

FACE = 200.0
"""Side of the square around the landmarks of every face, pixels."""

_SMALL, _NOISE, _QUALITY, _LENGTH, _COVERED = 40, 25.0, 15, 25, 0.35


def _grey(image, box, rng):
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def _dark(image, box, rng):
    return _rounded(255 * (image / 255) ** 2.5)


def _bright(image, box, rng):
    return _rounded(image * 1.6)


def _noisy(image, box, rng):
    return _rounded(image + rng.normal(0, _NOISE, image.shape))


def _small(image, box, rng):
    height, width = (max(1, round(n * _SMALL / FACE)) for n in image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _compressed(image, box, rng):
    return compressed(image, _QUALITY)


def _moved(image, box, rng):
    return cv2.blur(image, (_LENGTH, 1), borderType=cv2.BORDER_REPLICATE)


def _covered(image, box, rng):
    left, top, right, _ = box
    side = right - left
    corner = np.array([left, top]) + rng.uniform(0, 1 - _COVERED, 2) * side
    x, y = np.rint(corner).astype(int).clip(0)
    end = round(_COVERED * side)
    covered = image.copy()
    covered[y : y + end, x : x + end] = rng.integers(0, 256, 3)
    return covered


CONDITIONS: dict[str, Callable] = {
    "clean": lambda image, box, rng: image,
    "grey": _grey,
    "dark, gamma 2.5": _dark,
    "bright, gain 1.6": _bright,
    f"noise, sigma {_NOISE:g}": _noisy,
    f"low resolution, {_SMALL} px": _small,
    f"JPEG, quality {_QUALITY}": _compressed,
    f"motion blur, {_LENGTH} px": _moved,
    f"occlusion, {_COVERED:g} of the side": _covered,
}
"""From a picture, the box of its face and a random generator to a worse picture."""


def degradation(
    localizers: dict[str, Localizer],
    faces: FaceDataset,
    normalizer: str = "inter_ocular",
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, dict[str, np.ndarray]]:
    """Errors of several localizers on the same degraded pictures.

    Pictures are resized first, so that the side of the square around the landmarks is
    `FACE`; sizes in `CONDITIONS` refer to that.

    Args:
        localizers: by name.
        faces: with labels in their scheme.
        normalizer: of the NME, see `metrics.nme`.
        progress: called with the number of faces done.

    Returns:
        Per localizer and condition, `(N,)` NME as fractions.
    """
    errors = {
        name: {c: np.empty(len(faces)) for c in CONDITIONS} for name in localizers
    }
    for i, path in enumerate(faces.images):
        image, truth = _resized(read_image(path), faces.landmarks[i])
        box = geometry.landmark_boxes(truth)
        for condition, spoil in CONDITIONS.items():
            # The same damage to a face for every model and in every run.
            spoilt = spoil(image, box, np.random.default_rng(i))
            for name, localizer in localizers.items():
                found = localizer(spoilt, box[None])
                error = nme(truth[None], found, faces.scheme, normalizer)
                errors[name][condition][i] = error[0]
        progress(i + 1)
    return errors


def _resized(image: np.ndarray, landmarks: np.ndarray):
    """The picture with a face of `FACE` pixels, and the landmarks in it."""
    left, _, right, _ = geometry.landmark_boxes(landmarks)
    scale = FACE / float(right - left)
    size = [round(n * scale) for n in image.shape[1::-1]]
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    factors = np.array(size) / image.shape[1::-1]
    points = geometry.resize_points(landmarks, factors).astype(np.float32)
    return cv2.resize(image, size, interpolation=kind), points


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
