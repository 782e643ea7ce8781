"""Frames of any times, in a video of a constant rate."""

import cv2
import numpy as np

from wingkeras.video.writing import PacedWriter


def _brightness(path):
    capture, found = cv2.VideoCapture(str(path)), []
    while True:
        read, frame = capture.read()
        if not read:
            break
        found.append(round(frame.mean() / 100))
    capture.release()
    return found


def test_a_frame_is_shown_from_its_time_until_the_next(tmp_path):
    writer = PacedWriter(tmp_path / "a.mp4", 10)
    for level, seconds in ((0, 0.0), (200, 1.0), (100, 1.3)):
        writer.write(np.full((64, 64, 3), level, np.uint8), seconds)
    writer.check()
    assert _brightness(tmp_path / "a.mp4") == [0] * 10 + [2] * 3 + [1]


def test_of_frames_within_one_frames_time_the_first_is_kept(tmp_path):
    writer = PacedWriter(tmp_path / "a.mp4", 10)
    for level, seconds in ((0, 0.0), (200, 0.01), (200, 0.02), (100, 0.1)):
        writer.write(np.full((64, 64, 3), level, np.uint8), seconds)
    writer.check()
    assert _brightness(tmp_path / "a.mp4") == [0, 1]
