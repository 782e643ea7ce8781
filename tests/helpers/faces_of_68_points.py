"""Made faces of 68 points: a dark dot for every point, on grey."""

from pathlib import Path

import cv2
import numpy as np

from wingkeras.data.faces import FaceDataset
from wingkeras.schemes import IBUG68
from wingkeras.storage.files import atomic_write


def make_68(folder: Path, count: int, seed: int = 0, size: int = 96) -> FaceDataset:
    """Faces of one shape, no human one, moved about; one picture each."""
    shape = np.random.default_rng(68).uniform(-25, 25, (68, 2))
    rng = np.random.default_rng(seed)
    images, landmarks = [], []
    for i in range(count):
        points = shape * rng.uniform(0.9, 1.1) + size / 2 + rng.uniform(-6, 6, 2)
        noise = rng.integers(0, 16, (size, size, 1))
        image = np.repeat(rng.integers(90, 220) + noise, 3, axis=2).astype(np.uint8)
        for x, y in points:
            cv2.circle(image, (round(float(x)), round(float(y))), 1, (0, 0, 0), -1)
        path = folder / "set" / f"face{i:03}.png"
        with atomic_write(path) as scratch:
            cv2.imwrite(str(scratch), image)
        images.append(path)
        landmarks.append(points)
    shapes = np.array(landmarks, np.float32)
    return FaceDataset(tuple(images), shapes, IBUG68, ("made",) * count)
