import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from wingkeras.data import balance
from wingkeras.schemes import AFLW19, FIVE, IBUG68


def _heads(count, seed=0):
    """Five points in space, turned by known yaw, seen from afar, moved about."""
    rng = np.random.default_rng(seed)
    space = np.array(
        [[-30, -30, 0], [30, -30, 0], [0, 0, 25], [-20, 30, 5], [20, 30, 5]]
    )
    yaw = rng.uniform(-0.9, 0.9, count)
    points = space + rng.normal(0, 1, (count, 5, 3))
    x = points[..., 0] * np.cos(yaw)[:, None] + points[..., 2] * np.sin(yaw)[:, None]
    flat = x + 1j * points[..., 1]
    roll, scale = rng.uniform(-0.5, 0.5, count), rng.uniform(0.5, 3, count)
    flat = flat * (scale * np.exp(1j * roll))[:, None] + rng.uniform(0, 300, (count, 1))
    return np.stack([flat.real, flat.imag], axis=-1), yaw


def _rank_correlation(a, b):
    ranks = [np.argsort(np.argsort(v)) for v in (a, b)]
    return np.corrcoef(ranks)[0, 1]


def test_coefficient_follows_yaw():
    shapes, yaw = _heads(400)
    coefficients = balance.pose_coefficients(shapes, FIVE)
    assert abs(_rank_correlation(coefficients, yaw)) > 0.95


def test_coefficient_ignores_place_size_and_roll():
    shapes, _ = _heads(50)
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    moved = 2.5 * shapes @ turn.T + [100, -40]
    np.testing.assert_allclose(
        np.abs(balance.pose_coefficients(moved, FIVE)),
        np.abs(balance.pose_coefficients(shapes, FIVE)),
        atol=1e-6,
    )


def test_mirrored_faces_have_the_opposite_coefficient():
    shapes, _ = _heads(100)
    both = np.concatenate([shapes, FIVE.flip(shapes, 500)])
    first, second = balance.pose_coefficients(both, FIVE).reshape(2, 100)
    np.testing.assert_allclose(first, -second, atol=1e-9)


def test_incomplete_faces_have_no_coefficient():
    shapes, _ = _heads(30)
    alone = balance.pose_coefficients(shapes[1:], FIVE)
    shapes[0, 2] = np.nan
    coefficients = balance.pose_coefficients(shapes, FIVE)
    assert np.isnan(coefficients[0])
    np.testing.assert_allclose(coefficients[1:], alone)
    with pytest.raises(ValueError, match="3 complete shapes, received 0 among 4"):
        balance.pose_coefficients(np.full((4, 5, 2), np.nan), FIVE)


def test_labelled_yaw(real_data):
    path = real_data / "shapes" / "pose68.npz"
    if not path.is_file():
        pytest.skip(f"needs labelled poses: {path}")
    file = np.load(path)
    shapes, yaw = file["300wpublic_landmarks"], file["300wpublic_pose"][:, 0]
    coefficients = balance.pose_coefficients(shapes, IBUG68)
    assert abs(_rank_correlation(coefficients, yaw)) >= 0.95


def test_copies_fill_the_sparse_bins():
    coefficients = np.concatenate([np.zeros(100), np.full(20, 1.0), np.full(3, 2.0)])
    result = balance.copies(coefficients, bins=3)
    assert_array_equal(np.unique(result[:100]), [1])
    assert_array_equal(np.unique(result[100:120]), [5])
    assert_array_equal(np.unique(result[120:]), [33])
    assert balance.copies(coefficients, bins=3, cap=8).max() == 8


def test_empty_bins_one_bin_and_one_value():
    values = np.array([0.0, 0.0, 0.0, 10.0])
    assert_array_equal(balance.copies(values, bins=9), [1, 1, 1, 3])
    assert_array_equal(balance.copies(values, bins=1), [1, 1, 1, 1])
    assert_array_equal(balance.copies(np.zeros(5), bins=9), np.ones(5))
    assert_array_equal(balance.copies(np.array([]), bins=9), [])


def test_unknown_pose_is_not_repeated():
    values = np.array([0.0, 0.0, 0.0, 1.0, np.nan])
    assert_array_equal(balance.copies(values, bins=2), [1, 1, 1, 3, 1])
    assert_array_equal(balance.copies(np.full(3, np.nan)), [1, 1, 1])


@pytest.mark.parametrize("settings", [{"bins": 0}, {"cap": 0}], ids=str)
def test_senseless_settings(settings):
    with pytest.raises(ValueError, match=">= 1, received 0"):
        balance.copies(np.zeros(3), **settings)


def test_plan_repeats_indices():
    assert_array_equal(balance.plan(np.array([1, 3, 2])), [0, 1, 1, 1, 2, 2])


def test_official_copies_follow_pdb_m():
    """An independent, literal reading: loops over shapes and bins."""
    shapes = _heads(120, seed=3)[0]
    mean = shapes.mean(axis=0)
    aligned = []
    for shape in shapes:
        a, b = mean - mean.mean(0), shape - shape.mean(0)
        u, s, vt = np.linalg.svd(a.T @ b)
        rotation = vt.T @ u.T
        aligned.append(s.sum() / (b**2).sum() * b @ rotation + mean.mean(0))
    data = np.array([np.concatenate([a[:, 0], a[:, 1]]) for a in aligned])
    data -= data.mean(0)
    vector = np.linalg.svd(data, full_matrices=False)[2][0]
    pose = np.abs(data @ vector)
    edges = np.linspace(pose.min(), pose.max(), 10)
    members = [
        [i for i, p in enumerate(pose) if edges[k] <= p <= edges[k + 1]]
        for k in range(9)
    ]
    most = max(map(len, members))
    expected = np.zeros(120, int)
    for bin_ in members:
        for i in bin_:
            expected[i] += int(np.floor(most / len(bin_) + 0.5))
    assert_array_equal(balance.official_copies(shapes), expected)


@pytest.mark.parametrize("scheme", [FIVE, AFLW19, IBUG68], ids=lambda s: s.name)
def test_every_scheme_balances(scheme):
    rng = np.random.default_rng(0)
    shapes = rng.normal(0, 1, (40, len(scheme), 2))
    coefficients = balance.pose_coefficients(shapes, scheme)
    assert np.isfinite(coefficients).all() and np.std(coefficients) > 0
    # The rarest bin that has faces is filled up to the fullest.
    counts = np.histogram(coefficients, 9)[0]
    rarest = counts[counts > 0].min()
    assert balance.copies(coefficients, bins=9).max() == round(counts.max() / rarest)


def test_without_a_mirror_there_is_no_pose():
    shapes, _ = _heads(5)
    thing = dataclasses.replace(FIVE, name="thing", mirror=None)
    with pytest.raises(ValueError, match=r"scheme 'thing' has no `mirror`"):
        balance.pose_coefficients(shapes, thing)
