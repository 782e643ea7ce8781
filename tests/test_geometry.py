import keras
import numpy as np
import pytest
import tensorflow as tf

from wingkeras import geometry

NAMESPACES = [np, keras.ops, tf]


def _random_maps(rng, count):
    angle = rng.uniform(-np.pi, np.pi, count)
    scale = np.exp(rng.uniform(-2, 2, count))
    maps = np.empty((count, 2, 3), np.float32)
    maps[:, 0, 0] = maps[:, 1, 1] = scale * np.cos(angle)
    maps[:, 0, 1] = -scale * np.sin(angle)
    maps[:, 1, 0] = scale * np.sin(angle)
    maps[:, :, 2] = rng.uniform(-200, 200, (count, 2))
    return maps


def _points(rng, count, landmarks=7):
    return rng.uniform(0, 300, (count, landmarks, 2)).astype(np.float32)


def test_landmark_box_is_the_square_around_the_labelled_points():
    points = np.array([[[10, 20], [30, 24], [np.nan, np.nan]]], np.float32)
    box = geometry.landmark_boxes(points)
    np.testing.assert_allclose(box, [[10, 12, 30, 32]])
    assert box.dtype == np.float32


def test_scale_boxes_keeps_the_centre():
    box = geometry.scale_boxes([[0, 10, 20, 30]], 1.5)
    np.testing.assert_allclose(box, [[-5, 5, 25, 35]])


def test_iou_of_known_boxes():
    boxes = np.array([[0, 0, 2, 2]])
    others = np.array([[1, 0, 3, 2], [0, 0, 2, 2], [5, 5, 6, 6]])
    np.testing.assert_allclose(geometry.box_iou(boxes, others), [1 / 3, 1, 0])


@pytest.mark.parametrize("xp", NAMESPACES, ids=lambda xp: xp.__name__)
def test_crop_map_takes_the_box_to_the_crops_outer_edges(xp):
    boxes = np.array([[10, 20, 50, 100]], np.float32)
    maps = geometry.crop_maps(boxes, 64, xp)
    corners = np.array([[[10, 20], [50, 100]]], np.float32)
    mapped = geometry.transform(maps, corners, xp)
    np.testing.assert_allclose(mapped, [[[-0.5, -0.5], [63.5, 63.5]]], atol=1e-4)


def test_crop_map_of_the_whole_picture_is_the_identity():
    maps = geometry.crop_maps(np.array([[-0.5, -0.5, 31.5, 31.5]]), 32)
    np.testing.assert_allclose(maps, [[[1, 0, 0], [0, 1, 0]]], atol=1e-12)


@pytest.mark.parametrize("xp", NAMESPACES, ids=lambda xp: xp.__name__)
def test_inverse_undoes_a_map(xp):
    rng = np.random.default_rng(0)
    maps, points = _random_maps(rng, 50), _points(rng, 50)
    there = geometry.transform(maps, points, xp)
    back = geometry.transform(geometry.invert(maps, xp), there, xp)
    np.testing.assert_allclose(back, points, atol=1e-2)


@pytest.mark.parametrize("xp", [np, keras.ops], ids=lambda xp: xp.__name__)
def test_forth_and_back_is_the_identity(xp):
    """As in a cascade: region -> crop of the second network -> region, any rotation."""
    rng = np.random.default_rng(4)
    faces = rng.uniform(40, 216, (500, 68, 2)).astype(np.float32)
    scale = rng.uniform(0.3, 1.5, 500)
    turn = np.exp(1j * rng.uniform(-np.pi, np.pi, 500))
    mean_shape = np.zeros_like(faces)
    flat = (faces[..., 0] - 128 + 1j * (faces[..., 1] - 128)) * (scale * turn)[:, None]
    mean_shape[..., 0], mean_shape[..., 1] = 63.5 + flat.real, 63.5 + flat.imag
    noise = rng.normal(0, 3, faces.shape).astype(np.float32)
    maps = geometry.fit_similarity(faces, mean_shape + noise, xp)
    there = geometry.transform(maps, faces, xp)
    back = geometry.transform(geometry.invert(maps, xp), there, xp)
    assert np.abs(np.asarray(back) - faces).max() < 1e-3


@pytest.mark.parametrize("xp", NAMESPACES, ids=lambda xp: xp.__name__)
def test_composition_applies_the_inner_map_first(xp):
    rng = np.random.default_rng(1)
    outer, inner = _random_maps(rng, 20), _random_maps(rng, 20)
    points = _points(rng, 20)
    together = geometry.transform(geometry.compose(outer, inner, xp), points, xp)
    one_by_one = geometry.transform(outer, geometry.transform(inner, points))
    np.testing.assert_allclose(together, one_by_one, rtol=1e-3, atol=1e-1)


def test_positive_rotation_is_counter_clockwise_on_the_screen():
    maps = geometry.rotation_maps(np.array([np.pi / 2], np.float32), 65)
    right_of_centre = np.array([[[42, 32]]], np.float32)
    above_centre = geometry.transform(maps, right_of_centre)
    np.testing.assert_allclose(above_centre, [[[32, 22]]], atol=1e-4)


@pytest.mark.parametrize("xp", [np, keras.ops], ids=lambda xp: xp.__name__)
def test_similarity_recovers_a_known_map(xp):
    rng = np.random.default_rng(2)
    maps, points = _random_maps(rng, 30), _points(rng, 30)
    fitted = geometry.fit_similarity(points, geometry.transform(maps, points), xp)
    np.testing.assert_allclose(fitted, maps, rtol=1e-3, atol=1e-1)


def test_similarity_is_the_least_squares_solution():
    rng = np.random.default_rng(3)
    source, target = _points(rng, 4), _points(rng, 1)[0]
    fitted = geometry.fit_similarity(source, target)
    for points, map_ in zip(source.astype(np.float64), fitted, strict=True):
        x, y = points.T
        one, zero = np.ones_like(x), np.zeros_like(x)
        system = np.concatenate(
            [np.stack([x, -y, one, zero], 1), np.stack([y, x, zero, one], 1)]
        )
        a, b, c, d = np.linalg.lstsq(system, target.T.ravel(), rcond=None)[0]
        expected = [[a, -b, c], [b, a, d]]
        np.testing.assert_allclose(map_, expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("xp", NAMESPACES, ids=lambda xp: xp.__name__)
def test_shape_vectors_hold_all_x_first(xp):
    landmarks = np.array([[[1, 10], [2, 20], [3, 30]]], np.float32)
    vectors = geometry.to_shape_vectors(landmarks, xp)
    np.testing.assert_array_equal(vectors, [[1, 2, 3, 10, 20, 30]])
    np.testing.assert_array_equal(geometry.from_shape_vectors(vectors, xp), landmarks)


def test_boxes_grow_bit_by_bit_alike_on_the_host_and_in_graphs():
    """Sides are rounded afterwards: of two ways to one, only one may round up."""
    rng = np.random.default_rng(0)
    low = rng.integers(0, 10_000, (2_000, 2)) / 100
    sides = rng.integers(1_000, 30_000, (2_000, 1)) / 100
    boxes = np.concatenate([low, low + sides], axis=1).astype(np.float32)
    boxes[::3, 2] += 7.7
    for factor in (1.1, 1.25, 2.0):
        on_host = geometry.scale_boxes(geometry.square_boxes(boxes), factor)
        tensors = keras.ops.convert_to_tensor(boxes)
        squares = geometry.square_boxes(tensors, keras.ops)
        in_graph = geometry.scale_boxes(squares, factor, keras.ops)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(in_graph), on_host)


def test_boxes_that_share_an_area_with_the_picture():
    """A picture of 7 x 9 pixels covers -0.5 to 6.5 and to 8.5; mirrored, the same."""
    boxes = np.array(
        [[-4, 0, -0.4, 4], [-4, 0, -0.5, 4], [6.4, 0, 9, 4], [6.5, 0, 9, 4],
         [0, -4, 4, -0.5], [0, 8.5, 4, 12], [-99, -99, 99, 99]]
    )  # fmt: skip
    expected = [True, False, True, False, False, False, True]
    for shown in (boxes, geometry.flip_boxes(boxes, 7)):
        assert geometry.inside_in_part(shown, 7, 9).tolist() == expected
