import keras
import numpy as np
import pytest

from wingkeras.models import CNN6, CNN7


@pytest.mark.parametrize(
    ("builder", "size", "parameters"), [(CNN6, 64, 3_806_152), (CNN7, 128, 8_508_168)]
)
def test_size_and_layers(builder, size, parameters):
    network = builder()
    assert network.count_params() == parameters
    assert network.input_shape == (None, size, size, 3)
    assert network.output_shape == (None, 136)
    names = [layer.name for layer in network.layers]
    convolutions = {6: 5, 7: 6}[int(network.name[-1])]
    expected = [f"{kind}{i + 1}" for i in range(convolutions) for kind in _PAIR]
    ends = ["flatten", "fully_connected", "landmarks"]
    assert names == ["image", "scale", *expected, *ends]
    assert builder().layers[-1].name == network.layers[-1].name


_PAIR = ("conv", "pool")


def test_starts_at_the_mean_shape():
    mean = np.random.default_rng(0).uniform(0, 64, (5, 2)).astype(np.float32)
    network = CNN6(5, mean)
    grey = np.full((1, 64, 64, 3), 127.5, np.float32)
    expected = np.concatenate([mean[:, 0], mean[:, 1]])
    np.testing.assert_allclose(network(grey)[0], expected, atol=1e-5)


def test_takes_bytes_and_floats_alike():
    network = CNN6(5)
    image = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    np.testing.assert_array_equal(network(image), network(image.astype(np.float32)))


def test_output_is_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = CNN6(5)
    finally:
        keras.config.set_dtype_policy(before)
    assert network.get_layer("conv1").compute_dtype == "bfloat16"
    assert network.output.dtype == "float32"


def test_saves_and_loads_with_its_mean_shape(tmp_path):
    network = CNN6(5, np.ones((5, 2)))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    image = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    np.testing.assert_array_equal(network(image), loaded(image))


@pytest.mark.parametrize("builder", [CNN6, CNN7])
def test_bad_arguments(builder):
    with pytest.raises(ValueError, match="num_landmarks >= 1, received 0"):
        builder(0)
    with pytest.raises(ValueError, match=r"shape \(5, 2\), received \(2, 5\)"):
        builder(5, np.zeros((2, 5)))
