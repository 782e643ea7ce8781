import math

import numpy as np
import pytest

from wingkeras.video.one_euro import OneEuroFilter


def _scalar_reference(values, seconds, minimum, gain, speed_cutoff, unit):
    """The published pseudo-code, one coordinate at a time."""

    def alpha(cutoff):
        tau = 1 / (2 * math.pi * cutoff)
        return 1 / (1 + tau / seconds)

    previous, speed, result = None, 0.0, []
    for x in values:
        if previous is None:
            previous = x
        else:
            a = alpha(speed_cutoff)
            speed = a * (x - previous) / seconds + (1 - a) * speed
            a = alpha(minimum + gain * abs(speed) / unit)
            previous = a * x + (1 - a) * previous
        result.append(previous)
    return result


def test_follows_the_published_formula():
    values = np.random.default_rng(0).normal(0, 30, (20, 3, 2)).cumsum(axis=0)
    settings = (0.7, 4.0, 1.3)
    smooth = OneEuroFilter(*settings)
    result = np.array([smooth(v, 1 / 25, 80.0) for v in values])
    for i in range(3):
        for j in range(2):
            expected = _scalar_reference(values[:, i, j], 1 / 25, *settings, 80.0)
            np.testing.assert_allclose(result[:, i, j], expected)


def test_rest_is_steadied_and_motion_is_followed():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.003, 300)
    smooth = OneEuroFilter()
    rest = np.array([smooth(np.array([v]), 1 / 30)[0] for v in noise])
    assert rest[30:].std() < 0.5 * noise[30:].std()
    ramp = np.arange(60) / 30
    smooth = OneEuroFilter()
    followed = np.array([smooth(np.array([v]), 1 / 30)[0] for v in ramp])
    assert 0 <= (ramp - followed)[30:].max() < 1 / 30, "less than a frame behind"


def test_size_of_the_face_does_not_matter():
    values = np.random.default_rng(2).normal(0, 1, (10, 5, 2))
    small, large = OneEuroFilter(), OneEuroFilter()
    for v in values:
        np.testing.assert_allclose(8 * small(v, 0.04, 10), large(8 * v, 0.04, 80))


def test_first_values_come_back_and_are_not_shared():
    values = np.ones((2, 2))
    smooth = OneEuroFilter()
    first = smooth(values, 0.1)
    np.testing.assert_array_equal(first, values)
    first[:] = 9
    np.testing.assert_allclose(smooth(values, 0.1), values)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"minimum_cutoff": 0}, "`minimum_cutoff` > 0 Hz, received 0"),
        ({"speed_cutoff": -1}, "`speed_cutoff` > 0 Hz, received -1"),
        ({"speed_gain": -1}, "`speed_gain` >= 0, received -1"),
    ],
    ids=str,
)
def test_senseless_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        OneEuroFilter(**settings)


@pytest.mark.parametrize("arguments", [(0,), (0.1, 0)], ids=str)
def test_senseless_steps(arguments):
    with pytest.raises(ValueError, match="> 0, received 0"):
        OneEuroFilter()(np.zeros(2), *arguments)
