import h5py
import keras
import numpy as np
import pytest

from wingkeras.models import CNN6
from wingkeras.models.weights import load_weights, save_weights


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return CNN6(5, np.full((5, 2), 32.0))


@pytest.fixture
def path(network, tmp_path):
    path = tmp_path / "a.weights.h5"
    save_weights(network, path)
    return path


def _images():
    return np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), np.uint8)


def test_file_has_two_bytes_per_parameter(network, path):
    assert path.stat().st_size < 2 * network.count_params() + 60_000
    types = set()
    with h5py.File(path) as file:
        file.visititems(lambda _, item: types.add(getattr(item, "dtype", None)))
    assert types == {None, np.dtype("float16")}


def test_float16_costs_nothing_measurable(network, path):
    copy = CNN6(5)
    load_weights(copy, path)
    difference = np.abs(np.asarray(copy(_images())) - np.asarray(network(_images())))
    assert 0 < difference.max() < 0.05


def test_plain_keras_reads_it(network, path):
    ours, plain = CNN6(5), CNN6(5)
    load_weights(ours, path)
    plain.load_weights(path)
    np.testing.assert_array_equal(ours(_images()), plain(_images()))
    assert all(w.dtype == np.float32 for w in plain.get_weights())


def test_optimizer_is_left_out_and_bytes_repeat(network, path, tmp_path):
    trained = CNN6(5)
    trained.compile("adam", "mse")
    trained.fit(_images(), np.zeros((8, 10)), verbose=0)
    trained.set_weights(network.get_weights())
    save_weights(trained, tmp_path / "b.weights.h5")
    assert (tmp_path / "b.weights.h5").read_bytes() == path.read_bytes()


def test_other_networks_weights_are_refused_and_change_nothing(path):
    other = CNN6(68)
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"3806152 parameters in .*a\.weights\.h5"):
        load_weights(other, path)
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_truncated_and_missing_files(network, path):
    path.write_bytes(path.read_bytes()[:10_000])
    before = network.get_weights()
    with pytest.raises(ValueError, match="Expected the weights of 'cnn6'"):
        load_weights(network, path)
    for a, b in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(FileNotFoundError, match="there is no"):
        load_weights(network, path.with_name("none.weights.h5"))


def test_a_tensor_beyond_the_range_of_float16_keeps_its_precision(tmp_path):
    large = CNN6(5, np.full((5, 2), 1e6 + 1 / 8))
    save_weights(large, tmp_path / "a.weights.h5")
    loaded = CNN6(5)
    load_weights(loaded, tmp_path / "a.weights.h5")
    biases = loaded.layers[-1].bias, large.layers[-1].bias
    np.testing.assert_array_equal(*(np.asarray(bias) for bias in biases))


def test_bad_ending_and_diverged(network, tmp_path):
    with pytest.raises(ValueError, match=r"ends with \.weights\.h5"):
        save_weights(network, tmp_path / "a.h5")
    diverged = CNN6(5, np.full((5, 2), np.nan))
    with pytest.raises(ValueError, match="finite weights, received others in 'cnn6'"):
        save_weights(diverged, tmp_path / "a.weights.h5")
    assert not list(tmp_path.iterdir())
