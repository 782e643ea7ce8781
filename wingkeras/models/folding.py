"""Folding batch normalisation into the layers before it, for use after training."""

import keras
import numpy as np

from wingkeras.models.build import build, network_name
from wingkeras.models.cnn import norm_name


def fold_batch_norm(network: keras.Model) -> keras.Model:
    """The plain CNN that computes what a batch-normalised one does at inference.

    Args:
        network: from `models.CNN6` or `models.CNN7` with `batch_norm=True`, trained.

    Returns:
        A network without batch normalisation, in the precision of the current dtype
        policy; its outputs are those of `network` up to rounding.

    Raises:
        ValueError: for any other network.
    """
    name = network_name(network)
    layers = {layer.name: layer for layer in network.layers}
    if norm_name("conv1") not in layers:
        raise ValueError(
            f"Expected a plain CNN built with batch_norm=True, received a {name} "
            "without batch normalisation of its own."
        )
    plain = build(name, network.output_shape[-1] // 2)
    for layer in plain.layers:
        norm = layers.get(norm_name(layer.name))
        weights = layers[layer.name].get_weights()
        layer.set_weights(_fold(weights[0], norm) if norm else weights)
    return plain


def _fold(kernel: np.ndarray, norm: keras.layers.BatchNormalization) -> list:
    gamma, beta, mean, variance = norm.get_weights()
    scale = gamma / np.sqrt(variance + norm.epsilon)
    return [kernel * scale, beta - mean * scale]
