import keras
import numpy as np
import pytest

from wingkeras.models.heatmap import SoftArgmax, UNet


def _image(size=32):
    return np.random.default_rng(0).integers(0, 256, (2, size, size, 3), np.uint8)


def test_size():
    network = UNet()
    assert network.count_params() == 11_888_644
    assert network.input_shape == (None, 128, 128, 3)
    assert network.output_shape == (None, 136)
    assert network.get_layer("landmarks").output.shape == (None, 32, 32, 68)


def test_a_landmark_is_the_mean_place_under_its_softmax():
    maps = np.random.default_rng(0).normal(0, 2, (3, 5, 7, 2)).astype(np.float32)
    received = SoftArgmax(stride=4)(maps)
    for face, vector in zip(maps, np.array(received), strict=True):
        for landmark in range(2):
            share = np.exp(face[..., landmark].astype(np.float64))
            share /= share.sum()
            x = sum(share[r, c] * (4 * c + 1.5) for r in range(5) for c in range(7))
            y = sum(share[r, c] * (4 * r + 1.5) for r in range(5) for c in range(7))
            np.testing.assert_allclose(vector[[landmark, 2 + landmark]], [x, y], 1e-5)


def test_a_sharp_map_points_at_the_centre_of_its_pixels():
    maps = np.full((1, 4, 4, 1), -50, np.float32)
    maps[0, 2, 1, 0] = 50
    # That place stands for columns 4 to 7 and rows 8 to 11.
    np.testing.assert_allclose(SoftArgmax(stride=4)(maps)[0], [5.5, 9.5], atol=1e-4)


def test_every_landmark_is_inside_the_picture():
    vectors = UNet(5, size=64)(_image(64))
    assert (np.array(vectors) >= 0).all() and (np.array(vectors) <= 63).all()


def test_takes_bytes_and_floats_alike():
    network = UNet(5, size=32)
    np.testing.assert_array_equal(
        network(_image()), network(_image().astype(np.float32))
    )


def test_maps_and_places_are_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = UNet(5, size=32)
    finally:
        keras.config.set_dtype_policy(before)
    assert network.get_layer("stem_conv").compute_dtype == "bfloat16"
    assert network.get_layer("landmarks").compute_dtype == "float32"
    assert network.output.dtype == "float32"


def test_saves_and_loads(tmp_path):
    network = UNet(5, size=32)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(network(_image()), loaded(_image()))


def test_learns_where_a_spot_is():
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    centres = rng.integers(6, 26, (64, 2))
    images = np.zeros((64, 32, 32, 3), np.uint8)
    for image, (x, y) in zip(images, centres, strict=True):
        image[y - 2 : y + 3, x - 2 : x + 3] = 255
    network = UNet(1, size=32)
    # Compiled by XLA it would take minutes on some processors.
    network.compile(keras.optimizers.Adam(1e-3), "mae", jit_compile=False)
    network.fit(images, centres.astype(np.float32), 16, epochs=15, verbose=0)
    # Batch statistics: the moving ones have not settled after so few steps.
    found = np.array(network(images, training=True))
    assert np.abs(found - centres).mean() < 1.5


@pytest.mark.parametrize("landmarks", [0, -1])
def test_no_landmarks_are_refused(landmarks):
    with pytest.raises(ValueError, match=f"num_landmarks >= 1, received {landmarks}"):
        UNet(landmarks)


@pytest.mark.parametrize("size", [0, 16, 100])
def test_sizes_that_it_cannot_halve_are_refused(size):
    with pytest.raises(ValueError, match=f"a multiple of 32, received {size}"):
        UNet(5, size=size)
