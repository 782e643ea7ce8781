import keras
import numpy as np
import pytest

from wingkeras.models import (
    CNN6,
    CNN7,
    Regressor,
    ResNet50,
    build,
    input_size,
    network_name,
)


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


def test_batch_normalisation_stands_between_pool_and_relu():
    names = [layer.name for layer in CNN6(batch_norm=True).layers]
    start = names.index("conv2")
    assert names[start : start + 4] == ["conv2", "pool2", "conv2_norm", "conv2_relu"]
    assert CNN6(batch_norm=True).get_layer("conv2").bias is None


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


def test_resnet50():
    network = ResNet50(num_landmarks=68)
    assert network.count_params() == 23_866_376
    assert network.input_shape == (None, 224, 224, 3)
    assert network.output_shape == (None, 136)


@pytest.mark.parametrize("backbone", ["MobileNetV3Small", "ResNet50V2"])
def test_any_backbone(backbone, tmp_path):
    mean = np.array([[10, 20], [30, 40]], np.float32)
    network = Regressor(backbone, 2, mean, size=64)
    image = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    shapes = network(image)
    assert shapes.shape == (2, 4)
    np.testing.assert_array_equal(network(image.astype(np.float32)), shapes)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_allclose(loaded(image), shapes, atol=1e-4)


def test_preprocessing_is_inside():
    """The backbone gets what its authors trained it on: here BGR without its mean."""
    network = ResNet50(2)
    backbone = keras.applications.ResNet50(
        include_top=False, pooling="avg", weights=None
    )
    backbone.set_weights(network.get_layer("resnet50").get_weights())
    image = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), np.uint8)
    prepared = image[..., ::-1].astype(np.float32) - [103.939, 116.779, 123.68]
    head = network.get_layer("landmarks")
    np.testing.assert_allclose(network(image), head(backbone(prepared)), atol=1e-4)


def test_backbone_weights_from_a_file(tmp_path):
    backbone = keras.applications.MobileNetV3Small(
        include_top=False, weights=None, input_shape=(64, 64, 3), pooling="avg"
    )
    backbone.save_weights(tmp_path / "backbone.weights.h5")
    network = Regressor(
        "MobileNetV3Small", 2, size=64, weights=tmp_path / "backbone.weights.h5"
    )
    loaded = [w for layer in network.layers for w in layer.get_weights()]
    for expected, received in zip(backbone.get_weights(), loaded[:-2], strict=True):
        np.testing.assert_array_equal(received, expected)
    kernel = backbone.layers[-3].weights[0]
    kernel.assign(np.full(kernel.shape, np.nan))
    backbone.save(tmp_path / "nan.h5")
    with pytest.raises(ValueError, match=r"finite weights of MobileNet.*nan\.h5"):
        Regressor("MobileNetV3Small", 2, size=64, weights=tmp_path / "nan.h5")


@pytest.mark.parametrize("kind", [Exception, OSError, ValueError])
def test_imagenet_weights_that_cannot_be_had(monkeypatch, kind):
    """Whatever the error is called and says."""
    build = keras.applications.MobileNetV3Small

    def fail(weights, **settings):
        if weights == "imagenet":
            raise kind("the cable is unplugged")
        return build(weights=weights, **settings)

    monkeypatch.setattr(keras.applications, "MobileNetV3Small", fail)
    message = r"unplugged.* in .*models, or give a weight file's path as `weights`"
    with pytest.raises(OSError, match=message) as caught:
        Regressor("MobileNetV3Small", size=64, weights="imagenet")
    assert type(caught.value.__cause__) is kind


def test_wrong_settings_are_not_taken_for_missing_weights():
    with pytest.raises(ValueError, match="Input size must be at least 32"):
        Regressor("ResNet50", size=16, weights="imagenet")


def test_bad_backbones():
    with pytest.raises(ValueError, match=r"'ResNet50'.*received 'ResNet49'"):
        Regressor("ResNet49")
    with pytest.raises(FileNotFoundError, match=r"there is no none\.h5"):
        ResNet50(weights="none.h5")


@pytest.mark.parametrize("name", ["CNN6", "CNN7", "ResNet50", "MobileNetV3Small"])
def test_networks_by_name(name):
    mean = np.array([[10, 20], [30, 40]], np.float32)
    network = build(name, 2, mean)
    assert network.input_shape == (None, input_size(name), input_size(name), 3)
    assert network_name(network) == name
    np.testing.assert_array_equal(
        network.get_layer("landmarks").bias.numpy(), [10, 30, 20, 40]
    )
    assert build(name, 2).count_params() == network.count_params()


def test_unet_by_name():
    network = build("UNet", 2, np.ones((2, 2)), size=32)
    assert network.input_shape == (None, 32, 32, 3)
    assert network_name(network) == "UNet" and input_size("UNet") == 128


def test_sizes_and_names_that_do_not_fit():
    assert build("MobileNetV3Small", 2, size=64).input_shape == (None, 64, 64, 3)
    with pytest.raises(ValueError, match=r"size 64 for CNN6, received 65"):
        build("CNN6", 2, size=65)
    with pytest.raises(ValueError, match=r"a model of the zoo.*received 'imagenet'"):
        build("CNN6", 2, weights="imagenet")
    with pytest.raises(ValueError, match="plain CNN only; ResNet50 has its own"):
        build("ResNet50", 2, batch_norm=True)
    with pytest.raises(ValueError, match="plain CNN only; UNet has its own"):
        build("UNet", 2, batch_norm=True)
    with pytest.raises(ValueError, match=r"a model of the zoo.*received 'imagenet'"):
        build("UNet", 2, weights="imagenet")
    with pytest.raises(ValueError, match=r"a network of CNN6, .*received 'CNN8'"):
        build("CNN8")
    with pytest.raises(ValueError, match="under its own name; received 'mine'"):
        network_name(CNN6(2, name="mine"))


def test_batch_normalisation_keeps_the_statistics_of_given_weights(tmp_path):
    own = Regressor("MobileNetV3Small", 2, size=64)
    own.layers[-2].save_weights(tmp_path / "backbone.weights.h5")
    given = Regressor(
        "MobileNetV3Small", 2, size=64, weights=tmp_path / "backbone.weights.h5"
    )
    image = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3))
    for network, moves in ((own, True), (given, False)):
        before = [v.numpy() for v in network.non_trainable_variables]
        network(image, training=True)
        after = [v.numpy() for v in network.non_trainable_variables]
        same = [np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
        assert not any(same) if moves else all(same)
