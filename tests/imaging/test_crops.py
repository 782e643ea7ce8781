import tracemalloc

import numpy as np
import pytest

from wingkeras import geometry
from wingkeras.imaging import crops, graph_crops


def _picture(height, width):
    """A smooth picture whose value tells the place: red = x, green = y."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, np.zeros_like(x)], axis=-1).astype(np.uint8)


def test_region_of_whole_pixels_is_a_plain_cut():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    regions, maps = crops.face_regions(image, [[9.5, 4.5, 25.5, 20.5]], 16)
    np.testing.assert_array_equal(regions[0], image[4:20, 10:26])
    np.testing.assert_allclose(maps[0], [[1, 0, -10], [0, 1, -4]], atol=1e-5)


@pytest.mark.parametrize("size", [16, 40, 100])
def test_map_says_where_a_region_came_from(size):
    regions, maps = crops.face_regions(_picture(200, 200), [[20, 30, 100, 110]], size)
    inner = np.arange(2, size - 2, dtype=np.float32)
    points = np.stack(np.meshgrid(inner, inner), axis=-1).reshape(1, -1, 2)
    places = geometry.transform(geometry.invert(maps), points)[0]
    values = regions[0, 2:-2, 2:-2, :2].reshape(-1, 2)
    np.testing.assert_allclose(values, places, atol=0.75)


def test_beyond_the_edge_border_pixels_repeat():
    image = _picture(30, 30)
    regions, _ = crops.face_regions(image, [[-10.5, -10.5, 19.5, 19.5]], 30)
    assert (regions[0, :10, 10:, 0] == image[0, :20, 0]).all()
    assert (regions[0, :10, :10] == image[0, 0]).all()
    np.testing.assert_array_equal(regions[0, 10:, 10:], image[:20, :20])


def test_shrinking_does_not_alias():
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    regions, _ = crops.face_regions(stripes, [[0, 0, 256, 256]], 64)
    assert np.ptp(regions) <= 1 and abs(int(regions[0, 0, 0, 0]) - 127) <= 1


@pytest.mark.parametrize(
    ("image", "boxes", "message"),
    [
        (np.zeros((9, 9), np.uint8), [[0, 0, 5, 5]], r"\(H, W, 3\) uint8"),
        (np.zeros((9, 9, 3), float), [[0, 0, 5, 5]], "dtype float64"),
        (np.zeros((9, 9, 3), np.uint8), [0, 0, 5, 5], r"received shape \(4,\)"),
        (np.zeros((9, 9, 3), np.uint8), [[0, 0, 0, 5]], "left < right"),
        (np.zeros((9, 9, 3), np.uint8), [[0, 0, np.nan, 5]], "finite"),
        (np.zeros((9, 9, 3), np.uint8), [[0, 0, 1e9, 1e9]], "far larger"),
    ],
)
def test_bad_input_is_refused(image, boxes, message):
    with pytest.raises(ValueError, match=message):
        crops.face_regions(image, boxes, 8)


def _bilinear(image, x, y):
    """Reference: one point, by the definition, border repeated."""
    height, width = image.shape[:2]
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = int(np.floor(x)), int(np.floor(y))
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    fx, fy = x - left, y - top
    upper = image[top, left] * (1 - fx) + image[top, right] * fx
    lower = image[bottom, left] * (1 - fx) + image[bottom, right] * fx
    return upper * (1 - fy) + lower * fy


def test_sample_is_bilinear_interpolation():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 20, 24, 3), np.uint8)
    angles = rng.uniform(-1, 1, 3).astype(np.float32)
    boxes = np.array([[2, 3, 15, 18], [-4, -5, 30, 28], [5, 5, 9, 12]], np.float32)
    maps = geometry.compose(
        geometry.rotation_maps(angles, 10), geometry.crop_maps(boxes, 10)
    )
    result = np.asarray(graph_crops.sample(images, maps, 10))
    places = np.stack(np.meshgrid(np.arange(10), np.arange(10)), -1).reshape(1, -1, 2)
    places = geometry.transform(geometry.invert(maps), places.repeat(3, axis=0))
    for image, crop, points in zip(images.astype(float), result, places, strict=True):
        expected = [_bilinear(image, x, y) for x, y in points]
        np.testing.assert_allclose(crop.reshape(-1, 3), expected, atol=0.05)


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_shrunk_images_show_the_same_crop(factor):
    image = _picture(160, 160)[None]
    angle = np.array([0.3], np.float32)
    boxes = np.array([[30, 40, 110, 120]], np.float32)
    maps = geometry.compose(
        geometry.rotation_maps(angle, 20), geometry.crop_maps(boxes, 20)
    )
    small, small_maps = graph_crops.shrink(image, maps, factor)
    assert small.shape == (1, 160 // factor, 160 // factor, 3)
    expected = graph_crops.sample(image, maps, 20)
    result = graph_crops.sample(small, small_maps, 20)
    np.testing.assert_allclose(result, expected, atol=0.02)


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("size", [16, 32])
def test_crops_of_arrays_are_the_same(size, upright):
    rng = np.random.default_rng(size)
    regions = rng.integers(0, 256, (5, 64, 64, 3), np.uint8)
    angles = rng.uniform(-3, 3, 5).astype(np.float32)
    turns = geometry.rotation_maps(angles, 64)
    corners = rng.uniform(-20, 20, (5, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(20, 90, (5, 1))], axis=1)
    maps = geometry.compose(geometry.crop_maps(boxes, size), turns).astype(np.float32)
    if upright:
        maps = geometry.crop_maps(boxes.astype(np.float32), size)
    expected = np.asarray(graph_crops.crop(regions, maps, size))
    received = crops.crop(regions, maps, size)
    assert received.dtype == np.float32
    np.testing.assert_allclose(received, expected, atol=5e-3)


def test_crops_with_their_mirror_images():
    made = np.random.default_rng(0).random((3, 8, 8, 3), np.float32)
    expected = np.concatenate([made, made[:, :, ::-1]])
    np.testing.assert_array_equal(crops.add_flipped(made), expected)


@pytest.mark.parametrize("corner", [(-300, -200), (150, 90), (-900, 40)])
def test_regions_far_beyond_the_picture_are_those_of_the_copied_border(
    corner, monkeypatch
):
    image = np.random.default_rng(0).integers(0, 256, (120, 170, 3), np.uint8)
    box = np.array([[*corner, corner[0] + 1000, corner[1] + 1000]], np.float32)
    expected, maps = crops.face_regions(image, box, 64)
    monkeypatch.setattr(crops, "_LARGEST_COPY", 64)
    region, same_maps = crops.face_regions(image, box, 64)
    np.testing.assert_array_equal(maps, same_maps)
    difference = np.abs(region.astype(int) - expected)
    assert difference.max() <= 1 and (difference > 0).mean() < 0.01


def test_memory_is_that_of_the_visible_part():
    """The border of a box three times as large as the picture is not copied."""
    image = np.zeros((1500, 2000, 3), np.uint8)
    box = np.array([[-14000, -14250, 16000, 15750]], np.float32)
    tracemalloc.start()
    crops.face_regions(image, box, 256)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * image.nbytes
