import io
import pickle
from functools import partial

import numpy as np
import PIL.Image
import pytest
from matplotlib.cbook import get_sample_data

from made_localizers import MEAN, make_image
from wingkeras.inference import BatchPredictor
from wingkeras.inference.detections import Detections
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage
from wingkeras.schemes import FIVE

NEW = ["landmarks", "boxes", "scores", "error"]


def brightness(crops):
    """The mean shape, shifted by what is in the crop."""
    shapes = np.repeat(MEAN.T.reshape(1, -1), len(crops), axis=0)
    return shapes + crops.mean(axis=(1, 2, 3))[:, None] / 255


def load(detector=None) -> Localizer:
    """A localizer that tells pictures apart; it finds faces with YuNet."""
    return Localizer([FileStage(brightness, MEAN, 64)], FIVE, 1.1, detector)


def refuse() -> Localizer:
    raise OSError("no weights")


def as_png(image) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def objects(values) -> np.ndarray:
    return np.array([*values, None], object)[:-1]


@pytest.fixture(scope="module")
def contents() -> list[bytes]:
    """The portrait, smaller each time and lighter each time; one without a face."""
    with PIL.Image.open(
        get_sample_data("grace_hopper.jpg", asfileobj=False)
    ) as portrait:
        sizes = [portrait.width - 20 * i for i in range(11)]
        small = [np.asarray(portrait.resize((side, side))) for side in sizes]
    made = [as_png(image // 2 + 10 * i) for i, image in enumerate(small)]
    return [*made[:4], as_png(np.zeros((90, 80, 3), np.uint8)), *made[4:]]


@pytest.fixture
def table(contents, tmp_path):
    """Paths of these files, in between some that cannot be read, and a number each."""
    paths = []
    for i, content in enumerate(contents):
        paths.append(tmp_path / f"{i}.png")
        paths[-1].write_bytes(content)
    paths[2].write_bytes(contents[2][:-100])
    paths[7].write_bytes(b"")
    paths.insert(5, tmp_path / "no\nwhere.jpg")
    return {"path": objects(map(str, paths)), "number": np.arange(len(paths))}


def test_rows_are_those_of_the_pictures_one_by_one(table):
    found = BatchPredictor(load)(table)
    assert list(found) == ["path", "number", *NEW]
    assert all(found[name] is table[name] for name in table)
    localizer = load()
    failed, faces = [], 0
    for i, path in enumerate(table["path"]):
        landmarks, boxes, scores, error = (found[name][i] for name in NEW)
        if error:
            failed.append(i)
            assert landmarks == boxes == scores == []
            continue
        expected = localizer.detect(path)
        assert landmarks == expected.landmarks.tolist()
        assert boxes == expected.boxes.tolist()
        assert scores == expected.scores.tolist()
        faces += len(expected)
    assert failed == [2, 5, 8] and faces == 9
    assert "the PNG has no end" in found["error"][2]
    assert r"no\nwhere.jpg: No such file" in found["error"][5]
    assert "the file is empty" in found["error"][8]


def test_bytes_are_read_before_paths_and_left_out(contents):
    given = objects([contents[0], b"no picture", None, bytearray(contents[4])])
    batch = {"path": objects("abcd"), "bytes": given}
    found = BatchPredictor(load)(batch)
    assert list(found) == ["path", *NEW]
    (expected,) = load().detect(PIL.Image.open(io.BytesIO(contents[0]))).landmarks
    assert found["landmarks"][0] == [expected.tolist()]
    assert found["landmarks"][3] == [] and found["error"][3] == ""
    assert found["error"][1].startswith("not a picture")
    assert found["error"][2] == "expected bytes of a picture, received NoneType"


def test_columns_are_of_lists_whatever_their_length(contents):
    predict = BatchPredictor(load)
    for given in ([], contents[:1], contents[:2], [contents[4]] * 3):
        found = predict({"bytes": objects(given)})
        assert all(found[name].shape == (len(given),) for name in NEW)
        assert all(type(each) is list for each in found["landmarks"])


def test_too_many_pixels_are_the_row_s_error(contents):
    found = BatchPredictor(load, max_pixels=99)({"bytes": objects(contents[:1])})
    assert found["error"][0].startswith("expected at most 99 pixels")


def test_a_detector_may_say_no_scores_or_wrong_ones():
    boxes = np.array([[10, 20, 60, 70]], np.float32)

    def detect(image):
        wrong = image.shape[0] > 100
        return Detections(boxes, np.array([2.0])) if wrong else boxes

    given = [as_png(make_image(rows)) for rows in (90, 120, 95)]
    found = BatchPredictor(partial(load, detect))({"bytes": objects(given)})
    assert [len(each) for each in found["landmarks"]] == [1, 0, 1]
    assert np.isnan(found["scores"][0]) and found["scores"][1] == []
    assert [bool(each) for each in found["error"]] == [False, True, False]
    assert "in [0, 1]" in found["error"][1]


def test_pickled_it_is_small_and_loads_where_it_is_used(contents):
    predict = BatchPredictor(load)
    batch = {"bytes": objects(contents[:1])}
    expected = predict(batch)
    pickled = pickle.dumps(predict)
    assert len(pickled) < 1000
    again = pickle.loads(pickled)(batch)
    assert again["landmarks"].tolist() == expected["landmarks"].tolist()


def test_a_model_that_cannot_be_loaded_is_no_picture_s_fault(contents):
    predict = BatchPredictor(refuse)
    with pytest.raises(OSError, match="no weights"):
        predict({"bytes": objects(contents[:1])})


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({"image": objects("a")}, r"`bytes`.* or `path`; received \['image'\]"),
        ({"path": objects("a"), "error": objects("a")}, r"columns \['error'\]"),
        ({"bytes": np.array([b"a\0"])}, r"dtype object, received \|S2"),
    ],
)
def test_batches_that_cannot_be_meant_are_refused(batch, message):
    with pytest.raises(ValueError, match=message):
        BatchPredictor(load)(batch)


def test_a_localizer_is_refused():
    with pytest.raises(TypeError, match=r"functools\.partial.*received Localizer"):
        BatchPredictor(load())  # type: ignore[arg-type]
