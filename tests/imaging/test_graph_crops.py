import cv2
import numpy as np
import pytest

from wingkeras.imaging import crops, graph_crops


def _picture(height, width, seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.0)


def _squares(count, largest, seed):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(-40, 120, (count, 2))
    side = rng.uniform(20, largest, (count, 1))
    return np.concatenate([corner, corner + side], axis=1).astype(np.float32)


def _assert_same_but_for_halves(received, expected):
    difference = np.abs(received - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_shrinks_as_opencv_does(seed):
    image = _picture(150 + 31 * seed, 190, seed)
    boxes = _squares(6, 300, seed)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 70)
    expected, expected_maps = crops.face_regions(image, boxes, 64)
    received, maps = (np.asarray(x) for x in graph_crops.face_regions(image, boxes, 64))
    _assert_same_but_for_halves(received, expected)
    np.testing.assert_allclose(maps, expected_maps, rtol=1e-5, atol=1e-4)


def test_enlarges_as_opencv_does():
    image, boxes = _picture(120, 140), _squares(6, 60, 1)
    expected, _ = crops.face_regions(image, boxes, 64)
    received, _ = (np.asarray(x) for x in graph_crops.face_regions(image, boxes, 64))
    # OpenCV interpolates within the cut-out alone, here its neighbours count as well:
    # the outermost half pixel differs.
    margin = int(np.ceil(64 / (boxes[:, 2] - boxes[:, 0]).min() / 2)) + 1
    inner = np.s_[:, margin:-margin, margin:-margin]
    _assert_same_but_for_halves(received[inner], expected[inner])


def test_whole_pixels_stay_as_they_are():
    image = _picture(60, 70)
    box = np.array([[10, 20, 42, 52]], np.float32)
    region, _ = graph_crops.face_regions(image, box, 32)
    np.testing.assert_array_equal(np.asarray(region)[0], image[20:52, 10:42])


@pytest.mark.parametrize("factor", [2, 4])
def test_halves_are_rounded_as_opencv_rounds_them(factor):
    image = _picture(140, 150)
    box = np.array([[5, 7, 5 + 32 * factor, 7 + 32 * factor]], np.float32)
    expected, _ = crops.face_regions(image, box, 32)
    np.testing.assert_array_equal(graph_crops.face_regions(image, box, 32)[0], expected)


def test_border_pixels_repeat():
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, :20] = 200
    box = np.array([[-64, -64, 0, 0]], np.float32)
    region, _ = graph_crops.face_regions(image, box, 32)
    np.testing.assert_array_equal(np.asarray(region), 200)
