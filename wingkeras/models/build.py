"""Networks by name."""

from pathlib import Path

import keras
import numpy as np

from wingkeras.models.backbones import BACKBONES, RESNET50_SIZE, Regressor
from wingkeras.models.cnn import CNN6, CNN6_SIZE, CNN7, CNN7_SIZE
from wingkeras.models.heatmap import UNET_SIZE, UNet
from wingkeras.models.heatmap_regressor import (
    HEATMAP_NETWORKS,
    HEATMAP_SIZE,
    HeatmapRegressor,
    backbone_of,
)

_PLAIN_SIZES = {"CNN6": CNN6_SIZE, "CNN7": CNN7_SIZE}


NETWORKS = (*_PLAIN_SIZES, "UNet", *BACKBONES, *HEATMAP_NETWORKS)
"""Names that `build` takes."""


def build(
    network: str,
    num_landmarks: int = 68,
    mean_shape: np.ndarray | None = None,
    size: int | None = None,
    weights: str | Path | None = None,
    batch_norm: bool = False,
) -> keras.Model:
    """A network by name.

    Args:
        network: one of `NETWORKS`: a plain CNN, the U-Net, a backbone for
            `Regressor`, or "Heatmap" and a backbone for `HeatmapRegressor`.
        num_landmarks: L, the number of points.
        mean_shape: `(L, 2)`, pixels of the input; see `CNN6`. Networks with
            heat maps do not need it.
        size: side of the input, pixels; `input_size(network)` by default.
        weights: to start from: a trained model, see `CNN6`; of a backbone also
            "imagenet" or a file, see `Regressor` and `HeatmapRegressor`.
        batch_norm: of a plain CNN; see `CNN6`.

    Returns:
        The model.

    Raises:
        ValueError: for an unknown network, or a size, weights or batch normalisation
            that it does not support.
        FileNotFoundError, FetchError, OSError: see `CNN6` and `Regressor`.

    Example:

    ```python
    model = build("CNN6", num_landmarks=5)
    ```
    """
    size = size or input_size(network)
    if network not in _PLAIN_SIZES and batch_norm:
        raise ValueError(
            f"Expected `batch_norm` for a plain CNN only; {network} has its own "
            "normalisation or none."
        )
    if network == "UNet":
        return UNet(num_landmarks, size, weights=weights)
    if network in HEATMAP_NETWORKS:
        return HeatmapRegressor(backbone_of(network), num_landmarks, size, weights)
    if network not in _PLAIN_SIZES:
        return Regressor(network, num_landmarks, mean_shape, size, weights)
    if size != _PLAIN_SIZES[network]:
        raise ValueError(
            f"Expected size {_PLAIN_SIZES[network]} for {network}, received {size}."
        )
    builder = {"CNN6": CNN6, "CNN7": CNN7}[network]
    return builder(num_landmarks, mean_shape, batch_norm=batch_norm, weights=weights)


def input_size(network: str) -> int:
    """Default side of a network's input, pixels.

    Raises:
        ValueError: for an unknown network.

    Example:

    ```python
    input_size("CNN7")  # 128
    ```
    """
    if network not in NETWORKS:
        raise ValueError(
            f"Expected a network of {', '.join(NETWORKS)}; received {network!r}."
        )
    if network in HEATMAP_NETWORKS:
        return HEATMAP_SIZE
    return {**_PLAIN_SIZES, "UNet": UNET_SIZE}.get(network, RESNET50_SIZE)


def network_name(network: keras.Model) -> str:
    """The name that `build` uses for a network.

    Raises:
        ValueError: if it was not built here.

    Example:

    ```python
    network_name(build("CNN6", num_landmarks=5))  # "CNN6"
    ```
    """
    names = {name.lower(): name for name in NETWORKS}
    if network.name not in names:
        raise ValueError(
            "Expected a network that `wingkeras.models` built, under its own name; "
            f"received {network.name!r}."
        )
    return names[network.name]
