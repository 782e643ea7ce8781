"""New networks that start from trained ones."""

import numpy as np
import pytest

from wingkeras import models, zoo
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import FIVE

MEAN = np.array([[20, 24], [44, 24], [32, 34], [24, 44], [40, 44]], np.float32)


def _assert_same_below_the_head(network, trained):
    for layer, source in zip(network.layers, trained.layers, strict=True):
        if layer.name == "landmarks":
            continue
        for a, b in zip(layer.get_weights(), source.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("kind", "model"), [("CNN6", "cnn6_300w"), ("CNN7", "cnn67_300w")]
)
def test_everything_but_the_head_is_the_zoos(kind, model):
    mean = np.random.default_rng(0).uniform(0, 64, (29, 2)).astype(np.float32)
    network = getattr(models, kind)(num_landmarks=29, mean_shape=mean, weights=model)
    _assert_same_below_the_head(network, zoo.load(model).stages[-1].network)
    head = network.get_layer("landmarks")
    np.testing.assert_array_equal(head.bias.numpy(), mean.T.ravel())
    assert head.kernel.shape == (1024, 58) and head.kernel.numpy().std() > 0


def test_the_head_is_new_for_the_same_number_of_points_too():
    network = models.CNN6(weights="cnn6_300w")
    trained = zoo.load("cnn6_300w").stages[0].network
    kernels = [n.get_layer("landmarks").kernel.numpy() for n in (network, trained)]
    assert kernels[0].shape == kernels[1].shape and not np.allclose(*kernels)


def test_backbone_of_a_trained_model_at_another_size():
    network = models.build("MobileNetV3Small", 3, size=96, weights="mobilenetv3_300w")
    trained = zoo.load("mobilenetv3_300w").stages[0].network
    assert network.input_shape == (None, 96, 96, 3)
    _assert_same_below_the_head(network, trained)
    image = np.random.default_rng(0).uniform(0, 255, (2, 96, 96, 3))
    before = [v.numpy() for v in network.non_trainable_variables]
    network(image, training=True)
    for value, variable in zip(before, network.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(value, variable.numpy())


def test_a_saved_folder_of_ones_own(tmp_path):
    trained = models.UNet(5, size=64)
    zoo.save(Localizer([KerasStage(trained, MEAN)], FIVE, 1.2), tmp_path, "own")
    network = models.UNet(3, size=32, weights=tmp_path)
    loaded = zoo.load(tmp_path).stages[0].network
    _assert_same_below_the_head(network, loaded)
    assert network.output_shape == (None, 6)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: models.CNN7(3, weights="cnn6_300w"), "a CNN7; 'cnn6_300w' has CNN6"),
        (
            lambda: models.UNet(3, weights="cnn67_300w"),
            r"has CNN6 and CNN7\. Build that",
        ),
        (
            lambda: models.Regressor("ResNet50", 3, weights="cnn6_300w"),
            "a ResNet50; 'cnn6_300w' has CNN6",
        ),
        (lambda: models.CNN6(3, weights="cnn6_300"), "Did you mean 'cnn6_300w'"),
        (
            lambda: models.CNN6(3, weights="cnn6_300w", batch_norm=True),
            "batch_norm=False together with `weights`",
        ),
    ],
    ids=["CNN7", "UNet", "ResNet50", "unknown", "batch_norm"],
)
def test_architectures_that_do_not_fit(build, message):
    with pytest.raises(ValueError, match=message):
        build()
