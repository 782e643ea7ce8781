"""Small generated data sets for tests: coloured blobs where the landmarks are."""

from pathlib import Path

import cv2
import numpy as np

from wingkeras.data.faces import FaceDataset
from wingkeras.schemes import FIVE
from wingkeras.storage.files import atomic_write

_LAYOUT = np.array([[-1, -1], [1, -1], [0, 0], [-0.7, 1], [0.7, 1]], np.float32)
_COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255))


def make_faces(folder: Path, count: int, seed: int = 0, size: int = 96) -> FaceDataset:
    """Five-point "faces": discs of five colours, at random places, on grey."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    images, landmarks = [], []
    for i in range(count):
        centre = size / 2 + rng.uniform(-6, 6, 2)
        points = centre + _LAYOUT * rng.uniform(14, 20) + rng.uniform(-3, 3, (5, 2))
        image = np.full((size, size, 3), rng.integers(60, 190), np.uint8)
        for (x, y), colour in zip(points, _COLOURS, strict=True):
            at = (round(x * 16), round(y * 16))
            cv2.circle(image, at, 5 * 16, colour, -1, cv2.LINE_AA, shift=4)
        path = folder / f"face{i:03}.png"
        # Processes that train together all make them, while others may already read.
        with atomic_write(path) as scratch:
            assert cv2.imwrite(str(scratch), image[..., ::-1])
        images.append(path)
        landmarks.append(points)
    return FaceDataset(
        tuple(images), np.array(landmarks, np.float32), FIVE, ("made",) * count
    )
