import numpy as np

from wingkeras.imaging import drawing
from wingkeras.schemes import FIVE

POINTS = np.array([[[20, 20], [40, 20], [30, 30], [22, 40], [38, 40]]], np.float32)


def test_landmarks_are_drawn_where_they_are():
    image = np.zeros((60, 60, 3), np.uint8)
    drawn = drawing.draw_landmarks(image, POINTS, FIVE)
    assert not image.any(), "the input must not be drawn on"
    for x, y in POINTS[0].astype(int):
        assert drawn[y, x].max() > 150
    assert not drawn[:10].any() and not drawn[:, :10].any()


def test_unlabelled_points_are_left_out():
    partial = POINTS.copy()
    partial[0, 1] = np.nan
    drawn = drawing.draw_landmarks(np.zeros((60, 60, 3), np.uint8), partial, FIVE)
    assert drawn[20, 20].any() and not drawn[16:25, 36:45].any()


def test_boxes_are_drawn():
    drawn = drawing.draw_landmarks(
        np.zeros((60, 60, 3), np.uint8), np.zeros((0, 5, 2)), FIVE, [[5, 5, 50, 50]]
    )
    assert drawn[5, 20].any() and drawn[30, 50].any() and not drawn[30, 30].any()
