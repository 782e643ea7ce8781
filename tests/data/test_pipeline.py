import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import wingkeras
from faces_on_disk import make_faces
from wingkeras import data as training_data
from wingkeras import geometry
from wingkeras.data import balance, pipeline
from wingkeras.data.augment import Augmentation
from wingkeras.data.regions import crop_landmarks, evaluation_batches, load_regions
from wingkeras.imaging import graph_crops

SIZE = 32


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    return make_faces(tmp_path_factory.mktemp("faces"), 12)


@pytest.fixture(scope="module")
def regions(faces):
    return load_regions(faces, SIZE, 1.1)


def _take(batches, count):
    return [(x.numpy(), y.numpy()) for x, y in batches.take(count)]


def _train(regions, **changes):
    settings = {"batch_size": 4, "seed": 3, "augmentation": Augmentation(), **changes}
    return pipeline.training_batches(regions, **settings)


def _colour_at(crop, point):
    x, y = np.clip(np.rint(point), 0, SIZE - 1).astype(int)
    return crop[y, x]


@pytest.mark.parametrize("blur", [0.0, 1.0])
def test_landmarks_stay_on_their_colours(regions, blur):
    """The whole way, file to batch: every disc is where its landmark says."""
    colours = np.array(
        [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)]
    )
    settings = Augmentation(flip=0, blur=blur, scale=0.1, translate=0.05)
    for batch, vectors in _take(_train(regions, augmentation=settings), 6):
        landmarks = geometry.from_shape_vectors(vectors)
        for crop, points in zip(batch, landmarks, strict=True):
            for point, colour in zip(points, colours, strict=True):
                if (point > 1).all() and (point < SIZE - 2).all():
                    assert np.abs(_colour_at(crop, point) - colour).max() < 90


def test_mirrored_faces_have_their_points_swapped(regions):
    """Left eyes stay left: of two mirror images, the colours swap, names do not."""
    settings = Augmentation(flip=1.0, rotation=0, blur=0, corner_jitter=0)
    batch, vectors = _take(_train(regions, augmentation=settings), 1)[0]
    points = geometry.from_shape_vectors(vectors)
    assert (points[:, 0, 0] < points[:, 1, 0]).all()
    for crop, face in zip(batch, points, strict=True):
        left_eye = _colour_at(crop, face[0])
        assert left_eye[1] > 150 > left_eye[0]  # the green disc was on the right


def test_an_epoch_holds_every_face_once(regions):
    settings = Augmentation(rotation=0, flip=0, corner_jitter=0, blur=0)
    batches = _take(_train(regions, augmentation=settings), 6)
    vectors = np.concatenate([y for _, y in batches])
    expected = geometry.to_shape_vectors(crop_landmarks(regions))
    for epoch in (vectors[:12], vectors[12:]):
        order = np.lexsort(epoch.T), np.lexsort(expected.T)
        np.testing.assert_allclose(epoch[order[0]], expected[order[1]], atol=1e-4)
    assert not np.array_equal(vectors[:12], vectors[12:])


def test_plan_repeats_faces(regions):
    settings = Augmentation(rotation=0, flip=0, corner_jitter=0, blur=0)
    plan = np.array([5, 5, 5, 2])
    (_, vectors), *_ = _take(_train(regions, augmentation=settings, plan=plan), 1)
    expected = geometry.to_shape_vectors(crop_landmarks(regions))[plan]
    np.testing.assert_allclose(
        np.sort(vectors, axis=0), np.sort(expected, axis=0), atol=1e-4
    )


def test_same_seed_same_batches(regions):
    first, again = _take(_train(regions), 4), _take(_train(regions), 4)
    for (x, y), (u, v) in zip(first, again, strict=True):
        np.testing.assert_array_equal(x, u)
        np.testing.assert_array_equal(y, v)
    other = _take(_train(regions, seed=4), 1)
    assert not np.array_equal(first[0][1], other[0][1])


def test_resumed_epoch_is_the_one_that_would_have_come(regions):
    whole = _take(_train(regions), 9)
    resumed = _take(_train(regions, first_epoch=2), 3)
    for (x, y), (u, v) in zip(whole[6:], resumed, strict=True):
        np.testing.assert_array_equal(x, u)
        np.testing.assert_array_equal(y, v)


def test_two_passes_differ_in_their_augmentation(regions):
    plan = np.zeros(4, int)
    (a, _), (b, _) = _take(_train(regions, plan=plan), 2)
    assert np.abs(a - b).mean() > 1


def test_evaluation_crops_are_those_of_a_localizer(faces, regions):
    """Both ways go through the same region and agree to interpolation error."""
    batch, vectors = next(iter(evaluation_batches(regions, 12)))
    expected = graph_crops.sample(regions.images, regions.maps, SIZE)
    np.testing.assert_allclose(batch, expected, atol=0.05)
    maps = geometry.crop_maps(geometry.scale_boxes(faces.boxes, 1.1), SIZE)
    landmarks = geometry.transform(maps, faces.landmarks)
    np.testing.assert_allclose(vectors, geometry.to_shape_vectors(landmarks), atol=1e-3)


def test_unlabelled_points_stay_unlabelled(faces):
    landmarks = faces.landmarks.copy()
    landmarks[:, 2] = np.nan
    partial = dataclasses.replace(faces, landmarks=landmarks, boxes=faces.boxes)
    partial = load_regions(partial, SIZE, 1.1)
    _, vectors = next(iter(_train(partial)))
    missing = tf.math.is_nan(geometry.from_shape_vectors(vectors.numpy())).numpy()
    assert missing[:, 2].all() and not missing[:, [0, 1, 3, 4]].any()


def test_fewer_faces_than_a_batch(regions):
    with pytest.raises(ValueError, match=r"batch of 16 faces, received 12"):
        _train(regions, batch_size=16)


def test_a_picture_that_broke_since_is_named(faces, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(faces.images[0].read_bytes()[:100])
    images = (*faces.images[:3], broken, *faces.images[4:])
    with pytest.raises(ValueError, match=r"broken\.png"):
        load_regions(dataclasses.replace(faces, images=images), SIZE, 1.1)


def test_training_dataset_feeds_plain_fit(faces):
    steps = training_data.steps_per_epoch(faces, 4)
    assert steps == 3
    batches = training_data.training_dataset(
        faces, 64, Augmentation(colour=0.2), batch_size=4, box_scale=1.2
    )
    assert batches.cardinality() == tf.data.INFINITE_CARDINALITY
    keras.utils.set_random_seed(0)
    model = wingkeras.models.CNN6(num_landmarks=5)
    model.compile("adamw", wingkeras.WingLoss(w=10, epsilon=2))
    settings = {"steps_per_epoch": steps, "epochs": 4, "verbose": 0, "shuffle": False}
    history = model.fit(batches, **settings).history
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize("cap", [None, 2])
def test_training_dataset_mines_hard_samples(faces, cap):
    """With bins so many that each holds a face, the fullest bin sets the repeats."""
    poses = balance.pose_coefficients(faces.landmarks, faces.scheme)
    repeats = balance.copies(poses, 5, cap)
    assert repeats.max() == (cap or 4)
    steps = training_data.steps_per_epoch(faces, 1, hsm_bins=5, hsm_cap=cap)
    assert steps == repeats.sum()
    still = Augmentation(rotation=0, flip=0, corner_jitter=0, blur=0)
    batches = training_data.training_dataset(
        faces, SIZE, still, batch_size=1, hsm_bins=5, hsm_cap=cap
    )
    shown = np.concatenate([y for _, y in _take(batches, steps)])
    expected = geometry.to_shape_vectors(crop_landmarks(load_regions(faces, SIZE, 1.1)))
    distances = np.abs(shown[:, None] - expected[None]).max(axis=2)
    counts = np.bincount(distances.argmin(axis=1), minlength=len(faces))
    assert distances.min(axis=1).max() < 1e-3
    np.testing.assert_array_equal(counts, repeats)
    with pytest.raises(ValueError, match="batch of 99 faces"):
        training_data.training_dataset(faces, SIZE, batch_size=99)
