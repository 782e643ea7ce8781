from dataclasses import replace

import cv2
import numpy as np
import pytest

from wingkeras.data.datasets import load_faces
from wingkeras.data.faces import FaceDataset
from wingkeras.data.near_copies import find_near_copies
from wingkeras.data.regions import load_regions
from wingkeras.schemes import FIVE

LAYOUT = np.array([[-1, -1], [1, -1], [0, 0], [-0.7, 1], [0.7, 1]], np.float32)


def _textured(folder, count: int, seed: int, size: int = 160) -> FaceDataset:
    """Pictures of smooth noise, each with a "face" somewhere."""
    rng = np.random.default_rng(seed)
    images, landmarks = [], []
    for i in range(count):
        noise = rng.uniform(0, 255, (12, 12, 3)).astype(np.float32)
        picture = cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
        path = folder / f"{seed}-{i}.png"
        cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8))
        images.append(path)
        landmarks.append(size / 2 + rng.uniform(-9, 9, 2) + LAYOUT * 30)
    return FaceDataset(tuple(images), np.array(landmarks), FIVE, ("made",) * count)


def _changed(faces: FaceDataset, folder, kind: str) -> FaceDataset:
    """Copies of pictures, with their faces."""
    images, boxes = [], faces.boxes.copy()
    for i, path in enumerate(faces.images):
        picture = cv2.imread(str(path))
        ending = ".jpg" if "jpeg" in kind else ".png"
        if "mirrored" in kind:
            picture = picture[:, ::-1]
            boxes[i, [0, 2]] = picture.shape[1] - 1 - boxes[i, [2, 0]]
        if "half" in kind:
            picture = cv2.resize(
                picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
            )
            boxes[i] = (boxes[i] + 0.5) / 2 - 0.5
        if "dark" in kind:
            picture = (0.6 * picture).astype(np.uint8)
        images.append(folder / f"{kind}{i}{ending}")
        quality = [cv2.IMWRITE_JPEG_QUALITY, 60] if ending == ".jpg" else []
        cv2.imwrite(str(images[-1]), picture, quality)
    return replace(faces, images=tuple(images), boxes=boxes)


def _regions(faces, size=64):
    return load_regions(faces, size, 1.1)


@pytest.mark.parametrize("size", [64, 128, 72])
@pytest.mark.parametrize("kind", ["same", "mirrored jpeg", "half", "dark mirrored"])
def test_copies_are_found_among_others(tmp_path, kind, size):
    faces, others = (_textured(tmp_path, n, seed=n) for n in (6, 25))
    copies = _changed(faces.select([4, 1, 3]), tmp_path, kind)
    joined = FaceDataset(
        (*others.images[:20], *copies.images, *others.images[20:]),
        np.concatenate(
            [others.landmarks[:20], copies.landmarks, others.landmarks[20:]]
        ),
        FIVE,
        ("made",) * 28,
        boxes=np.concatenate([others.boxes[:20], copies.boxes, others.boxes[20:]]),
    )
    found = find_near_copies(_regions(faces, size), _regions(joined, size))
    assert found.tolist() == [[1, 21], [3, 22], [4, 20]]


def test_different_pictures_are_no_copies(tmp_path):
    faces, others = (_regions(_textured(tmp_path, n, seed=n)) for n in (30, 60))
    assert find_near_copies(faces, others).shape == (0, 2)


def test_pictures_without_contrast_are_no_copies(tmp_path):
    faces = _regions(_textured(tmp_path, 3, seed=0))
    flat = replace(faces, images=np.full_like(faces.images, 90))
    assert not len(find_near_copies(flat, flat))


@pytest.mark.parametrize("name", ["lfw", "aflw"])
def test_copies_of_real_faces(real_data, tmp_path, name):
    faces = load_faces(real_data / "mtfl5" / f"{name}.csv")
    seen = _regions(faces.select(range(300)))
    copies = _changed(faces.select(range(0, 300, 6)), tmp_path, "mirrored jpeg")
    found = find_near_copies(_regions(copies), seen)
    assert found.tolist() == [[i, 6 * i] for i in range(50)]
    if name == "lfw":  # one photograph of each person; AFLW has some twice
        others = _regions(faces.select(range(300, 1500)))
        assert not len(find_near_copies(seen, others))
