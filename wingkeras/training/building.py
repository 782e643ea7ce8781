"""Building and compiling the network of a recipe."""

import logging
from dataclasses import dataclass
from typing import cast

import keras
import numpy as np

from wingkeras import models
from wingkeras.models.trunks import copy_trunk
from wingkeras.training import on_device
from wingkeras.training.distribution import Strategy
from wingkeras.training.optimizers import build_optimizer
from wingkeras.training.preparing import Inputs, Prepared
from wingkeras.training.recipe import Recipe
from wingkeras.training.starting import find_start, goes_on

_log = logging.getLogger("wingkeras")


@dataclass(frozen=True)
class Built:
    """The networks of a run.

    Attributes:
        network: the network being trained, on all devices.
        copy: a network of the same architecture, to validate with in this process only.
        model: the model to fit: the network, alone or after a layer with its faces.
        mean_shape: `(L, 2)`, initial output of the network, pixels of its input.
    """

    network: keras.Model
    copy: keras.Model
    model: keras.Model
    mean_shape: np.ndarray


def build(inputs: Inputs, prepared: Prepared, strategy: Strategy) -> Built:
    """Build a run's networks and compile the one to fit.

    Raises:
        ValueError: for a network, size, weights or precision that is not available.
    """
    recipe, mean_shape = inputs.recipe, prepared.mean_shape
    num_landmarks = len(inputs.training_faces.scheme)
    copy = build_network(recipe, num_landmarks, mean_shape)
    with strategy.building():
        network = build_network(recipe, num_landmarks, mean_shape)
        if inputs.init_from:
            _start_network(inputs, network)
        model = _compile(inputs, prepared, network, strategy)
    _log.info("jit_compile=%s, %s", model.jit_compile, recipe.precision)
    return Built(network, copy, model, mean_shape)


def _start_network(inputs: Inputs, network: keras.Model) -> None:
    """Give a network the trained weights that a run starts from."""
    assert inputs.init_from is not None
    start = find_start(inputs.init_from, inputs.recipe, inputs.scheme)
    assert start is not None  # `checks` guarantees it
    if goes_on(inputs.init_from, inputs.scheme):
        network.set_weights(start.network.get_weights())
    else:
        copy_trunk(network, start.network)
        _log.info("The output layer is new, for %d points.", len(inputs.scheme))


def build_network(
    recipe: Recipe, num_landmarks: int, mean_shape: np.ndarray
) -> keras.Model:
    """The untrained network of a recipe, in its precision and from its seed.

    Args:
        recipe: names the network.
        num_landmarks: L.
        mean_shape: `(L, 2)`, pixels of the network's input.

    Returns:
        A model as from `models.CNN6`.
    """
    keras.utils.set_random_seed(recipe.seed)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        return models.build(
            recipe.network,
            num_landmarks,
            mean_shape,
            recipe.size,
            recipe.weights,
            recipe.batch_norm,
        )
    finally:
        keras.config.set_dtype_policy(before)


def _compile(
    inputs: Inputs, prepared: Prepared, network: keras.Model, strategy: Strategy
) -> keras.Model:
    recipe, model, loss = inputs.recipe, network, inputs.recipe.loss
    if recipe.augment_on == "device":
        looped = max(on_device.loop_lengths(inputs.steps, strategy.count)) > 1
        model = on_device.attach(
            network, prepared.regions, recipe.augmentation, recipe.seed, looped
        )
        loss = on_device.ResidentLoss(recipe.loss)
    model.compile(
        optimizer=build_optimizer(recipe, inputs.steps * recipe.epochs),
        loss=loss,
        # Keras accepts booleans, but its type stubs do not.
        jit_compile=cast(str, recipe.jit_compile if strategy.xla else False),
    )
    model.optimizer.build(model.trainable_variables)
    return model
