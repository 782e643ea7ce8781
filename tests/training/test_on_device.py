import itertools

import h5py
import keras
import numpy as np
import pytest
from keras import ops
from tensorflow.experimental import numpy as tnp

from faces_on_disk import make_faces
from wingkeras import geometry
from wingkeras.data import pipeline
from wingkeras.data.augment import DRAWS, Augmentation, perturb
from wingkeras.data.order import index_batches
from wingkeras.data.regions import load_regions
from wingkeras.imaging.tf_crops import warp
from wingkeras.losses import WingLoss
from wingkeras.training import on_device

STRONG = Augmentation(
    rotation=40.0,
    scale=0.2,
    translate=0.1,
    colour=0.3,
    random_erasing=0.5,
    corner_jitter=0.1,
)
SIZE = 32


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    faces = make_faces(tmp_path_factory.mktemp("faces"), 12)
    return load_regions(faces, SIZE, 1.1)


def test_same_draws_give_what_the_host_makes(regions):
    draws = np.random.default_rng(0).random((12, DRAWS), np.float32)
    arrays = (regions.images, regions.maps, regions.landmarks)
    arguments = (*arrays, draws, SIZE, regions.mirror)
    on_host = perturb(STRONG, *arguments, xp=tnp, sample=warp)
    on_device = perturb(STRONG, *arguments)
    for a, b, tolerance in zip(on_host, on_device, (0.1, 1e-3), strict=True):
        np.testing.assert_allclose(a, ops.convert_to_numpy(b), atol=tolerance)
    assert np.std(on_host[0]) > 20


def test_distribution_is_that_of_the_host(regions):
    """Of many batches: where every landmark comes to lie, and how bright crops are."""
    order = np.tile(np.arange(12), 100)
    layer = on_device.ResidentFaces(regions, STRONG, seed=0)
    device = [[ops.convert_to_numpy(x) for x in layer(i)] for i in np.split(order, 10)]
    host = pipeline.training_batches(regions, STRONG, 12, seed=0).take(100)
    for of_batch, tolerance in ((_landmark_moments, 0.5), (_brightness_moments, 4.0)):
        a, b = (
            of_batch(*(np.concatenate(x) for x in zip(*batches, strict=True)))
            for batches in (device, host.as_numpy_iterator())
        )
        np.testing.assert_allclose(a, b, atol=tolerance)


def _landmark_moments(_, vectors):
    points = geometry.from_shape_vectors(vectors)
    return points.mean(axis=0), points.std(axis=0)


def _brightness_moments(images, _):
    brightness = images.mean(axis=(1, 2, 3))
    return brightness.mean(), brightness.std()


@pytest.mark.parametrize(
    "jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)]
)
def test_model_learns_and_keeps_only_its_random_state(regions, tmp_path, jit_compile):
    keras.utils.set_random_seed(0)
    image = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Dense(10)(keras.layers.Flatten()(x))
    network = keras.Model(image, x)
    model = on_device.attach(network, regions, Augmentation(), seed=0)
    model.compile("adam", on_device.ResidentLoss(WingLoss()), jit_compile=jit_compile)
    batches = on_device.training_batches(np.arange(12), 4, seed=0)
    settings = {"steps_per_epoch": 10, "epochs": 3, "verbose": 0, "shuffle": False}
    losses = model.fit(batches, **settings).history["loss"]
    assert losses[-1] < 0.9 * losses[0]

    both = model.predict_on_batch(np.arange(3))
    expected = WingLoss()(both[:, 0], both[:, 1])
    result = on_device.ResidentLoss(WingLoss())(np.zeros((3, 1)), both)
    np.testing.assert_allclose(result, expected, rtol=1e-6)
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    with h5py.File(path) as file:
        kept = list(file["layers/resident_faces"]["vars"])
    assert kept == ["random"]
    after = [model.predict_on_batch(np.arange(3)) for _ in range(2)]
    assert not np.allclose(*after)
    model.load_weights(path)
    np.testing.assert_array_equal(model.predict_on_batch(np.arange(3)), after[0])


def test_loops_give_the_same_batches_several_at_a_time():
    plan = np.arange(10)
    single = on_device.training_batches(plan, 2, seed=1, part=(1, 2))
    looped = on_device.training_batches(plan, 2, seed=1, part=(1, 2), loops=[3, 2])
    for count in (3, 2, 3):
        indices, nothing = next(looped)
        assert indices.shape == (count, 1) and nothing.shape == (count, 1, 1)
        expected = [indices for indices, _ in itertools.islice(single, count)]
        np.testing.assert_array_equal(indices, expected)


def test_order_is_that_of_the_host():
    plan = np.array([3, 4, 4, 5, 6])
    device = on_device.training_batches(plan, 2, seed=1)
    host = index_batches(plan, 2, seed=1)
    for (a, _), (b, _) in itertools.islice(zip(device, host, strict=False), 4):
        np.testing.assert_array_equal(a, b)
        assert set(a) <= set(plan)
