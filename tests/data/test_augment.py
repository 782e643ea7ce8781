import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from wingkeras import geometry
from wingkeras.data import augment
from wingkeras.data.augment import Augmentation
from wingkeras.imaging import graph_crops, tf_crops
from wingkeras.schemes import FIVE


def _draws(count, seed=1):
    return tf.random.stateless_uniform([count, augment.DRAWS], [seed, 2])


STILL = Augmentation(rotation=0, flip=0, corner_jitter=0, blur=0)
GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "tensorflow_addons.npz")


def _maps(count=500, size=64, **changes):
    settings = {"rotation": 0, "flip": 0, "corner_jitter": 0, **changes}
    draws = _draws(count)[:, :9]
    maps, flips = augment.random_maps(Augmentation(**settings), draws, size)
    return maps.numpy(), flips.numpy()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rotation": 181}, r"`rotation` .* \[0, 180\], received 181"),
        ({"flip": 1.5}, r"`flip` .* \[0, 1\], received 1.5"),
        ({"blur": float("nan")}, "`blur` .* received nan"),
        ({"translate": -0.1}, "`translate` .* received -0.1"),
        ({"scale": 0.4, "corner_jitter": 0.3}, "received 0.4 and 0.3"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Augmentation(**settings)


def test_without_perturbation_the_map_is_the_identity():
    maps, flips = _maps(3)
    np.testing.assert_allclose(maps, [[[1, 0, 0], [0, 1, 0]]] * 3, atol=1e-5)
    assert not flips.any()


def test_rotation_is_uniform_within_its_range_about_the_centre():
    maps, _ = _maps(rotation=30.0)
    angles = np.degrees(np.arctan2(maps[:, 0, 1], maps[:, 0, 0]))
    assert np.abs(angles).max() <= 30
    np.testing.assert_allclose(
        np.percentile(angles, [10, 50, 90]), [-24, 0, 24], atol=5
    )
    centre = np.full((len(maps), 1, 2), 31.5, np.float32)
    np.testing.assert_allclose(geometry.transform(maps, centre), centre, atol=1e-4)


def test_corner_jitter_moves_each_corner_within_its_range():
    maps, _ = _maps(corner_jitter=0.05)
    edges = np.array([[[-0.5, -0.5], [63.5, 63.5]]], np.float32)
    corners = geometry.transform(geometry.invert(maps), edges.repeat(500, axis=0))
    moves = (corners - edges).reshape(500, 4) / 64
    assert np.abs(moves).max() <= 0.0501
    assert (np.abs(moves).max(axis=0) > 0.045).all()
    correlation = np.corrcoef(moves.T) - np.eye(4)
    assert np.abs(correlation).max() < 0.2


def test_scale_and_shift_keep_the_box_square():
    maps, _ = _maps(scale=0.2, translate=0.1)
    np.testing.assert_allclose(maps[:, 0, 0], maps[:, 1, 1], rtol=1e-4)
    sides = 1 / maps[:, 0, 0]
    assert 0.8 <= sides.min() < 0.83 and 1.17 < sides.max() <= 1.2001


def test_flip_mirrors_crop_and_landmarks_with_its_probability():
    maps, flips = _maps(2000, flip=0.5)
    assert 0.45 < flips.mean() < 0.55
    landmarks = np.random.default_rng(0).uniform(0, 64, (2000, 5, 2)).astype("float32")
    mapped = geometry.transform(maps, landmarks)
    result = augment.flip_landmarks(mapped, flips, FIVE.mirror).numpy()
    np.testing.assert_allclose(
        result[flips], FIVE.flip(landmarks[flips], 64), atol=1e-4
    )
    np.testing.assert_allclose(result[~flips], landmarks[~flips], atol=1e-4)


def test_without_a_mirror_nothing_is_flipped():
    images = np.zeros((20, 32, 32, 3), np.uint8)
    images[:, :, :16] = 200
    maps = np.tile(np.eye(2, 3, dtype=np.float32), (20, 1, 1))
    landmarks = np.tile(np.float32([[3, 5], [28, 9]]), (20, 1, 1))
    always = dataclasses.replace(STILL, flip=1.0)
    crops, vectors = (
        np.asarray(x)
        for x in augment.perturb(always, images, maps, landmarks, _draws(20), 32, None)
    )
    np.testing.assert_allclose(vectors, [[3, 28, 5, 9]] * 20, atol=1e-4)
    assert (crops[:, :, :15] == 200).all() and (crops[:, :, 17:] == 0).all()
    flipped = augment.perturb(always, images, maps, landmarks, _draws(20), 32, (1, 0))
    np.testing.assert_allclose(flipped[1], [[3, 28, 9, 5]] * 20, atol=1e-4)


def test_warp_agrees_with_the_sampler_of_the_localizer():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 40, 40, 3), np.uint8)
    settings = Augmentation(rotation=60, corner_jitter=0.3)
    maps, _ = augment.random_maps(settings, _draws(8)[:, :9], 40)
    maps = maps.numpy()
    expected = graph_crops.sample(images, maps, 24)
    result = tf_crops.warp(images, maps, 24)
    np.testing.assert_allclose(result, expected, atol=0.05)


@pytest.mark.parametrize("name", ["square", "odd"])
def test_rotation_is_that_of_tensorflow_addons(name):
    images = GOLDEN[f"{name}_images"].astype(np.float32)
    angles = GOLDEN["angles"]
    size = images.shape[1]
    maps = geometry.rotation_maps(angles, size)
    expected = GOLDEN[f"{name}_rotated"]
    assert np.abs(expected - images).max() > 50
    for result in (
        tf_crops.warp(images, maps, size),
        graph_crops.sample(images, maps, size),
    ):
        np.testing.assert_allclose(result, expected, atol=0.01)


@pytest.mark.parametrize("name", ["square", "odd"])
def test_blur_is_that_of_tensorflow_addons(name):
    images = GOLDEN[f"{name}_images"].astype(np.float32)
    expected = GOLDEN[f"{name}_blurred"]
    assert np.abs(expected - images).max() > 5
    result = augment.gaussian_blur(tf.constant(images))
    np.testing.assert_allclose(result, expected, atol=0.001)


def test_only_what_is_asked_for_changes_the_picture():
    crops_ = tf.random.stateless_uniform([6, 16, 16, 3], [0, 0], 0.0, 255.0)
    same = augment.random_appearance(STILL, crops_, _draws(6)[:, 9:])
    np.testing.assert_array_equal(same, crops_)


@pytest.mark.parametrize(
    "change", [{"blur": 1.0}, {"colour": 0.4}, {"random_erasing": 1.0}], ids=str
)
def test_appearance_stays_in_range_and_repeats_with_its_draws(change):
    settings = Augmentation(**{"blur": 0, **change})
    crops_ = tf.random.stateless_uniform([6, 16, 16, 3], [0, 0], 0.0, 255.0)
    first, again = (
        augment.random_appearance(settings, crops_, _draws(6)[:, 9:]) for _ in "12"
    )
    other = augment.random_appearance(settings, crops_, _draws(6, seed=2)[:, 9:])
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, crops_)
    assert change == {"blur": 1.0} or not np.allclose(first, other)
    assert np.min(first) >= 0 and np.max(first) <= 255.001


def test_blur_chooses_its_share_of_the_faces():
    crops_ = tf.random.stateless_uniform([400, 8, 8, 3], [0, 0], 0.0, 255.0)
    blurred = augment.random_appearance(
        Augmentation(blur=0.5), crops_, _draws(400)[:, 9:]
    )
    changed = np.abs(blurred - crops_).max(axis=(1, 2, 3)) > 0
    assert 0.4 < changed.mean() < 0.6


def test_occlusion_covers_one_rectangle_with_one_level():
    crops_ = tf.fill([50, 32, 32, 3], -1.0)
    settings = Augmentation(blur=0, random_erasing=1.0)
    result = augment.random_appearance(settings, crops_, _draws(50)[:, 9:]).numpy()
    for crop in result:
        covered = crop[..., 0] >= 0
        rows, columns = covered.any(axis=1), covered.any(axis=0)
        assert covered.sum() == rows.sum() * columns.sum()
        assert rows.sum() <= 17 and columns.sum() <= 17
        assert len(np.unique(crop[covered])) <= 1
