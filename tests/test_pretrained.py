"""What the networks of the zoo do on a real face, matplotlib's sample portrait."""

import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from wingkeras import zoo
from wingkeras.data.images import read_image
from wingkeras.schemes import IBUG68


@pytest.fixture(scope="module", params=zoo.list())
def localizer(request):
    return zoo.load(request.param)


@pytest.fixture(scope="module")
def portrait():
    return read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))


@pytest.fixture(scope="module")
def face(localizer, portrait):
    landmarks, boxes = localizer.detect(portrait)
    assert len(boxes) == 1
    return landmarks[0], boxes


def _eye_distance(landmarks):
    return np.linalg.norm(landmarks[36] - landmarks[45])


def _distance(a, b):
    """Mean distance over the eye distance."""
    return np.linalg.norm(a - b, axis=1).mean() / _eye_distance(b)


def test_parts_of_the_face_are_where_they_belong(face):
    landmarks, _ = face
    part = {
        name: np.mean(
            [p for n, p in zip(IBUG68.points, landmarks, strict=True) if name in n],
            axis=0,
        )
        for name in ("left_eye", "right_eye", "nose_base", "outer_lip", "left_brow")
    }
    assert part["left_eye"][0] < part["nose_base"][0] < part["right_eye"][0]
    assert part["left_brow"][1] < part["left_eye"][1] < part["nose_base"][1]
    assert part["nose_base"][1] < part["outer_lip"][1] < landmarks[8, 1]


def test_mirrored_picture_has_mirrored_landmarks(localizer, portrait, face):
    landmarks, boxes = face
    width = portrait.shape[1]
    mirrored_boxes = boxes.copy()
    mirrored_boxes[:, [0, 2]] = width - 1 - boxes[:, [2, 0]]
    result = localizer(np.ascontiguousarray(portrait[:, ::-1]), mirrored_boxes)[0]
    assert _distance(result, IBUG68.flip(landmarks, width)) < 0.04
    without_swap = landmarks.copy()
    without_swap[:, 0] = width - 1 - landmarks[:, 0]
    assert _distance(result, without_swap) > 0.3


@pytest.mark.parametrize("factor", [2, 4])
def test_enlarged_picture_has_the_same_landmarks(localizer, portrait, face, factor):
    landmarks, boxes = face
    large = cv2.resize(
        portrait, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC
    )
    result = localizer(large, (boxes + 0.5) * factor - 0.5)[0]
    assert _distance((result + 0.5) / factor - 0.5, landmarks) < 0.01


def test_moved_picture_moves_the_landmarks(localizer, portrait, face):
    landmarks, boxes = face
    moved = np.pad(portrait, [(37, 0), (61, 0), (0, 0)], mode="edge")
    offset = np.array([61, 37], np.float32)
    result = localizer(moved, boxes + np.tile(offset, 2))[0]
    assert _distance(result - offset, landmarks) < 0.002


def test_finds_its_landmarks_again_from_their_own_box(localizer, portrait, face):
    landmarks, _ = face
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    result = localizer(portrait, [[*low, *high]])[0]
    assert _distance(result, landmarks) < 0.06
