import logging

import cv2
import numpy as np
import pytest

from wingkeras.data.annotations import OVERHANG, Annotation, build_dataset
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import FIVE

SHAPE = np.array([[10, 10], [30, 12], [20, 22], [12, 30], [28, 30]], np.float32)
WIDTH, HEIGHT = 60, 40


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "face.png"
    random = np.random.default_rng(0)
    cv2.imwrite(str(path), random.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8))
    return path


def changed(value, where):
    shape = SHAPE.copy()
    shape[where] = value
    return shape


def build(picture, *shapes, on_error="raise"):
    entries = [Annotation(picture, np.asarray(shape), "set") for shape in shapes]
    return build_dataset(picture.parent, entries, FIVE, on_error)


def test_sound_faces(picture):
    faces = build_dataset(
        picture.parent,
        [
            Annotation(picture, SHAPE, "set/a", {"age": 7, "score": 0.5}),
            Annotation(picture, changed(np.nan, 1), "set/b", {"age": 8, "score": 1}),
        ],
        FIVE,
        "raise",
    )
    assert faces.images == (picture, picture)
    assert faces.subsets == ("set/a", "set/b")
    assert faces.skipped == ()
    np.testing.assert_array_equal(faces.landmarks, [SHAPE, changed(np.nan, 1)])
    assert faces.attributes["age"].tolist() == [7, 8]
    assert faces.attributes["age"].dtype.kind == "i"
    assert faces.attributes["score"].dtype.kind == "f"


BROKEN = [
    (changed(np.inf, (0, 0)), "infinite or half"),
    (changed(np.nan, (2, 1)), "infinite or half"),
    (changed(np.nan, slice(1, None)), "fewer than two"),
    (np.full((5, 2), np.nan), "fewer than two"),
    (np.full((5, 2), 9.0), "fewer than two"),
    (SHAPE + np.array([42, 0]), r"reach 12 px beyond the 60 x 40 picture"),
    (SHAPE * 2, "beyond"),
    (SHAPE.astype(float) * 1e300, "beyond"),
]


@pytest.mark.parametrize(("shape", "reason"), BROKEN)
def test_broken_landmarks(picture, shape, reason):
    with pytest.raises(BrokenFileError, match=rf"face\.png: its landmarks.*{reason}"):
        build(picture, SHAPE, shape)
    faces = build(picture, SHAPE, shape, SHAPE + 1, on_error="skip")
    np.testing.assert_array_equal(faces.landmarks, [SHAPE, SHAPE + 1])
    assert len(faces.skipped) == 1


@pytest.mark.parametrize(
    "direction", [(1, 0), (-1, 0), (0, 1), (0, -1)], ids=["right", "left", "down", "up"]
)
def test_landmarks_may_stick_out_a_little(picture, direction):
    """The picture covers [-0.5, W - 0.5]; the face's longer side is 20 px."""
    low, high = SHAPE.min(axis=0), SHAPE.max(axis=0)
    edges = np.array([WIDTH, HEIGHT]) - 0.5
    limit = OVERHANG * 20
    room = np.where(np.array(direction) > 0, edges - high, low + 0.5) + limit
    step = np.array(direction) * room
    assert len(build(picture, SHAPE + 0.99 * step)) == 1
    with pytest.raises(BrokenFileError, match="beyond"):
        build(picture, SHAPE + step + 0.1 * np.array(direction))


def test_broken_pictures_are_named(picture):
    truncated, missing = picture.with_name("cut.jpg"), picture.with_name("none.jpg")
    data = cv2.imencode(".jpg", cv2.imread(str(picture)))[1].tobytes()
    truncated.write_bytes(data[: len(data) // 2])
    entries = [Annotation(p, SHAPE, "set") for p in (picture, truncated, missing)]
    with pytest.raises(BrokenFileError, match="truncated") as caught:
        build_dataset(picture.parent, entries, FIVE, "raise")
    assert caught.value.path == truncated
    faces = build_dataset(picture.parent, entries, FIVE, "skip")
    assert faces.images == (picture,)
    assert [line.split(": ")[0] for line in faces.skipped] == [
        str(truncated),
        str(missing),
    ]


def test_skipped_faces_are_logged(picture, caplog):
    entries = [BrokenFileError("a.pts", "cut off"), Annotation(picture, SHAPE, "set")]
    with caplog.at_level(logging.WARNING, logger="wingkeras"):
        faces = build_dataset(picture.parent, entries, FIVE, "skip")
    assert faces.skipped == ("a.pts: cut off",)
    assert "Skipped 1 of 2 faces" in caplog.text
    assert "a.pts: cut off" in caplog.text


def test_errors_of_the_loader_are_raised(picture):
    error = BrokenFileError("a.pts", "cut off")
    with pytest.raises(BrokenFileError) as caught:
        build_dataset(
            picture.parent, [Annotation(picture, SHAPE, "set"), error], FIVE, "raise"
        )
    assert caught.value is error


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([], "no face in it"),
        ([BrokenFileError("a", "b")], "every face in it is broken"),
    ],
)
def test_nothing_left(tmp_path, entries, reason):
    with pytest.raises(BrokenFileError, match=reason):
        build_dataset(tmp_path, entries, FIVE, "skip")


def test_unknown_on_error(picture):
    with pytest.raises(ValueError, match="'raise' or 'skip', received 'ignore'"):
        build(picture, SHAPE, on_error="ignore")
