"""What the networks of the zoo do on a real face, matplotlib's sample portrait."""

import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from wingkeras import zoo
from wingkeras.imaging.images import read_image
from wingkeras.metrics import nme, usual_normalizers
from wingkeras.schemes import IBUG68


@pytest.fixture(scope="module", params=zoo.list_models())
def localizer(request):
    return zoo.load(request.param)


@pytest.fixture(scope="module")
def portrait():
    return read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))


@pytest.fixture(scope="module")
def face(localizer, portrait):
    faces = localizer.detect(portrait)
    assert len(faces) == 1
    return faces.landmarks[0], faces.boxes


@pytest.fixture
def distance(localizer):
    """Mean distance of two predictions over the distance of the second's eyes."""
    normalizer = usual_normalizers(localizer.scheme)[0]

    def measure(a, b):
        return nme(b[None], a[None], localizer.scheme, normalizer)[0]

    return measure


def _centre(localizer, landmarks, *parts):
    """Mean of the points whose names begin so."""
    named = zip(localizer.scheme.points, landmarks, strict=True)
    return np.mean([point for name, point in named if name.startswith(parts)], axis=0)


def test_parts_of_the_face_are_where_they_belong(localizer, face):
    landmarks, _ = face
    left_eye, right_eye, nose, mouth = (
        _centre(localizer, landmarks, *parts)
        for parts in (
            ["left_eye"],
            ["right_eye"],
            ["nose_base", "nose_tip"],
            ["outer_lip", "mouth"],
        )
    )
    assert left_eye[0] < nose[0] < right_eye[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < mouth[1]


def test_brows_are_above_the_eyes_and_the_chin_below_the_mouth(localizer, face):
    if localizer.scheme != IBUG68:
        pytest.skip(f"the scheme {localizer.scheme.name!r} has neither")
    landmarks, _ = face
    brow, eye, mouth = (
        _centre(localizer, landmarks, part)
        for part in ("left_brow", "left_eye", "outer_lip")
    )
    assert brow[1] < eye[1] and mouth[1] < landmarks[8, 1]


def test_mirrored_picture_has_mirrored_landmarks(localizer, portrait, face, distance):
    landmarks, boxes = face
    width = portrait.shape[1]
    mirrored_boxes = boxes.copy()
    mirrored_boxes[:, [0, 2]] = width - 1 - boxes[:, [2, 0]]
    result = localizer(np.ascontiguousarray(portrait[:, ::-1]), mirrored_boxes)[0]
    assert distance(result, localizer.scheme.flip(landmarks, width)) < 0.04
    without_swap = landmarks.copy()
    without_swap[:, 0] = width - 1 - landmarks[:, 0]
    assert distance(result, without_swap) > 0.3


@pytest.mark.parametrize("factor", [2, 4])
def test_enlarged_picture_has_the_same_landmarks(
    localizer, portrait, face, distance, factor
):
    landmarks, boxes = face
    large = cv2.resize(
        portrait, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC
    )
    result = localizer(large, (boxes + 0.5) * factor - 0.5)[0]
    assert distance((result + 0.5) / factor - 0.5, landmarks) < 0.012


def test_moved_picture_moves_the_landmarks(localizer, portrait, face, distance):
    landmarks, boxes = face
    moved = np.pad(portrait, [(37, 0), (61, 0), (0, 0)], mode="edge")
    offset = np.array([61, 37], np.float32)
    result = localizer(moved, boxes + np.tile(offset, 2))[0]
    assert distance(result - offset, landmarks) < 0.002


def test_finds_its_landmarks_again_from_their_own_box(
    localizer, portrait, face, distance
):
    landmarks, _ = face
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    result = localizer(portrait, [[*low, *high]])[0]
    assert distance(result, landmarks) < 0.06
