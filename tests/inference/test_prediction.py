import contextlib
import json
import os

import numpy as np
import PIL.Image
import pytest

from wingkeras.data.pts import read_pts, write_pts
from wingkeras.imaging.images import BrokenFileError, read_image
from wingkeras.inference import prediction
from wingkeras.inference.detections import Detections
from wingkeras.inference.flip import localize_with_flip
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.prediction import is_done, predict_file
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
    count, (picture, table) = predict_file(localizer, path, tmp_path / "out", "a")
    faces = localizer.detect(path)
    assert table == tmp_path / "out/a.landmarks.json"
    text = table.read_text()
    about = {"image": str(path), "width": 150, "height": 100}
    assert "NaN" not in text and json.loads(text) == {**about, **faces.to_dict()}
    assert [face["score"] for face in json.loads(text)["faces"]] == [0.9, None]
    np.testing.assert_array_equal(read_image(picture), faces.draw(path))
    assert count == 2


def test_json_with_the_flip_error(path, tmp_path):
    localizer = make_localizer([0.9, 0.8])
    predict_file(localizer, path, tmp_path, "a", ["json"], flip_error=True)
    found = json.loads((tmp_path / "a.landmarks.json").read_text())["faces"]
    boxes = localizer.detect(path).boxes
    errors = localize_with_flip(localizer, read_image(path), boxes)[1]
    received = [face["flip_error"] for face in found]
    np.testing.assert_allclose(received, errors, atol=1e-4)


def test_pictures_are_of_the_kind_of_the_input(path, tmp_path):
    jpeg = tmp_path / "picture.JPG"
    PIL.Image.fromarray(read_image(path)).save(jpeg, format="JPEG")
    for given, kind in ((path, "PNG"), (jpeg, "JPEG")):
        _, files = predict_file(
            make_localizer([1.0]), given, tmp_path, given.name, ["picture"]
        )
        with PIL.Image.open(files[0]) as picture:
            assert picture.format == kind
    written = {file.name for file in tmp_path.iterdir()}
    assert written - {path.name, jpeg.name} == {
        "picture.png.landmarks.png",
        "picture.JPG.landmarks.jpg",
    }


def test_a_picture_that_cannot_be_encoded(path, tmp_path, monkeypatch):
    monkeypatch.setattr(prediction.cv2, "imencode", lambda *_: (False, None))
    with pytest.raises(OSError, match="cannot encode 150 x 100 px as PNG"):
        predict_file(make_localizer([1.0]), path, tmp_path / "out", "a")
    assert not (tmp_path / "out").exists()


def test_pts_files_are_those_of_the_faces_found_last(path, tmp_path):
    others = [
        tmp_path / name for name in ("a.facebook", "a.face1.pts.bak", "b.face2.pts")
    ]
    for other in others:
        other.write_text("of another picture")
    for scores in ([0.9, 0.8], [0.9], []):
        localizer = make_localizer(scores)
        predict_file(localizer, path, tmp_path, "a", ["pts"])
        files = sorted(tmp_path.glob("a.face[0-9].pts"))
        assert len(files) == len(scores)
        for file, face in zip(files, localizer.detect(path), strict=True):
            np.testing.assert_allclose(read_pts(file, 5), face.landmarks, atol=1e-2)
    assert all(other.exists() for other in others)


@pytest.mark.parametrize("stop", [1, 2])
def test_pts_files_that_are_not_all_written_do_not_count(
    path, tmp_path, monkeypatch, stop
):
    written = []

    def write(file, landmarks):
        if len(written) == stop:
            raise KeyboardInterrupt
        written.append(file)
        write_pts(file, landmarks)

    monkeypatch.setattr(prediction, "write_pts", write)
    localizer = make_localizer([0.9, 0.8])
    with contextlib.suppress(KeyboardInterrupt):
        predict_file(localizer, path, tmp_path, "a", ["pts"])
    assert is_done(path, tmp_path, "a", ["pts"]) == (stop == 2)


def test_no_face_is_a_result(path, tmp_path):
    count, files = predict_file(make_localizer([]), path, tmp_path, "a")
    assert count == 0 and len(files) == 2
    assert json.loads(files[1].read_text())["faces"] == []
    np.testing.assert_array_equal(read_image(files[0]), read_image(path))
    assert is_done(path, tmp_path, "a", ["json", "picture"])
    assert not is_done(path, tmp_path, "a", ["json", "pts"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\0\0\0\x18ftypheic" + bytes(200), "a HEIC picture.*convert it to JPEG"),
        (b"text" * 9, "not a picture: expected JPEG"),
        (b"", "the file is empty"),
    ],
)
def test_files_that_are_no_pictures_are_named_for_what_they_are(
    tmp_path, content, reason
):
    path = tmp_path / "photo.heic"
    path.write_bytes(content)
    with pytest.raises(BrokenFileError, match=rf"photo\.heic: {reason}"):
        predict_file(make_localizer([]), path, tmp_path / "out", "a")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    path = tmp_path / "pipe.jpg"
    os.mkfifo(path)
    with pytest.raises(BrokenFileError, match="expected a regular file"):
        predict_file(make_localizer([]), path, tmp_path, "a")


def test_unknown_formats(path, tmp_path):
    with pytest.raises(ValueError, match=r"formats of .*received \['xml'\]"):
        predict_file(make_localizer([]), path, tmp_path, "a", ["xml"])
