import numpy as np
import pytest

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


HEAD = np.array([[[20, 20], [80, 20], [50, 50], [20, 80], [80, 80]]], np.float32)


def _is(canvas, x, y, channel):
    """Whether a pixel has its largest value in a channel: 0 red, 1 green, 2 blue."""
    return canvas[y, x].max() > 100 and canvas[y, x].argmax() == channel


def test_a_head_that_looks_into_the_camera_shows_right_and_down():
    image = np.zeros((100, 100, 3), np.uint8)
    drawn = drawing.draw_head_poses(image, HEAD, np.zeros((1, 3)))
    assert not image.any(), "the input must not be drawn on"
    assert _is(drawn, 75, 50, 0) and _is(drawn, 50, 75, 1)
    assert not drawn[:45].any() and not drawn[:, :45].any()


@pytest.mark.parametrize(
    ("pose", "place", "channel"),
    [
        ((40, 0, 0), (65, 50), 2),  # looks to the right
        ((-40, 0, 0), (35, 50), 2),
        ((0, 40, 0), (50, 35), 2),  # looks up
        ((0, 0, 90), (50, 75), 0),  # lies on its right-hand side in the picture
        ((0, 40, 90), (65, 50), 2),
    ],
)
def test_axes_point_where_the_head_does(pose, place, channel):
    image = np.zeros((100, 100, 3), np.uint8)
    drawn = drawing.draw_head_poses(image, HEAD, np.array([pose]))
    assert _is(drawn, *place, channel)


def test_heads_without_a_pose_are_left_out():
    image = np.zeros((100, 100, 3), np.uint8)
    assert not drawing.draw_head_poses(image, HEAD, np.full((1, 3), np.nan)).any()
