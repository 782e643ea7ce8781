"""Whatever bytes an annotation file holds, it is read or refused as documented."""

import cv2
import numpy as np
import pytest

from faults import annotations
from faults.kinds import attempt_all
from wingkeras.data.annotations import Annotation, build_dataset, read_record
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import FIVE

SHAPE = annotations.SHAPE


@pytest.mark.parametrize("first", range(0, 500, 100))
def test_pts(tmp_path, first):
    attempt_all(annotations.PTS, tmp_path, range(first, first + 100))


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_csv(tmp_path, first):
    attempt_all(annotations.CSV, tmp_path, range(first, first + 100))


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_coco(tmp_path, first):
    attempt_all(annotations.COCO, tmp_path, range(first, first + 100))


@pytest.fixture
def folder(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "face.png"), pixels)
    return tmp_path


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
