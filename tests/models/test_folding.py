import keras
import numpy as np
import pytest

from wingkeras.models import CNN6, CNN7, ResNet50
from wingkeras.models.folding import fold_batch_norm


def _trained(builder, seed):
    """A network whose normalisation is far from doing nothing; some scales are 0."""
    network, rng = builder(5, batch_norm=True), np.random.default_rng(seed)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = (w.shape for w in layer.get_weights())
            scales = rng.uniform(0, 2, gamma) * (rng.uniform(size=gamma) > 0.1)
            layer.set_weights(
                [
                    scales,
                    rng.normal(0, 1, beta),
                    rng.normal(0, 0.1, mean),
                    rng.uniform(0.01, 0.1, variance),
                ]
            )
    return network


@pytest.mark.parametrize(
    ("builder", "size", "parameters"), [(CNN6, 64, 3_677_002), (CNN7, 128, 8_379_018)]
)
def test_plain_network_computes_the_same(builder, size, parameters):
    network = _trained(builder, 0)
    plain = fold_batch_norm(network)
    assert plain.count_params() == builder(5).count_params() == parameters
    assert [layer.name for layer in plain.layers] == [
        layer.name for layer in builder(5).layers
    ]
    images = np.random.default_rng(1).integers(0, 256, (4, size, size, 3), np.uint8)
    expected = network.predict_on_batch(images)
    result = plain.predict_on_batch(images)
    spread = expected.std(axis=0)
    assert (spread > 0).all()
    np.testing.assert_allclose(result, expected, atol=1e-3 * spread.min())


def test_scales_stay_positive_in_training():
    """Else the maximum of a pool would not be the one that a fold can follow."""
    keras.utils.set_random_seed(0)
    network = CNN6(2, batch_norm=True)
    network.compile(keras.optimizers.SGD(3.0, clipnorm=1.0), "mse")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 64, 64, 3), np.uint8)
    network.fit(images, rng.normal(0, 30, (8, 4)), epochs=3, verbose=0)
    scales = [w for w in network.trainable_variables if w.name == "gamma"]
    assert len(scales) == 6
    assert all(scale.numpy().min() >= 0 for scale in scales)
    assert any((scale.numpy() == 0).any() for scale in scales)


@pytest.mark.parametrize("builder", [CNN6, ResNet50])
def test_networks_with_nothing_to_fold(builder):
    with pytest.raises(ValueError, match="built with batch_norm=True, received a"):
        fold_batch_norm(builder(5))
