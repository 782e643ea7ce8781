import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wingkeras.scheme_values import scheme_from_values, scheme_values
from wingkeras.schemes import (
    AFLW19,
    FIVE,
    IBUG68,
    LandmarkScheme,
    get_scheme,
    is_known,
)

SCHEMES = [IBUG68, AFLW19, FIVE]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
def test_mirror_is_an_involution_that_swaps_left_and_right(scheme):
    for i, j in enumerate(scheme.mirror):
        assert scheme.mirror[j] == i
    swapped = {"left": "right", "right": "left"}
    for name, index in zip(scheme.points, scheme.mirror, strict=True):
        for word, other in swapped.items():
            if word in name.split("_"):
                assert other in scheme.points[index].split("_")
    assert sorted(scheme.mirror[i] for i in scheme.left_eye) == sorted(scheme.right_eye)


@pytest.mark.parametrize(("scheme", "count"), [(IBUG68, 68), (AFLW19, 19), (FIVE, 5)])
def test_number_of_points(scheme, count):
    assert len(scheme) == len(scheme.points) == count


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
def test_flipping_twice_changes_nothing(scheme):
    rng = np.random.default_rng(0)
    landmarks = rng.uniform(0, 99, (3, len(scheme), 2)).astype(np.float32)
    flipped = scheme.flip(landmarks, 100)
    assert not np.allclose(flipped, landmarks)
    np.testing.assert_allclose(scheme.flip(flipped, 100), landmarks, atol=1e-4)


def test_flip_mirrors_pixel_centres():
    landmarks = np.array([[0, 5], [9, 5], [4, 6], [3, 8], [7, 8]], np.float32)
    flipped = FIVE.flip(landmarks, 10)
    np.testing.assert_array_equal(flipped, [[0, 5], [9, 5], [5, 6], [2, 8], [6, 8]])


@st.composite
def made_schemes(draw):
    """Schemes whose points are mirrored in pairs at random; some mirror themselves."""
    count = draw(st.integers(1, 12))
    order = draw(st.permutations(range(count)))
    mirror = list(range(count))
    for i in range(draw(st.integers(0, count // 2))):
        one, other = order[2 * i], order[2 * i + 1]
        mirror[one], mirror[other] = other, one
    names = tuple(f"point_{i}" for i in range(count))
    return LandmarkScheme("made", names, tuple(mirror))


@settings(deadline=None, max_examples=50)
@given(made_schemes(), st.integers(1, 4000), st.integers(0, 2**32 - 1))
def test_flip_moves_every_point_to_the_place_of_its_mirror_point(scheme, width, seed):
    rng = np.random.default_rng(seed)
    landmarks = rng.uniform(-50, width + 50, (2, len(scheme), 2))
    flipped = scheme.flip(landmarks, width)
    for point, other in enumerate(scheme.mirror):
        np.testing.assert_allclose(
            flipped[:, other, 0] + landmarks[:, point, 0], width - 1, atol=1e-9
        )
        np.testing.assert_array_equal(flipped[:, other, 1], landmarks[:, point, 1])
    np.testing.assert_allclose(scheme.flip(flipped, width), landmarks, atol=1e-9)


@settings(deadline=None, max_examples=50)
@given(st.permutations(range(6)))
def test_only_involutions_are_mirrors(order):
    names = tuple("abcdef")
    if all(order[order[i]] == i for i in range(6)):
        assert LandmarkScheme("made", names, tuple(order)).mirror == tuple(order)
    else:
        with pytest.raises(ValueError, match="own inverse"):
            LandmarkScheme("made", names, tuple(order))


def test_things_without_a_mirror_image_are_not_flipped():
    scheme = LandmarkScheme("arrow", ("tail", "tip"), None)
    with pytest.raises(ValueError, match="'arrow' has no `mirror`"):
        scheme.flip(np.zeros((2, 2)), 10)


@pytest.mark.parametrize(
    "scheme",
    [*SCHEMES, LandmarkScheme("arrow", ("a", "b"), None, edges=((0, 1),))],
    ids=lambda s: s.name,
)
def test_values_come_back_from_json(scheme):
    values = json.loads(json.dumps(scheme_values(scheme)))
    assert scheme_from_values(values) == scheme
    assert hash(scheme) == hash(scheme_from_values(values))


def test_known_schemes_are_told_from_others_of_the_same_name():
    assert is_known(FIVE)
    assert not is_known(dataclasses.replace(FIVE, edges=()))
    assert not is_known(dataclasses.replace(FIVE, name="mine"))


def test_groups_of_68_points_hold_each_once():
    indices = [i for group in IBUG68.groups.values() for i in group]
    assert indices == list(range(68))
    assert IBUG68.groups["left_eye"] == IBUG68.left_eye
    for name, group in IBUG68.groups.items():
        assert all(name.split("_")[-1] in IBUG68.points[i] for i in group)


def test_own_scheme():
    scheme = LandmarkScheme("eyes", ("left", "right"), (1, 0), (0,), (1,))
    assert get_scheme(scheme) is scheme


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mirror": (1, 2, 0, 3, 4)}, "own inverse"),
        ({"mirror": (0, 1, 2)}, "permutation of 0..4"),
        ({"points": ("a", "a", "b", "c", "d")}, "unique"),
        ({"left_eye": (7,)}, r"indices in 0\.\.4"),
        ({"groups": {"mouth": (3, 5)}}, r"indices in 0\.\.4"),
        ({"points": (), "mirror": None}, "expected points, received none"),
    ],
)
def test_broken_scheme_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(FIVE, **change)


def test_unknown_name_lists_those_there_are():
    assert get_scheme("ibug68") is IBUG68
    with pytest.raises(ValueError, match=r"aflw19.*five.*ibug68.*received 'ibug'"):
        get_scheme("ibug")


def test_schemes_of_the_same_points_are_equal_by_any_name():
    renamed = dataclasses.replace(FIVE, name="mine")
    assert renamed == FIVE and hash(renamed) == hash(FIVE)
    assert dataclasses.replace(FIVE, mirror=None) != FIVE
    assert not is_known(renamed)
