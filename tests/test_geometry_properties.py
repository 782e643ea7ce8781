"""What holds of boxes, maps and shapes whatever the numbers are."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wingkeras import geometry

often = settings(deadline=None, max_examples=50)
sizes = st.integers(8, 256)
counts = st.integers(1, 5)


def _floats(low, high):
    return st.floats(low, high, width=32)


@st.composite
def points(draw, count=None, landmarks=None):
    """`(N, L, 2)` float32 in and around a picture."""
    shape = (count or draw(counts), landmarks or draw(st.integers(1, 9)), 2)
    return draw(arrays(np.float32, shape, elements=_floats(-500, 500)))


@st.composite
def similarities(draw, count):
    """`(N, 2, 3)` float64 maps that turn, scale by 1/4 to 4 and shift."""
    angle = draw(arrays(np.float64, count, elements=st.floats(-np.pi, np.pi)))
    scale = 2 ** draw(arrays(np.float64, count, elements=st.floats(-2, 2)))
    shift = draw(arrays(np.float64, (count, 2), elements=st.floats(-300, 300)))
    a, b = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.stack([np.stack([a, -b], -1), np.stack([b, a], -1)], -2)
    return np.concatenate([linear, shift[..., None]], -1)


@st.composite
def boxes(draw, count=None):
    """`(N, 4)` float32 with sides of 1 to 400 px."""
    count = count or draw(counts)
    corner = draw(arrays(np.float32, (count, 2), elements=_floats(-200, 600)))
    sides = draw(arrays(np.float32, (count, 2), elements=_floats(1, 400)))
    return np.concatenate([corner, corner + sides], axis=1)


@often
@given(st.data(), counts)
def test_inverse_undoes_a_map_on_both_sides(data, count):
    maps = data.draw(similarities(count))
    identity = np.tile(np.eye(2, 3), (count, 1, 1))
    inverses = geometry.invert(maps)
    for outer, inner in ((maps, inverses), (inverses, maps)):
        np.testing.assert_allclose(geometry.compose(outer, inner), identity, atol=1e-8)


@often
@given(st.data(), counts)
def test_composition_is_associative_and_means_one_after_the_other(data, count):
    first, second, third = (data.draw(similarities(count)) for _ in range(3))
    left = geometry.compose(geometry.compose(third, second), first)
    right = geometry.compose(third, geometry.compose(second, first))
    np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-7)
    places = data.draw(points(count))
    in_turn = places
    for maps in (first, second, third):
        in_turn = geometry.transform(maps, in_turn)
    together = geometry.transform(left, places)
    np.testing.assert_allclose(together, in_turn, rtol=1e-9, atol=1e-6)


@often
@given(boxes(), sizes)
def test_crop_maps_take_a_boxs_corners_to_the_crops(found, size):
    maps = geometry.crop_maps(found.astype(np.float64), size)
    corners = geometry.transform(maps, found.reshape(-1, 2, 2).astype(np.float64))
    whole = geometry.image_box(size, size).reshape(1, 2, 2)
    np.testing.assert_allclose(corners, np.repeat(whole, len(found), 0), atol=1e-4)


@often
@given(st.data(), sizes, counts)
def test_rotations_add_up_and_keep_the_centre(data, size, count):
    angles = arrays(np.float64, count, elements=st.floats(-np.pi, np.pi))
    first, second = data.draw(angles), data.draw(angles)
    one, other, both = (
        geometry.rotation_maps(turn, size) for turn in (first, second, first + second)
    )
    np.testing.assert_allclose(geometry.compose(one, other), both, atol=1e-9)
    centre = np.full((count, 1, 2), (size - 1) / 2)
    np.testing.assert_allclose(geometry.transform(one, centre), centre, atol=1e-9)


@often
@given(points(), st.integers(1, 4000))
def test_flipping_points_twice_changes_nothing(places, width):
    flipped = geometry.flip_points(places, width)
    np.testing.assert_array_equal(flipped[..., 1], places[..., 1])
    again = geometry.flip_points(flipped, width)
    np.testing.assert_allclose(again, places, atol=1e-3)


@often
@given(boxes(), st.integers(1, 4000))
def test_flipped_boxes_hold_the_flipped_corners(found, width):
    flipped = geometry.flip_boxes(found, width)
    corners = geometry.flip_points(found.reshape(-1, 2, 2), width)
    expected = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    np.testing.assert_array_equal(flipped, expected)
    np.testing.assert_allclose(geometry.flip_boxes(flipped, width), found, atol=1e-3)


@pytest.mark.parametrize("xp", [np, keras.ops, tf], ids=lambda xp: xp.__name__)
def test_flip_maps_flip_points_where_told(xp):
    places = np.random.default_rng(0).uniform(0, 63, (3, 5, 2)).astype(np.float32)
    flips = np.array([True, False, True])
    maps = geometry.flip_maps(flips, 64, xp)
    received = np.asarray(geometry.transform(maps, places, xp))
    flipped = geometry.flip_points(places, 64)
    expected = np.where(flips[:, None, None], flipped, places)
    np.testing.assert_allclose(received, expected, atol=1e-5)
    twice = geometry.compose(maps, maps, xp)
    np.testing.assert_array_equal(twice, np.tile(np.eye(2, 3), (3, 1, 1)))


@often
@given(st.data(), st.integers(1, 40), st.integers(1, 40))
def test_points_boxes_and_maps_flip_as_the_pixels_do(data, width, height):
    """A marked pixel of a picture, and where it is in the mirrored picture."""
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    picture = np.zeros((height, width))
    picture[y, x] = 1
    (row,), (column,) = np.nonzero(picture[:, ::-1])
    place = np.array([[[x, y]]], np.float32)
    there = [[[column, row]]]
    np.testing.assert_array_equal(geometry.flip_points(place, width), there)
    maps = geometry.flip_maps(np.array([True]), width)
    np.testing.assert_array_equal(geometry.transform(maps, place), there)
    pixel = geometry.from_pixel_edges(np.array([x, y, x + 1, y + 1]))
    flipped = geometry.from_pixel_edges(np.array([column, row, column + 1, row + 1]))
    np.testing.assert_array_equal(geometry.flip_boxes(pixel, width), flipped)


@often
@given(st.integers(1, 12), st.integers(1, 6), st.integers(1, 8))
def test_shrunk_pixels_are_means_of_the_places_they_stand_for(count, factor, size):
    """Centres of heat map places, averaged pixels and boxes agree with each other."""
    pixels = np.arange(count * factor, dtype=np.float32)
    means = pixels.reshape(count, factor).mean(axis=1)
    np.testing.assert_allclose(geometry.cell_centres(count, factor), means)
    maps = geometry.crop_maps(np.array([[1.0, 2.0, 9.0, 12.0]]), size)
    small = np.stack([np.arange(count), np.arange(count)], -1)[None].astype(float)
    large = np.stack([means, means], -1)[None]
    np.testing.assert_allclose(
        geometry.transform(geometry.shrink_maps(maps, factor), small),
        geometry.transform(maps, large),
        atol=1e-9,
    )


@st.composite
def spread_points(draw, count):
    """`(N, 7, 2)` points that do not all lie in one place."""
    seed = draw(st.integers(0, 2**32 - 1))
    return np.random.default_rng(seed).normal(0, 50, (count, 7, 2))


@often
@given(st.data(), counts)
def test_similarities_are_recovered(data, count):
    maps, source = data.draw(similarities(count)), data.draw(spread_points(count))
    fitted = geometry.fit_similarity(source, geometry.transform(maps, source))
    np.testing.assert_allclose(fitted, maps, rtol=1e-7, atol=1e-7)


@often
@given(st.data())
def test_no_other_similarity_lies_closer(data):
    source, target = data.draw(spread_points(1)), data.draw(spread_points(1))
    fitted = geometry.fit_similarity(source, target)

    def error(maps):
        return np.square(geometry.transform(maps, source) - target).sum()

    a, b, dx, dy = (data.draw(st.floats(-0.1, 0.1)) for _ in range(4))
    other = fitted + np.array([[[a, -b, 50 * dx], [b, a, 50 * dy]]])
    assert error(fitted) <= error(other) * (1 + 1e-12)


@often
@given(points())
def test_shape_vectors_and_landmarks_are_the_same_numbers(landmarks):
    vectors = geometry.to_shape_vectors(landmarks)
    assert vectors.shape == (len(landmarks), 2 * landmarks.shape[1])
    np.testing.assert_array_equal(geometry.from_shape_vectors(vectors), landmarks)
    again = geometry.to_shape_vectors(geometry.from_shape_vectors(vectors))
    np.testing.assert_array_equal(again, vectors)


@often
@given(boxes())
def test_squares_are_square_about_the_same_centre(found):
    squares = geometry.square_boxes(found)
    sides = squares[:, 2:] - squares[:, :2]
    longest = (found[:, 2:] - found[:, :2]).max(axis=1, keepdims=True)
    np.testing.assert_allclose(sides, np.repeat(longest, 2, 1), rtol=1e-3, atol=1e-3)
    centres = [(b[:, :2] + b[:, 2:]) / 2 for b in (squares, found)]
    np.testing.assert_allclose(*centres, atol=1e-3)
    # Sums of float32 round: a corner at 1,000 px moves by up to 1e-4 px.
    np.testing.assert_allclose(geometry.square_boxes(squares), squares, atol=1e-3)


@often
@given(boxes(), _floats(0.25, 4))
def test_scaling_boxes_is_undone_by_the_reciprocal(found, factor):
    scaled = geometry.scale_boxes(found, factor)
    sides = [b[:, 2:] - b[:, :2] for b in (scaled, found)]
    np.testing.assert_allclose(sides[0], sides[1] * factor, rtol=1e-3, atol=1e-3)
    again = geometry.scale_boxes(scaled, 1 / factor)
    np.testing.assert_allclose(again, found, rtol=1e-4, atol=1e-3)


@often
@given(points(), sizes, _floats(0.25, 4))
def test_scaling_about_the_centre_fits_scaling_the_box(places, size, factor):
    """A crop of a larger box shows the same face smaller about its centre."""
    whole = geometry.image_box(size, size)[None].astype(np.float64)
    maps = geometry.crop_maps(geometry.scale_boxes(whole, factor), size)
    maps = np.repeat(maps, len(places), axis=0)
    expected = geometry.transform(maps, places)
    received = geometry.scale_about_centre(places, size, 1 / factor)
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-2)


@often
@given(st.data(), counts)
def test_overlap_is_symmetric_and_at_most_one(data, count):
    found, others = data.draw(boxes(count)), data.draw(boxes(count))
    overlap = geometry.box_iou(found, others)
    np.testing.assert_array_equal(overlap, geometry.box_iou(others, found))
    assert ((overlap >= 0) & (overlap <= 1)).all()
    np.testing.assert_allclose(geometry.box_iou(found, found), 1)
    flipped = [geometry.flip_boxes(b, 640) for b in (found, others)]
    np.testing.assert_allclose(geometry.box_iou(*flipped), overlap, atol=1e-2)


@often
@given(points())
def test_one_based_pixels_lead_back(places):
    again = geometry.from_one_based(geometry.to_one_based(places.astype(np.float64)))
    np.testing.assert_allclose(again, places, atol=1e-9)
