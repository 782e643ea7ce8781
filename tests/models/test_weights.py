import tracemalloc

import h5py
import keras
import numpy as np
import pytest

from wingkeras.models import CNN6, hdf5
from wingkeras.models.weights import load_weights, serialize


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return CNN6(5, np.full((5, 2), 32.0))


@pytest.fixture
def path(network, tmp_path):
    path = tmp_path / "a.weights.h5"
    path.write_bytes(serialize(network))
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
    trained.save_weights(tmp_path / "full.weights.h5")
    for model in (CNN6(5), trained):
        load_weights(model, tmp_path / "full.weights.h5")
        np.testing.assert_array_equal(model(_images()), trained(_images()))
    np.testing.assert_array_equal(trained.optimizer.iterations, 1)
    trained.set_weights(network.get_weights())
    assert serialize(trained) == path.read_bytes()


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
    (tmp_path / "a.weights.h5").write_bytes(serialize(large))
    loaded = CNN6(5)
    load_weights(loaded, tmp_path / "a.weights.h5")
    biases = loaded.layers[-1].bias, large.layers[-1].bias
    np.testing.assert_array_equal(*(np.asarray(bias) for bias in biases))


def test_diverged_weights_are_refused():
    diverged = CNN6(5, np.full((5, 2), np.nan))
    with pytest.raises(ValueError, match="finite weights, received others in 'cnn6'"):
        serialize(diverged)


def _broken(path, change):
    with h5py.File(path, "r+") as file:
        change(file)


def _array(file):
    return file["layers/dense/vars/0"]


def _replace(file, **settings):
    shape = _array(file).shape
    del file["layers/dense/vars/0"]
    file["layers/dense/vars"].create_dataset("0", **{"shape": shape, **settings})


def _make_virtual(file):
    del file["layers/dense/vars/1"]
    layout = h5py.VirtualLayout((1024,), dtype="f2")
    layout[:] = h5py.VirtualSource("elsewhere", "0", (1024,))
    file["layers/dense/vars"].create_virtual_dataset("1", layout)


def _put(value):
    def change(file):
        _array(file)[1, 2] = value

    return change


def _add(name, array):
    return lambda file: file.create_dataset(name, data=array)


BROKEN = {
    "NaN": (_put(np.nan), "vars/0 holds values that are not finite"),
    "infinity": (_put(-np.inf), "vars/0 holds values that are not finite"),
    "double": (
        lambda file: _replace(file, data=np.full(_array(file).shape, 1e39)),
        "vars/0 holds values that are not finite",
    ),
    "compressed": (
        lambda file: _replace(file, dtype="f2", compression="gzip"),
        "compressed, in chunks or in another file",
    ),
    "chunks": (
        lambda file: _replace(file, dtype="f2", chunks=(64, 64)),
        "compressed, in chunks or in another file",
    ),
    "in another file": (
        lambda file: _replace(file, dtype="f2", external=[("elsewhere", 0, 10**8)]),
        "compressed, in chunks or in another file",
    ),
    "virtual": (
        _make_virtual,
        "compressed, in chunks or in another file",
    ),
    "not written": (lambda file: _replace(file, dtype="f2"), "is not in the file"),
    "text": (
        lambda file: _replace(file, dtype=h5py.string_dtype()),
        "object values of the shape",
    ),
    "bomb": (
        lambda file: _replace(
            file, shape=(1 << 16, 1 << 16), dtype="f4", compression="gzip"
        ),
        r"\(65536, 65536\)",
    ),
    "further layer": (_add("layers/more/vars/0", np.ones(3)), "more arrays than"),
    "missing array": (lambda file: file.pop("layers/dense/vars/0"), "it lacks 1"),
    "soft link": (
        lambda file: file.__setitem__("layers/more", h5py.SoftLink("/layers")),
        "is a link",
    ),
    "ring": (
        lambda file: file["layers"].__setitem__("again", file["layers"]),
        "more arrays than",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_could_not_be_loaded_whole_is_refused(path, name):
    change, message = BROKEN[name]
    _broken(path, change)
    copy = CNN6(5)
    before = copy.get_weights()
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"a\.weights\.h5; .*{message}"):
        load_weights(copy, path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 60e6  # four times the weights: a bomb has gigabytes
    for a, b in zip(before, copy.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("error", [MemoryError("no memory"), KeyboardInterrupt()])
def test_an_error_half_way_leaves_the_weights_of_before(path, monkeypatch, error):
    copy = CNN6(5)
    before = copy.get_weights()

    def stop(*_, **__):
        copy.set_weights([np.zeros_like(w) for w in before])
        raise error

    monkeypatch.setattr(hdf5, "load", stop)
    kind = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else ValueError
    with pytest.raises(kind):
        load_weights(copy, path)
    for a, b in zip(before, copy.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_counts_stay_integers(tmp_path):
    """EfficientNet's mean colours come with a count."""
    image = keras.Input((4, 4, 3))
    counting = keras.layers.Normalization(axis=3)
    model = keras.Model(image, counting(image))
    counting.adapt(np.arange(480, dtype=np.float32).reshape(10, 4, 4, 3))
    path = tmp_path / "a.weights.h5"
    path.write_bytes(serialize(model))
    fresh = keras.Model(image, keras.layers.Normalization(axis=3)(image))
    load_weights(fresh, path)
    crops = np.full((1, 4, 4, 3), 7.0, np.float32)
    np.testing.assert_allclose(fresh(crops), model(crops), atol=1e-2)
