"""Starting networks from trained ones: all layers below the output layer."""

from collections.abc import Callable
from pathlib import Path

import keras

from wingkeras.models.heads import HEAD_NAME
from wingkeras.models.weights import load_weights
from wingkeras.storage.locating import locate_weights
from wingkeras.storage.registry import find_entry


def load_trunk(
    network: keras.Model,
    kind: str,
    weights: str | Path,
    build: Callable[[int], keras.Model],
) -> None:
    """Copy a trained model's weights to a network, except for the output layer.

    Args:
        network: to receive the weights.
        kind: its name in `wingkeras.models.NETWORKS`.
        weights: name of a model in the zoo, or folder of a saved one. Of several such
            networks in a model the last one counts.
        build: makes a network of the same kind for a number of landmarks.

    Raises:
        ValueError: for an unknown name, or a model without a network of this kind.
        FileNotFoundError, FetchError: if the weight file is not there; see `zoo.load`.
    """
    entry, folder = find_entry(weights)
    fitting = [stage for stage in entry.stages if stage.network == kind]
    if not fitting:
        received = " and ".join(stage.network for stage in entry.stages)
        raise ValueError(
            f"Expected `weights` of a model with a {kind}; {entry.name!r} has "
            f"{received}. Build that network, or choose another model."
        )
    stage = fitting[-1]
    trained = build(len(stage.mean_shape))
    load_weights(trained, locate_weights(entry, stage, folder))
    copy_trunk(network, trained)


def copy_trunk(network: keras.Model, trained: keras.Model) -> None:
    """Copy the weights of a network of the same kind, except for the output layer.

    Args:
        network: to receive the weights.
        trained: to copy from; its number of landmarks may differ.
    """
    for layer, source in zip(network.layers, trained.layers, strict=True):
        if layer.name != HEAD_NAME:
            layer.set_weights(source.get_weights())
