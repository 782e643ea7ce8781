"""Confidence of a network with heat maps in each landmark: the spread of its map."""

from typing import Any

import keras
from keras import layers, ops

from wingkeras import geometry
from wingkeras.models.heatmap import SoftArgmax, marginals, mean_places


def with_spread(network: keras.Model) -> keras.Model:
    """The same network with a second output, the spread of every heat map.

    A landmark that is hidden, or lies somewhere along an edge such as the jaw, has a
    wide map, and the network's error is larger there. The weights are shared, and
    nothing is trained. The second output costs about as much as the soft-argmax.

    Args:
        network: it must end with the layers "landmarks" and "mean_place", as
            `HeatmapRegressor` and `UNet` do.

    Returns:
        A model from the same input to `{"landmarks": (batch, 2L), "spread":
        (batch, L)}`, both in pixels of the input, float32. The spread is the root of
        the mean squared distance of the places of a map from their mean, under its
        softmax.

    Raises:
        ValueError: for a network without heat maps.

    Example:

    ```python
    network = wingkeras.models.HeatmapRegressor(num_landmarks=21, size=64)
    found = with_spread(network)(np.zeros((1, 64, 64, 3)))
    certain = found["spread"] < 8
    ```
    """
    last = network.layers[-1]
    if not isinstance(last, SoftArgmax):
        raise ValueError(
            f"Expected a network with heat maps, received {network.name!r}, which ends "
            f"with the layer {last.name!r}."
        )
    spread = MapSpread(int(last.stride), name="spread")(last.input)
    outputs = {"landmarks": network.output, "spread": spread}
    return keras.Model(network.input, outputs, name=f"{network.name}_with_spread")


@keras.saving.register_keras_serializable("wingkeras")
class MapSpread(layers.Layer):
    """Turns heat maps `(B, H, W, L)` into the spreads of their softmax, `(B, L)`.

    Args:
        stride: pixels of the network's input from one place of a map to the next.
        **options: of any Keras layer.
    """

    def __init__(self, stride: int, **options: Any):
        options = {"dtype": "float32"} | options
        super().__init__(**options)
        self.stride = stride

    def call(self, maps):
        """`(B, L)` in pixels of the network's input."""
        variances: list[Any] = []
        shares: Any
        for shares in marginals(maps):
            centres = geometry.cell_centres(shares.shape[1], self.stride)
            means: Any = mean_places(shares, self.stride)
            squares = ops.square(centres[:, None] - means[:, None])
            variances.append(ops.sum(shares * squares, axis=1))
        return ops.sqrt(sum(variances))

    def get_config(self) -> dict:
        """What a saved model says of the layer."""
        return super().get_config() | {"stride": self.stride}
