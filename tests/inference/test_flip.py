import numpy as np
import pytest

from wingkeras import zoo
from wingkeras.imaging.images import read_image
from wingkeras.inference.flip import MAX_FLIP_ERROR, localize_with_flip
from wingkeras.schemes import FIVE
from zoo_datasets import dataset_of

LAYOUT = np.array([[0.2, 0.3], [0.8, 0.3], [0.5, 0.5], [0.3, 0.8], [0.7, 0.8]])


class _Stub:
    """Puts the face into the box, moved to the right by `offset` pixels."""

    scheme = FIVE

    def __init__(self, offset):
        self.offset = offset
        self.without_flip_tta = self

    def __call__(self, image, boxes):
        boxes = np.asarray(boxes, float).reshape(-1, 4)
        span = boxes[:, None, 2:] - boxes[:, None, :2]
        return boxes[:, None, :2] + LAYOUT * span + [self.offset, 0]


IMAGE = np.zeros((50, 90, 3), np.uint8)
BOXES = np.array([[10, 5, 40, 35], [50, 10, 90, 50]], np.float32)


def test_a_symmetric_network_agrees_with_itself():
    landmarks, errors = localize_with_flip(_Stub(0), IMAGE, BOXES)
    np.testing.assert_allclose(landmarks, _Stub(0)(IMAGE, BOXES), atol=1e-5)
    np.testing.assert_allclose(errors, 0, atol=1e-6)


def test_an_asymmetric_error_averages_out_and_shows_as_a_flip_error():
    landmarks, errors = localize_with_flip(_Stub(1.5), IMAGE, BOXES)
    np.testing.assert_allclose(landmarks, _Stub(0)(IMAGE, BOXES), atol=1e-5)
    sides = 0.6 * np.array([30, 40])
    np.testing.assert_allclose(errors, 3 / sides, rtol=1e-5)


@pytest.mark.parametrize("boxes", [[], np.zeros((0, 4))], ids=["list", "array"])
def test_no_boxes(boxes):
    landmarks, errors = localize_with_flip(_Stub(0), IMAGE, boxes)
    assert landmarks.shape == (0, 5, 2) and errors.shape == (0,)


@pytest.mark.parametrize("name", zoo.list_models())
def test_the_flip_error_tells_faces_from_background(real_data, name):
    """On faces the network never saw, and the corners of their pictures."""
    localizer = zoo.load(name)
    faces = dataset_of(localizer.scheme).test_faces(real_data)
    faces = faces.select(np.arange(0, len(faces), len(faces) // 28))
    on_faces, beside = [], []
    for path, box in zip(faces.images, faces.boxes, strict=True):
        image = read_image(path)
        corner = box - np.tile(box[:2] + (box[2:] - box[:2]) / 2, 2)
        _, errors = localize_with_flip(localizer, image, [box, corner])
        on_faces.append(errors[0])
        beside.append(errors[1])
    assert np.median(on_faces) < 0.03 < 0.06 < np.median(beside)
    assert np.mean(np.array(on_faces) <= MAX_FLIP_ERROR) > 0.7
    assert np.mean(np.array(beside) > MAX_FLIP_ERROR) > 0.9
