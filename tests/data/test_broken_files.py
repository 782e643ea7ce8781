"""Whatever bytes an annotation file holds, it is read or refused as documented."""

import json
import random

import cv2
import numpy as np
import pytest

from wingkeras.data.annotations import Annotation, build_dataset, read_record
from wingkeras.data.coco import load_coco
from wingkeras.data.csv_files import load_csv
from wingkeras.data.faces import FaceDataset
from wingkeras.data.pts import read_pts
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import FIVE

SHAPE = np.array([[10, 10], [30, 12], [20, 22], [12, 30], [28, 30]])
FRAGMENTS = (
    *("", "\0", "\n", "\r", '"', ",", ";", "{", "}", "[", "]", ":", "-", " ", "\ufeff"),
    *("nan", "inf", "-1", "0", "1_0", "1e308", "1.7e308", "9" * 400, "9" * 5000),
    *("\u0663", "\u2028", "null", "true", "[1]", '{"a": 1}', "\\ud800", "\\u0000"),
    *("image", "x1", "id", "face.png", "../", "/dev/null", "[" * 2000),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    cv2.imwrite(str(folder / "face.png"), pixels)
    return folder


def mutated(text: str, seed: int) -> bytes:
    """A text with one to four places replaced, cut, repeated or changed bit by bit."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 1, 1, 2, 5, 20)))
        part = rng.choice((rng.choice(FRAGMENTS), text[start:end] * 2))
        text = text[:start] + part + text[end:]
    data = bytearray(text.encode())
    if data and rng.random() < 0.2:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    if rng.random() < 0.1:
        data = data[: rng.randrange(len(data) + 1)]
    return bytes(data)


def assert_read_or_refused(load) -> None:
    try:
        faces = load()
    except BrokenFileError as error:
        assert str(error)
        return
    assert isinstance(faces, FaceDataset) and len(faces)
    assert np.isfinite(faces.boxes).all()
    assert np.isfinite(faces.landmarks).any(axis=(1, 2)).all()


@pytest.mark.parametrize("first", range(0, 500, 100))
def test_pts(folder, first):
    lines = "".join(f"{x} {y}\n" for x, y in SHAPE + 1)
    text = f"version: 1\nn_points: 5\n{{\n{lines}}}\n"
    path = folder / "a.pts"
    for seed in range(first, first + 100):
        path.write_bytes(mutated(text, seed))
        try:
            points = read_pts(path, 5)
        except BrokenFileError as error:
            assert error.path == path
        else:
            assert points.shape == (5, 2) and np.isfinite(points).all()


@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize("first", range(0, 150, 50))
def test_csv(folder, first, on_error):
    columns = [f"{axis}{i}" for axis in "xy" for i in range(1, 6)]
    row = ",".join(["face.png", *map(str, SHAPE.T.ravel()), "7"])
    text = "\n".join([",".join(["image", *columns, "age"]), row, row, row, ""])
    path = folder / "a.csv"
    for seed in range(first, first + 50):
        path.write_bytes(mutated(text, seed))
        assert_read_or_refused(lambda: load_csv(path, FIVE, on_error))


@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize("first", range(0, 150, 50))
def test_coco(folder, first, on_error):
    keypoints = np.concatenate([SHAPE, np.full((5, 1), 2)], axis=1).ravel().tolist()
    picture = {"id": 1, "file_name": "face.png", "width": 50, "height": 40}
    face = {"image_id": 1, "iscrowd": 0, "keypoints": keypoints}
    faces = [face | {"id": i} for i in range(3)]
    text = json.dumps({"images": [picture], "annotations": faces})
    path = folder / "a.json"
    for seed in range(first, first + 50):
        path.write_bytes(mutated(text, seed))
        assert_read_or_refused(lambda: load_coco(path, FIVE, on_error=on_error))


def test_any_error_of_a_record_is_its_own(folder):
    def fail():
        raise OverflowError("too large")

    error = read_record(folder / "a.csv", "line 3", fail)
    assert isinstance(error, BrokenFileError)
    assert error.reason == "line 3: OverflowError: too large"
    sound = Annotation(folder / "face.png", SHAPE, "set")
    faces = build_dataset(folder, [error, sound], FIVE, "skip")
    assert len(faces) == 1 and faces.skipped == (str(error),)


def test_a_machine_out_of_memory_is_no_broken_record(folder):
    def fail():
        raise MemoryError

    with pytest.raises(MemoryError):
        read_record(folder / "a.csv", "line 3", fail)
