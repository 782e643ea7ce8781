from pathlib import Path

import numpy as np
import pytest

from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.schemes import FIVE

SHAPE = np.array([[10, 10], [30, 12], [20, 22], [12, 30], [28, 31]], np.float32)


def make_faces(count=10, faces_per_picture=1, **changes):
    shifts = np.arange(count, dtype=np.float32)[:, None, None]
    arguments = {
        "images": tuple(
            Path(f"data/{i // faces_per_picture:03d}.jpg") for i in range(count)
        ),
        "landmarks": SHAPE + shifts,
        "scheme": FIVE,
        "subsets": tuple("even" if i % 2 == 0 else "odd" for i in range(count)),
        "attributes": {"number": np.arange(count)},
    }
    return FaceDataset(**(arguments | changes))


def test_boxes_are_those_of_the_landmarks_by_default():
    faces = make_faces(3)
    np.testing.assert_allclose(faces.boxes[0], [9.5, 10, 30.5, 31])
    np.testing.assert_array_equal(faces.boxes, geometry.landmark_boxes(faces.landmarks))
    assert faces.boxes.dtype == faces.landmarks.dtype == np.float32


def test_other_boxes_are_kept():
    boxes = np.array([[0, 1, 50, 51], [2, 3, 52, 53]])
    faces = make_faces(2, boxes=boxes)
    np.testing.assert_array_equal(faces.boxes, boxes)
    np.testing.assert_array_equal(faces.select([1]).boxes, boxes[1:])


def test_boxes_become_squares_about_their_centres():
    boxes = np.array([[10, 20, 30, 60], [0, 0, 50, 50]])
    faces = make_faces(2, boxes=boxes)
    np.testing.assert_array_equal(faces.boxes, [[0, 20, 40, 60], [0, 0, 50, 50]])


def test_selecting_does_not_move_boxes():
    rng = np.random.default_rng(0)
    landmarks = rng.uniform(0, 4000, (200, 5, 2)).astype(np.float32)
    faces = make_faces(200, landmarks=landmarks)
    again = faces.select(np.arange(200))
    np.testing.assert_array_equal(again.boxes, geometry.landmark_boxes(landmarks))


def test_lists_and_strings_are_converted():
    faces = make_faces(
        1, images=["a/b.png"], landmarks=[SHAPE.tolist()], attributes={"age": [7]}
    )
    assert faces.images == (Path("a/b.png"),)
    assert faces.landmarks.shape == (1, 5, 2)
    assert faces.attributes["age"].tolist() == [7]


def test_unlabelled_points_are_kept_and_left_out_of_the_box():
    landmarks = np.array([SHAPE])
    landmarks[0, 4] = np.nan
    faces = make_faces(1, landmarks=landmarks)
    assert np.isnan(faces.landmarks[0, 4]).all()
    np.testing.assert_allclose(faces.boxes[0], [10, 10, 30, 30])


def with_value(value, where):
    landmarks = np.stack([SHAPE] * 10)
    landmarks[where] = value
    return landmarks


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"landmarks": np.zeros((10, 68, 2))}, r"\(10, 5, 2\).*'five'.*\(10, 68, 2\)"),
        ({"landmarks": np.stack([SHAPE] * 9)}, r"\(10, 5, 2\).*received \(9, 5, 2\)"),
        ({"landmarks": with_value(np.inf, (3, 1))}, "finite.*face 3, data.003.jpg"),
        ({"landmarks": with_value(np.nan, (4, 1, 0))}, "NaN in both.*face 4"),
        ({"landmarks": with_value(np.nan, 5)}, "at least one labelled.*face 5"),
        ({"landmarks": with_value(7, 6)}, "left < right.*face 6"),
        ({"boxes": np.zeros((10, 2))}, r"`boxes` of shape \(10, 4\).*\(10, 2\)"),
        ({"boxes": np.full((10, 4), np.nan)}, "finite boxes.*face 0"),
        ({"subsets": ("a",) * 9}, "`subsets`.*10 images, received 9"),
        ({"attributes": {"age": np.zeros(11)}}, "'age'.*10 images, received 11"),
        ({"attributes": {"age": np.array(3)}}, "'age'.*10 images, received 0"),
    ],
)
def test_what_does_not_fit_is_rejected(changes, message):
    with pytest.raises(ValueError, match=message):
        make_faces(10, **changes)


def test_repr_is_one_line():
    assert repr(make_faces(3)) == (
        "FaceDataset(3 faces; scheme 'five'; subsets: even 2, odd 1)"
    )
    lacking = make_faces(
        6,
        subsets=tuple("aabcde"),
        skipped=("x.jpg: broken",) * 2,
        missing_subsets=("ibug", "afw"),
    )
    assert repr(lacking) == (
        "FaceDataset(6 faces; scheme 'five'; subsets: a 2, b 1, c 1, d 1, 1 more; "
        "2 skipped; missing: ibug, afw)"
    )
    assert repr(lacking.select([])).startswith("FaceDataset(0 faces; scheme 'five'; 2")


def test_select_keeps_everything_and_accepts_repeats():
    faces = make_faces(10, skipped=("x.jpg: broken",)).select([7, 2, 7, -1])
    assert len(faces) == 4
    assert faces.attributes["number"].tolist() == [7, 2, 7, 9]
    assert [image.stem for image in faces.images] == ["007", "002", "007", "009"]
    assert faces.subsets == ("odd", "even", "odd", "odd")
    np.testing.assert_array_equal(faces.landmarks[0], SHAPE + 7)
    np.testing.assert_array_equal(faces.boxes[0], faces.boxes[2])
    assert faces.scheme is FIVE
    assert faces.skipped == ("x.jpg: broken",)


def test_select_nothing():
    assert len(make_faces(3).select([])) == 0


@pytest.mark.parametrize(
    ("indices", "error"),
    [
        ([0.5], ValueError),
        ([True, False, True], ValueError),
        ([[0]], ValueError),
        ([3], IndexError),
    ],
)
def test_select_rejects(indices, error):
    with pytest.raises(error):
        make_faces(3).select(indices)


def numbers(faces):
    return faces.attributes["number"].tolist()


def test_split_is_a_partition_in_order():
    train, validation = make_faces(50).split(0.2, seed=1)
    assert len(validation) == 10
    assert sorted(numbers(train) + numbers(validation)) == list(range(50))
    assert numbers(train) == sorted(numbers(train))


def test_split_depends_on_seed_only():
    faces = make_faces(50)
    assert numbers(faces.split(0.2, 1)[1]) == numbers(faces.split(0.2, 1)[1])
    assert numbers(faces.split(0.2, 1)[1]) != numbers(faces.split(0.2, 2)[1])


@pytest.mark.parametrize("shuffle", range(3))
def test_split_does_not_depend_on_the_order(shuffle):
    faces = make_faces(50)
    order = np.random.default_rng(shuffle).permutation(50)
    expected = set(numbers(faces.split(0.3, seed=5)[1]))
    assert set(numbers(faces.select(order).split(0.3, seed=5)[1])) == expected


def test_split_keeps_the_faces_of_a_picture_together():
    faces = make_faces(60, faces_per_picture=3)
    faces = faces.select([*range(60), *range(30)])
    train, validation = faces.split(0.25, seed=0)
    assert not set(train.images) & set(validation.images)
    assert len(set(validation.images)) == 5


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2, 0.01])
def test_split_leaves_no_part_empty(fraction):
    with pytest.raises(ValueError, match=r"both parts.*of 10 pictures"):
        make_faces(10).split(fraction, seed=0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("count", "fraction"), [(50, 0.2), (7, 0.5), (33, 0.05)])
def test_splits_without_groups_are_those_of_runs_so_far(count, fraction, seed):
    # Resumed runs and recorded results depend on them.
    faces = make_faces(count, faces_per_picture=2)
    pictures = sorted({image.as_posix() for image in faces.images})
    order = np.random.default_rng(seed).permutation(len(pictures))
    chosen = {pictures[i] for i in order[: round(fraction * len(pictures))]}
    expected = [image.as_posix() in chosen for image in faces.images]
    assert numbers(faces.split(fraction, seed)[1]) == np.flatnonzero(expected).tolist()


def test_split_keeps_the_faces_of_a_group_together():
    videos = [f"clip{i % 7}" for i in range(60)]
    faces = make_faces(60, attributes={"number": np.arange(60), "video": videos})
    train, validation = faces.split(0.3, seed=0, group_by="video")
    assert not set(train.attributes["video"]) & set(validation.attributes["video"])
    assert sorted(numbers(train) + numbers(validation)) == list(range(60))
    assert 9 <= len(validation) <= 18


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"group_by": "clip"}, r"\['number', 'video'\].*received 'clip'"),
        ({"group_by": "video"}, "two groups or more.*'video'.*10 pictures that all"),
    ],
)
def test_split_rejects(changes, message):
    attributes = {"number": np.arange(10), "video": ["a"] * 10}
    with pytest.raises(ValueError, match=message):
        make_faces(10, attributes=attributes).split(0.2, 0, **changes)
