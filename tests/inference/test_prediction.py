import json

import numpy as np
import PIL.Image
import pytest

from wingkeras.data.pts import read_pts
from wingkeras.imaging.images import BrokenFileError, read_image
from wingkeras.inference.detections import Detections
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.prediction import predict_file
from wingkeras.inference.runtimes import FileStage
from wingkeras.schemes import FIVE

MEAN = np.array([[20, 24], [44, 24], [32, 34], [24, 44], [40, 44]], np.float32)
BOXES = np.array([[20, 30, 70, 80], [90, 20, 130, 60]], np.float32)


def make_localizer(scores):
    """Two faces, each the mean shape in its box."""

    def run(crops):
        return np.repeat(MEAN.T.reshape(1, -1), len(crops), axis=0)

    found = Detections(BOXES[: len(scores)], np.array(scores))
    stage = FileStage(run, MEAN, 64)
    return Localizer([stage], FIVE, 1.2, detector=lambda image: found)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "picture.png"
    PIL.Image.fromarray(np.full((100, 150, 3), 90, np.uint8)).save(path)
    return path


def test_json_says_all_there_is_to_say(path, tmp_path):
    localizer = make_localizer([0.9, np.nan])
    count, picture = predict_file(localizer, path, tmp_path / "out", "a")
    faces = localizer.detect(path)
    text = (tmp_path / "out/a.landmarks.json").read_text()
    about = {"image": str(path), "width": 150, "height": 100}
    assert "NaN" not in text and json.loads(text) == {**about, **faces.to_dict()}
    assert [face["score"] for face in json.loads(text)["faces"]] == [0.9, None]
    np.testing.assert_array_equal(read_image(picture), faces.draw(path))
    assert count == 2


def test_pts_files_are_those_of_the_faces_found_last(path, tmp_path):
    for scores in ([0.9, 0.8], [0.9]):
        localizer = make_localizer(scores)
        predict_file(localizer, path, tmp_path, "a", points="pts")
        files = sorted(tmp_path.glob("a.face*.pts"))
        assert len(files) == len(scores)
        for file, face in zip(files, localizer.detect(path), strict=True):
            np.testing.assert_allclose(read_pts(file, 5), face.landmarks, atol=1e-2)


def test_no_face_nothing_written(path, tmp_path):
    with pytest.raises(BrokenFileError, match=r"picture\.png: no face found"):
        predict_file(make_localizer([]), path, tmp_path / "out", "a")
    assert not (tmp_path / "out").exists()
