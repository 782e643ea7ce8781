"""Networks run by Keras. No other module of inference needs Keras."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

# The import registers the layers that a pickled network may have.
from wingkeras import models as _models  # noqa: F401
from wingkeras.imaging import graph_crops
from wingkeras.inference import cascade
from wingkeras.schemes import LandmarkScheme


@dataclass(frozen=True, eq=False)
class KerasStage:
    """One network of a localizer, run by Keras.

    It can be pickled: the copy has the network's configuration and weights, not its
    optimizer.

    Attributes:
        network: maps `(N, S, S, 3)` pixels in [0, 255] to shape vectors `(N, 2L)`
            in pixels of that input.
        mean_shape: `(L, 2)`, pixels of the input.

    Example:

    ```python
    mean_shape = localizer.stages[0].mean_shape
    stage = KerasStage(wingkeras.models.CNN6(68, mean_shape), mean_shape)
    mine = wingkeras.Localizer([stage], wingkeras.schemes.IBUG68, box_scale=1.1)
    ```
    """

    network: keras.Model
    mean_shape: np.ndarray

    @property
    def runtime(self) -> str:
        """Always "keras"."""
        return "keras"

    @property
    def size(self) -> int:
        """Side of the input, pixels."""
        return self.network.input_shape[1]

    @property
    def num_landmarks(self) -> int:
        """L."""
        return self.network.output_shape[-1] // 2

    def run(self, crops: Any) -> Any:
        """Shape vectors `(N, 2L)` float32 of `(N, S, S, 3)` crops, in `keras.ops`."""
        return ops.cast(self.network(crops, training=False), "float32")

    def __reduce__(self):
        network = self.network
        parts = type(network), network.get_config(), network.get_weights()
        return _rebuild, (*parts, self.mean_shape)


def _rebuild(kind, config: dict, weights: list, mean_shape) -> KerasStage:
    network = kind.from_config(config)
    network.set_weights(weights)
    return KerasStage(network, mean_shape)


def localize_regions(
    stages: Sequence[KerasStage],
    regions: Any,
    maps: Any,
    flip_scheme: LandmarkScheme | None = None,
) -> Any:
    """`cascade.localize_regions` in `keras.ops`, for use in graphs and compilation."""
    return cascade.localize_regions(
        stages, regions, maps, flip_scheme, ops, graph_crops.crop
    )


def compile_stages(
    stages: Sequence[KerasStage], flip_scheme: LandmarkScheme | None, region_size: int
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """`localize_regions`, compiled for arrays, without a trace for every batch size.

    Args:
        stages, flip_scheme: see `cascade.localize_regions`.
        region_size: R, side of the regions, pixels.

    Returns:
        A function of regions `(N, R, R, 3)` uint8 and maps `(N, 2, 3)` float32.
        Several threads may call it.
    """

    def function(regions, maps):
        return localize_regions(stages, regions, maps, flip_scheme)

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        signature = [
            tf.TensorSpec((None, region_size, region_size, 3), tf.uint8),
            tf.TensorSpec((None, 2, 3), tf.float32),
        ]
        compiled = tf.function(function, input_signature=signature)
        return lambda regions, maps: compiled(regions, maps).numpy()
    if backend == "jax":
        import jax

        return _in_powers_of_two(jax.jit(function))
    return lambda regions, maps: np.asarray(
        ops.convert_to_numpy(function(regions, maps))
    )


def _in_powers_of_two(function):
    """Pad batches to powers of two, since XLA compiles anew for every batch size."""

    def padded(regions, maps):
        count = len(regions)
        padding = (1 << (count - 1).bit_length()) - count
        regions, maps = (
            np.concatenate([x, x[:1].repeat(padding, axis=0)]) for x in (regions, maps)
        )
        return np.asarray(function(regions, maps))[:count]

    return padded
