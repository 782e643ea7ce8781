import json
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from made_localizers import MEAN
from wingkeras.inference import many_files
from wingkeras.inference.detections import Detections
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.many_files import Job, predict_files
from wingkeras.inference.prediction import predict_file
from wingkeras.inference.runtimes import FileStage
from wingkeras.schemes import FIVE


def brightness(crops):
    """The mean shape, shifted by what is in the crop."""
    shapes = np.repeat(MEAN.T.reshape(1, -1), len(crops), axis=0)
    return shapes + crops.mean(axis=(1, 2, 3))[:, None] / 255


def detector(image):
    """As many faces as the picture has rows beyond 100."""
    count = image.shape[0] - 100
    boxes = np.array([[10 + i, 20, 60 + i, 70] for i in range(count)], np.float32)
    return Detections(boxes, np.full(count, 0.5))


@pytest.fixture
def localizer():
    stage = FileStage(brightness, MEAN, 64)
    return Localizer([stage], FIVE, 1.2, detector, flip_tta=True)


@pytest.fixture
def paths(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    paths = []
    for i, count in enumerate([1, 2, 0, 5, 1, 11, 0, 0, 3, 1]):
        noise = np.random.default_rng(i).integers(0, 256, (100 + count, 150, 3))
        paths.append(folder / f"{i}.{'jpg' if i % 2 else 'png'}")
        PIL.Image.fromarray(cv2.blur(noise.astype(np.uint8), (9, 9))).save(paths[-1])
    paths[4].write_bytes(b"no picture")
    paths.append(folder / "none.jpg")
    return paths


def contents(folder: Path):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("most_kept", [0, 6 << 20], ids=["read again", "kept"])
def test_files_are_those_of_the_pictures_one_by_one(
    localizer, paths, tmp_path, monkeypatch, most_kept
):
    monkeypatch.setattr(many_files, "_MOST_KEPT", most_kept)
    formats = ["json", "pts", "picture"]
    jobs = [Job(path, tmp_path / "together", path.name) for path in paths]
    results = list(predict_files(localizer, jobs, formats, flip_error=True))
    assert [job for job, _ in results] == jobs
    alone = tmp_path / "alone"
    for path, (_, result) in zip(paths, results, strict=True):
        if isinstance(result, Exception):
            with pytest.raises(type(result)) as raised:
                predict_file(localizer, path, alone, path.name, formats, True)
            assert str(raised.value) == str(result)
        else:
            expected = predict_file(localizer, path, alone, path.name, formats, True)
            assert result.faces == expected.faces
            assert [x.name for x in result.files] == [x.name for x in expected.files]
    assert contents(tmp_path / "together") == contents(alone)
    assert sum(isinstance(result, Exception) for _, result in results) == 2


def test_networks_that_fail_on_one_picture_localize_the_others(
    localizer, paths, tmp_path
):
    def run(crops):
        if len(crops) >= 6:  # three faces, seen in the mirror too
            raise RuntimeError("out of something")
        return brightness(crops)

    failing = localizer.replace(stages=[FileStage(run, MEAN, 64)])
    jobs = [Job(path, tmp_path / "out", path.name) for path in paths[6:10]]
    (*_, (_, error), (_, last)) = predict_files(failing, jobs, ["json"])
    assert str(error) == "out of something" and last.faces == 1
    table = json.loads((tmp_path / "out/9.jpg.landmarks.json").read_text())
    assert len(table["faces"]) == 1


def test_errors_among_the_jobs_keep_their_place(localizer, paths, tmp_path):
    error = OSError("a folder")
    jobs = [Job(path, tmp_path / "out", path.name) for path in paths[:2]]
    results = list(predict_files(localizer, [jobs[0], error, jobs[1]], ["json"]))
    assert [job for job, _ in results] == [jobs[0], None, jobs[1]]
    assert results[1][1] is error


def test_a_picture_may_have_too_many_pixels(localizer, paths, tmp_path):
    jobs = [Job(paths[0], tmp_path / "out", "a")]
    ((_, error),) = predict_files(localizer, jobs, ["json"], max_pixels=100)
    assert "at most 100 pixels" in str(error)


def test_unknown_formats_are_refused(localizer):
    with pytest.raises(ValueError, match=r"received \['xml'\]"):
        next(predict_files(localizer, [], ["xml"]))
