"""Where large pictures are searched, and what is made of faces found twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wingkeras.inference import search

SIDES = st.integers(1, 6000)


def test_a_usual_picture_is_searched_once():
    image = np.zeros((480, 640, 3), np.uint8)
    (view,) = search.views(image, 40, 28)
    assert view.pixels is image and view.factor == 1 and view.corner == (0, 0)


@given(SIDES, SIDES, st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_tiles_cover_the_picture_and_stay_within_the_bound(height, width, min_face):
    # One number for each pixel would be lost in shrinking: rows and columns do.
    image = np.broadcast_to(np.uint8(7), (height, width, 3))
    overview, *tiles = search.views(image, min_face, 28)
    assert max(overview.pixels.shape) <= search.OVERVIEW_SIDE
    if not tiles:
        return
    pixels = sum(tile.pixels[..., 0].size for tile in tiles)
    assert pixels <= 16 / 9 * search.MOST_PIXELS * 1.01
    assert all(max(tile.pixels.shape) <= 1280 for tile in tiles)
    factor = tiles[0].factor
    seen = np.zeros([max(1, round(side / factor)) for side in (height, width)], bool)
    for tile in tiles:
        left, top = tile.corner
        bottom, right = np.add(tile.pixels.shape[:2], (top, left))
        seen[top:bottom, left:right] = True
        assert bottom <= len(seen) and right <= seen.shape[1]
    assert seen.all()


def test_what_the_overview_may_miss_is_whole_in_one_tile():
    image = np.zeros((3000, 4000, 3), np.uint8)
    overview, *tiles = search.views(image, 40, 28)
    side = 1.5 * 28 * overview.factor
    rng = np.random.default_rng(0)
    for left, top in rng.uniform(0, (4000 - side, 3000 - side), (200, 2)):
        holding = 0
        for tile in tiles:
            low = np.array(tile.corner) * tile.factor
            high = low + np.array(tile.pixels.shape[1::-1]) * tile.factor
            inside = (low <= (left + 2, top + 2)).all()
            holding += inside and (high >= (left + side - 2, top + side - 2)).all()
        assert holding


def test_rectangles_of_a_tile_in_the_picture():
    view = search.View(np.zeros((4, 4, 3), np.uint8), 2.0, (10, 20))
    boxes = view.to_picture(np.array([[0, 1, 2, 3]], np.float32))
    # 10..12 and 21..24 view pixels, counted from the edge, are these of the picture.
    np.testing.assert_array_equal(boxes, [[19.5, 41.5, 23.5, 47.5]])


def test_an_ear_is_around_its_face():
    face = np.array([[100, 100, 200, 200]], np.float32)
    boxes = np.array([[200, 130, 230, 160], [120, 120, 140, 140], [230, 130, 260, 160]])
    assert search.around(boxes, face).tolist() == [True, True, False]
    assert search.around(boxes, face[:0]).tolist() == [False] * 3
    assert search.around(boxes[:0], face).tolist() == []


@pytest.mark.parametrize(
    ("boxes", "ranks", "kept"),
    [
        ([[0, 0, 10, 10], [1, 0, 11, 10]], [0.7, 0.8], [1]),  # twice the same face
        ([[0, 0, 100, 100], [20, 30, 50, 60]], [1.75, 0.9], [0]),  # part of a face
        ([[0, 0, 10, 10], [9, 0, 19, 10]], [0.7, 0.8], [1, 0]),  # neighbours
        (np.zeros((0, 4)), [], []),
    ],
)
def test_one_box_for_each_face(boxes, ranks, kept):
    found = search.merge(np.array(boxes, np.float32), np.array(ranks, np.float32))
    assert found.tolist() == kept
