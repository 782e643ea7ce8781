import numpy as np
import pytest

from benchmarks import jitter
from wingkeras import zoo


def test_clip_moves_the_picture_as_it_says():
    image = np.full((60, 80, 3), 100, np.uint8)
    image[20:30, 30:40] = 200
    frames = list(jitter.clip(image, jitter.swaying(32)))
    assert len(frames) == 120
    frame, shift = frames[15]
    np.testing.assert_allclose(shift, [8, 0])
    expected = np.roll(image, 8, axis=1).astype(int)
    assert np.abs(frame.astype(int) - expected).mean() < 6
    assert 4 < (frame.astype(int) - expected)[40:].std() < 6


def test_deviation_of_known_motion():
    shifts = np.array([[0, 0], [3, 0], [9, 1]], float)
    place = np.array([[10, 10], [40, 20]], float)
    exact = place + shifts[:, None]
    assert jitter.deviation(exact, shifts) == 0
    trembling = exact + np.array([[[0, 3]], [[0, -3]], [[0, 0]]])
    assert jitter.deviation(trembling, shifts) == pytest.approx(np.sqrt(6))


def test_no_face_no_measure():
    with pytest.raises(ValueError, match="the detector finds none"):
        jitter.measure(zoo.load("cnn6_300w"), np.full((90, 90, 3), 80, np.uint8))
