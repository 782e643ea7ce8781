import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wingkeras import geometry
from wingkeras.head_pose import head_poses, packaged_model
from wingkeras.imaging.alignment import align
from wingkeras.imaging.drawing import draw_head_poses, draw_landmarks
from wingkeras.imaging.images import as_image
from wingkeras.inference.faces import Face, Faces
from wingkeras.openness import openness
from wingkeras.schemes import FIVE, IBUG68


def make_faces(count=3, scores=None):
    rng = np.random.default_rng(count)
    landmarks = rng.uniform(10, 50, (count, 5, 2))
    boxes = np.tile([10.0, 10, 50, 50], (count, 1)) + np.arange(count)[:, None]
    scores = np.linspace(1, 0.5, count) if scores is None else scores
    return Faces(landmarks, boxes, scores, FIVE)


def test_index_gives_one_face():
    faces = make_faces(3)
    face = faces[1]
    assert isinstance(face, Face)
    assert face.landmarks.shape == (5, 2) and face.box.tolist() == [11, 11, 51, 51]
    assert face.score == 0.75
    np.testing.assert_array_equal(faces[-1].landmarks, faces.landmarks[2])
    np.testing.assert_array_equal(faces[np.int64(2)].box, faces.boxes[2])
    with pytest.raises(IndexError):
        faces[3]


def test_iteration_gives_every_face():
    faces = make_faces(3)
    assert [face.score for face in faces] == [1, 0.75, 0.5]
    assert list(make_faces(0)) == []


@given(st.data())
def test_parts_are_those_of_the_arrays(data):
    count = data.draw(st.integers(0, 6))
    faces = make_faces(count)
    limits = st.one_of(st.none(), st.integers(-7, 7))
    indices = st.lists(st.integers(-count, count - 1)) if count else st.just([])
    key = data.draw(
        st.one_of(
            st.builds(slice, limits, limits),
            st.lists(st.booleans(), min_size=count, max_size=count).map(np.array),
            indices,
        )
    )
    part = faces[key]
    chosen = np.arange(count)[key if isinstance(key, slice) or len(key) else []]
    np.testing.assert_array_equal(part.landmarks, faces.landmarks[chosen])
    np.testing.assert_array_equal(part.boxes, faces.boxes[chosen])
    np.testing.assert_array_equal(part.scores, faces.scores[chosen])
    assert part.scheme is FIVE and len(part) == len(chosen)


def test_scores_filter():
    assert len(make_faces(3)[make_faces(3).scores > 0.6]) == 2
    unscored = make_faces(3, [np.nan] * 3)
    assert len(unscored[unscored.scores > 0.6]) == 0


@pytest.mark.parametrize("key", ["a", 1.0, [0.5], [[0]], None])
def test_other_keys_are_refused(key):
    with pytest.raises(TypeError, match="an index, a slice, a mask"):
        make_faces(3)[key]


@pytest.mark.parametrize("count", [0, 2])
def test_json_holds_everything(count):
    faces = make_faces(count, [np.nan, 0.123456][:count])
    values = json.loads(json.dumps(faces.to_dict(), allow_nan=False))
    assert values["scheme"] == "five" and len(values["faces"]) == count
    assert [face["score"] for face in values["faces"]] == [None, 0.123][:count]
    for value, face in zip(values["faces"], faces, strict=True):
        np.testing.assert_allclose(value["landmarks"], face.landmarks, atol=6e-4)
        np.testing.assert_allclose(value["box"], face.box, atol=6e-4)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_landmarks_and_boxes_are_finite(value):
    landmarks, boxes = np.zeros((1, 5, 2)), np.array([[0.0, 0, 9, 9]])
    for name, array in (("landmarks", landmarks), ("boxes", boxes)):
        array[0, 1] = value
        with pytest.raises(ValueError, match=f"finite `{name}`"):
            Faces(landmarks, boxes, [1], FIVE)
        array[0, 1] = 0


def test_drawing_is_that_of_landmarks_and_boxes():
    image, faces = np.zeros((60, 70, 3), np.uint8), make_faces(2)
    expected = draw_landmarks(image, faces.landmarks, FIVE, faces.boxes)
    np.testing.assert_array_equal(faces.draw(image), expected)
    assert not image.any() and expected.any()
    np.testing.assert_array_equal(make_faces(0).draw(image), image)
    np.testing.assert_array_equal(faces.draw(image[..., 0]), expected)


def test_repr():
    assert repr(make_faces(3)) == "Faces(3 faces, 5 landmarks)"
    assert repr(make_faces(1)) == "Faces(1 face, 5 landmarks)"
    empty = Faces(np.zeros((0, 68, 2)), np.zeros((0, 4)), np.zeros(0), IBUG68)
    assert repr(empty) == "Faces(0 faces, 68 landmarks)"


@pytest.mark.parametrize(
    ("landmarks", "boxes", "scores", "message"),
    [
        ((3, 5, 2), (2, 4), 2, r"`landmarks` of shape \(2, 5, 2\).*\(3, 5, 2\)"),
        ((2, 68, 2), (2, 4), 2, r"2 boxes and scheme 'five', received \(2, 68, 2\)"),
        ((2, 5, 2), (2, 5), 2, r"`boxes` of shape \(2, 4\).*\(2, 5\)"),
        ((2, 5, 2), (2, 4), 3, r"`scores` of shape \(2,\).*\(3,\)"),
        ((4, 5, 2), (4,), 4, r"`boxes` of shape \(4, 4\).*\(4,\)"),
    ],
)
def test_arrays_must_fit_each_other(landmarks, boxes, scores, message):
    with pytest.raises(ValueError, match=message):
        Faces(np.zeros(landmarks), np.zeros(boxes), np.zeros(scores), FIVE)


def test_scores_are_shares():
    with pytest.raises(ValueError, match=r"`scores` in \[0, 1\].*received 87"):
        make_faces(2, [0.5, 87.0])


def make_heads(count=2):
    """Heads of 68 points around the mean shape, looking into the camera or nearly."""
    rng = np.random.default_rng(0)
    shapes = packaged_model().mean_shape + rng.normal(0, 0.002, (count, 68, 2))
    landmarks = shapes * 300 + 120
    boxes = geometry.landmark_boxes(landmarks)
    return Faces(landmarks, boxes, np.ones(count), IBUG68)


def test_pose_and_openness_are_those_of_the_landmarks():
    heads = make_heads()
    np.testing.assert_array_equal(
        heads.head_pose(), head_poses(heads.landmarks, IBUG68)
    )
    found, expected = heads.openness(), openness(heads.landmarks, IBUG68)
    assert list(found) == ["left_eye", "right_eye", "mouth"]
    for part in found:
        np.testing.assert_array_equal(found[part], expected[part])


def test_five_points_have_no_pose_and_no_openness():
    with pytest.raises(ValueError, match="of scheme 'five'"):
        make_faces(2).head_pose()
    assert make_faces(2).openness() == {}
    (face, _) = make_faces(2).to_dict()["faces"]
    assert list(face) == ["box", "score", "landmarks"]


def test_json_holds_pose_and_openness():
    heads = make_heads()
    broken = heads.landmarks.copy()
    broken[1] = 7  # all points in one place
    heads = Faces(broken, heads.boxes, heads.scores, IBUG68)
    first, second = json.loads(json.dumps(heads.to_dict(), allow_nan=False))["faces"]
    pose = heads.head_pose()[0]
    assert first["head_pose"] == pytest.approx(
        {"yaw": pose[0], "pitch": pose[1], "roll": pose[2]}, abs=1e-3
    )
    expected = {name: values[0] for name, values in heads.openness().items()}
    assert first["openness"] == pytest.approx(expected, abs=1e-3)
    assert second["head_pose"] == {"yaw": None, "pitch": None, "roll": None}
    assert set(second["openness"].values()) == {None}


def test_aligned_faces_are_those_of_the_landmarks():
    image = np.random.default_rng(1).integers(0, 256, (200, 240, 3), np.uint8)
    heads, mean = make_heads(), packaged_model().mean_shape
    for picture, settings in (
        (image, {}),
        (image[..., 0], {"size": 64, "shape": mean, "margin": 0.1}),
    ):
        crops, maps = heads.aligned(picture, **settings)
        expected = align(as_image(picture), heads.landmarks, IBUG68, **settings)
        np.testing.assert_array_equal(crops, expected.crops)
        np.testing.assert_array_equal(maps, expected.maps)


def test_the_pose_is_drawn_where_it_is_asked_for():
    image, heads = np.zeros((200, 240, 3), np.uint8), make_heads()
    plain, posed = heads.draw(image), heads.draw(image, head_pose=True)
    expected = draw_head_poses(plain, heads.landmarks, heads.head_pose())
    np.testing.assert_array_equal(posed, expected)
    assert (posed != plain).any()
    with pytest.raises(ValueError, match="of scheme 'five'"):
        make_faces(2).draw(image, head_pose=True)
