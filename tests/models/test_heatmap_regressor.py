import keras
import numpy as np
import pytest

from wingkeras import models
from wingkeras.models import HeatmapRegressor
from wingkeras.models.heatmap import SoftArgmax
from wingkeras.models.weights import load_weights, serialize


def _image(size=32):
    return np.random.default_rng(0).integers(0, 256, (2, size, size, 3), np.uint8)


def test_size():
    network = HeatmapRegressor()
    assert network.count_params() == 1_947_684
    assert network.input_shape == (None, 112, 112, 3)
    assert network.output_shape == (None, 136)
    assert network.get_layer("landmarks").output.shape == (None, 28, 28, 68)


def test_a_landmark_is_the_mean_place_of_its_map():
    network = HeatmapRegressor(num_landmarks=3, size=48)
    maps_of = keras.Model(network.input, network.get_layer("landmarks").output)
    maps = np.array(maps_of(_image(48)), np.float64)
    share = np.exp(maps - maps.max(axis=(1, 2), keepdims=True))
    share /= share.sum(axis=(1, 2), keepdims=True)
    places = 4 * np.arange(12) + 1.5
    x = np.einsum("brcl,c->bl", share, places)
    y = np.einsum("brcl,r->bl", share, places)
    expected = np.concatenate([x, y], axis=1)
    np.testing.assert_allclose(network(_image(48)), expected, rtol=1e-4)


def test_takes_bytes_and_floats_alike():
    network = HeatmapRegressor(num_landmarks=5, size=32)
    np.testing.assert_array_equal(
        network(_image()), network(_image().astype(np.float32))
    )


def test_places_are_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = HeatmapRegressor(num_landmarks=5, size=32)
    finally:
        keras.config.set_dtype_policy(before)
    assert network.get_layer("stem_conv").compute_dtype == "bfloat16"
    assert network.get_layer("landmarks").compute_dtype == "float32"
    assert network(_image()).dtype == "float32"


def test_saves_and_loads(tmp_path):
    network = HeatmapRegressor(num_landmarks=5, size=32)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(network(_image()), loaded(_image()))
    (tmp_path / "half.weights.h5").write_bytes(serialize(network))
    load_weights(loaded, tmp_path / "half.weights.h5")
    np.testing.assert_allclose(network(_image()), loaded(_image()), atol=0.1)


@pytest.mark.parametrize("backbone", ["EfficientNetB0", "VGG16"])
def test_takes_the_backbones_of_keras(backbone):
    network = HeatmapRegressor(backbone, num_landmarks=5, size=64)
    vectors = np.array(network(_image(64)))
    assert vectors.shape == (2, 10)
    assert (vectors >= 0).all() and (vectors <= 63).all()


@pytest.mark.parametrize("weights", ["imagenet", __file__])
def test_weights_that_would_change_the_layers_are_refused(weights):
    with pytest.raises(ValueError, match="`weights` to be None for EfficientNetB0"):
        HeatmapRegressor("EfficientNetB0", size=64, weights=weights)


def test_has_a_name_to_build_it_by():
    network = models.build("HeatmapMobileNetV2", 5, size=32)
    assert models.network_name(network) == "HeatmapMobileNetV2"
    assert isinstance(network.layers[-1], SoftArgmax)
    assert models.input_size("HeatmapMobileNetV2") == 112


def test_trained_weights_before_stride_4_are_kept(tmp_path):
    plain = HeatmapRegressor("VGG16", num_landmarks=5, size=32)
    assert all(layer.trainable for layer in plain.layers)
    keras.applications.VGG16(weights=None, include_top=False).save_weights(
        tmp_path / "vgg16.weights.h5"
    )
    network = HeatmapRegressor(
        "VGG16", num_landmarks=5, size=32, weights=tmp_path / "vgg16.weights.h5"
    )
    kept = [layer.name for layer in network.layers if layer.weights]
    kept = [name for name in kept if not network.get_layer(name).trainable]
    assert kept == [f"block{b}_conv{i}" for b in (1, 2) for i in (1, 2)]


def test_learns_where_a_spot_is():
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    centres = rng.integers(6, 26, (64, 2))
    images = np.zeros((64, 32, 32, 3), np.uint8)
    for image, (x, y) in zip(images, centres, strict=True):
        image[y - 2 : y + 3, x - 2 : x + 3] = 255
    network = HeatmapRegressor(num_landmarks=1, size=32)
    # Compiled by XLA it would take minutes on some processors.
    network.compile(keras.optimizers.Adam(1e-3), "mae", jit_compile=False)
    network.fit(images, centres.astype(np.float32), 16, epochs=30, verbose=0)
    assert np.abs(np.array(network(images)) - centres).mean() < 1.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_landmarks": 0}, "num_landmarks >= 1, received 0"),
        ({"size": 100}, "a multiple of 16, received 100"),
        ({"size": 16}, "a multiple of 16, received 16"),
        ({"backbone": "MobileNetV9"}, "received 'MobileNetV9'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        HeatmapRegressor(**arguments)


def test_a_missing_weight_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no"):
        HeatmapRegressor(weights=tmp_path / "none.npz")
