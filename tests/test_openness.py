import dataclasses

import numpy as np
import pytest

from wingkeras.openness import openness
from wingkeras.schemes import AFLW19, FIVE, IBUG68

CONTOURS = {"left_eye": (36, 42), "right_eye": (42, 48), "mouth": (60, 68)}


def _face(gap: float) -> np.ndarray:
    """Eyes and lips as diamonds of width 2, whose lids and lips are a gap apart."""
    face = np.random.default_rng(0).normal(size=(68, 2))
    for first, last in CONTOURS.values():
        half = (last - first) // 2
        x = np.linspace(-1, 1, half + 1)
        upper = np.stack([x, np.r_[0, [-gap / 2] * (half - 1), 0]], axis=1)
        lower = (upper * [1, -1])[-2:0:-1]
        face[first:last] = np.concatenate([upper, lower]) + first
    return face


@pytest.mark.parametrize("gap", [0.0, 0.3, 1.1])
def test_openness_is_the_gap_over_the_width_for_a_face_of_any_size_and_roll(gap):
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]])
    faces = np.stack([_face(gap), 40 * _face(gap) @ turn + 300])
    found = openness(faces, IBUG68)
    assert list(found) == list(CONTOURS)
    for values in found.values():
        np.testing.assert_allclose(values, [gap / 2] * 2, atol=1e-6)
        assert values.dtype == np.float32


def test_eyes_have_the_eye_aspect_ratio():
    face = np.random.default_rng(1).normal(size=(1, 68, 2))
    p = face[0, 42:48]
    gaps = np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])
    expected = gaps / (2 * np.linalg.norm(p[0] - p[3]))
    assert openness(face, IBUG68)["right_eye"] == pytest.approx(expected, rel=1e-6)


def test_mirroring_exchanges_the_eyes():
    face = np.random.default_rng(2).uniform(0, 99, (3, 68, 2))
    found, flipped = openness(face, IBUG68), openness(IBUG68.flip(face, 99), IBUG68)
    np.testing.assert_allclose(flipped["left_eye"], found["right_eye"], rtol=1e-5)
    np.testing.assert_allclose(flipped["mouth"], found["mouth"], rtol=1e-5)


def test_what_is_not_known_is_nan():
    faces = np.stack([_face(0.3)] * 2)
    faces[0, 62] = np.nan
    faces[1, 36:42] = 5
    found = openness(faces, IBUG68)
    np.testing.assert_allclose(found["mouth"], [np.nan, 0.15], rtol=1e-6)
    np.testing.assert_allclose(found["left_eye"], [0.15, np.nan], rtol=1e-6)


@pytest.mark.parametrize("scheme", [FIVE, AFLW19], ids=lambda scheme: scheme.name)
def test_a_scheme_without_contours_has_no_openness(scheme):
    assert openness(np.ones((2, len(scheme), 2)), scheme) == {}


def test_contours_are_part_of_the_scheme():
    lids = dataclasses.replace(FIVE, left_eye=(0, 1, 2, 3))
    assert list(openness(np.ones((1, 5, 2)), lids)) == ["left_eye"]
    with pytest.raises(ValueError, match=r"indices in 0\.\.4"):
        dataclasses.replace(FIVE, mouth=(3, 9))


def test_other_landmarks_are_refused():
    with pytest.raises(ValueError, match=r"\(N, 68, 2\).*received \(68, 2\)"):
        openness(_face(0.3), IBUG68)
