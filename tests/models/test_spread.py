import keras
import numpy as np
import pytest

from wingkeras.models import CNN6, UNet
from wingkeras.models.spread import MapSpread, with_spread


def test_a_spread_is_the_root_mean_square_distance_under_the_softmax():
    maps = np.random.default_rng(0).normal(0, 2, (3, 5, 7, 2)).astype(np.float32)
    received = np.array(MapSpread(stride=4)(maps))
    rows, columns = np.mgrid[:5, :7]
    for face, spreads in zip(maps, received, strict=True):
        for landmark in range(2):
            share = np.exp(face[..., landmark].astype(np.float64))
            share /= share.sum()
            x, y = (share * columns).sum(), (share * rows).sum()
            squares = (columns - x) ** 2 + (rows - y) ** 2
            expected = 4 * np.sqrt((share * squares).sum())
            np.testing.assert_allclose(spreads[landmark], expected, rtol=1e-4)


def test_a_sharp_map_has_no_spread():
    maps = np.full((1, 4, 4, 1), -50, np.float32)
    maps[0, 2, 1, 0] = 50
    np.testing.assert_allclose(MapSpread(stride=4)(maps), [[0]], atol=1e-2)


def test_the_landmarks_are_those_of_the_network(tmp_path):
    network = UNet(5, size=32)
    image = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    model = with_spread(network)
    found = model(image)
    np.testing.assert_array_equal(found["landmarks"], network(image))
    assert found["spread"].shape == (2, 5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(found["spread"], loaded(image)["spread"])


def test_a_network_without_heat_maps_is_refused():
    with pytest.raises(ValueError, match="heat maps, received 'cnn6'"):
        with_spread(CNN6())
