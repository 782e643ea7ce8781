"""The paper's plain networks, CNN-6 and CNN-7 (Sections 3 and 6)."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from wingkeras.models.heads import landmark_head
from wingkeras.models.trunks import load_trunk

CNN6_SIZE = 64
"""Side of CNN-6's input, pixels."""


CNN7_SIZE = 128
"""Side of CNN-7's input, pixels."""


def CNN6(
    num_landmarks: int = 68,
    mean_shape: np.ndarray | None = None,
    name: str = "cnn6",
    batch_norm: bool = False,
    weights: str | Path | None = None,
) -> keras.Model:
    """CNN-6: five convolutions, one fully connected layer, 64 px (Figure 2).

    Args:
        num_landmarks: L, the number of points.
        mean_shape: `(L, 2)`, pixels of the input, x then y. The output layer's bias
            starts there, which makes training several times faster.
        name: of the model.
        batch_norm: whether batch normalisation stands before every ReLU. The paper
            has none (Section 7.1); it helps in training, and
            `folding.fold_batch_norm` removes it afterwards.
        weights: a trained model whose layers below the output layer are taken over: a
            name in the zoo, or a folder that `zoo.save` or `train` wrote. The output
            layer is new, for any number of points. By default all weights are random.

    Returns:
        A model from `(batch, 64, 64, 3)` RGB pixels in [0, 255], uint8 or float, to
        shape vectors `(batch, 2L)` in pixels of the input. 3,806,152 parameters
        at 68 points.

    Raises:
        ValueError: for `num_landmarks` < 1, a `mean_shape` of another shape, or
            `weights` of a model without a CNN-6, or together with `batch_norm`.
        FileNotFoundError, FetchError: if the weight file is not there, see `zoo.load`.

    Example:

    ```python
    hand = wingkeras.models.CNN6(num_landmarks=21, weights="cnn6_300w")
    ```
    """
    filters = (32, 64, 128, 256, 512)
    network = _plain_cnn(
        CNN6_SIZE, filters, num_landmarks, mean_shape, name, batch_norm
    )
    if weights:
        _check_plain(batch_norm)
        load_trunk(network, "CNN6", weights, CNN6)
    return network


def CNN7(
    num_landmarks: int = 68,
    mean_shape: np.ndarray | None = None,
    name: str = "cnn7",
    batch_norm: bool = False,
    weights: str | Path | None = None,
) -> keras.Model:
    """CNN-7: six convolutions, one fully connected layer, 128 px (Section 6).

    Args:
        num_landmarks: L, the number of points.
        mean_shape: `(L, 2)`, pixels of the input, x then y; see `CNN6`.
        name: of the model.
        batch_norm: see `CNN6`.
        weights: see `CNN6`; the zoo's `cnn67_300w` has a CNN-7.

    Returns:
        A model from `(batch, 128, 128, 3)` RGB pixels in [0, 255], uint8 or float,
        to shape vectors `(batch, 2L)` in pixels of the input. 8,508,168 parameters
        at 68 points.

    Raises:
        ValueError, FileNotFoundError, FetchError: see `CNN6`.

    Example:

    ```python
    thing = wingkeras.models.CNN7(num_landmarks=12, weights="cnn67_300w")
    ```
    """
    filters = (64, 128, 256, 512, 512, 512)
    network = _plain_cnn(
        CNN7_SIZE, filters, num_landmarks, mean_shape, name, batch_norm
    )
    if weights:
        _check_plain(batch_norm)
        load_trunk(network, "CNN7", weights, CNN7)
    return network


def _plain_cnn(
    size, filters, num_landmarks, mean_shape, name, batch_norm
) -> keras.Model:
    kind: dict[str, Any] = {"use_bias": False} if batch_norm else {"activation": "relu"}
    image = keras.Input((size, size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(image)
    for i, channels in enumerate(filters, start=1):
        x = layers.Conv2D(channels, 3, padding="same", name=f"conv{i}", **kind)(x)
        x = layers.MaxPooling2D(name=f"pool{i}")(x)
        if batch_norm:
            x = _normalize(x, f"conv{i}")
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(1024, name="fully_connected", **kind)(x)
    if batch_norm:
        x = _normalize(x, "fully_connected")
    shape = landmark_head(num_landmarks, mean_shape)(x)
    return keras.Model(image, shape, name=name)


def _check_plain(batch_norm: bool) -> None:
    if batch_norm:
        raise ValueError(
            "Expected batch_norm=False together with `weights`: trained models come "
            "without batch normalisation."
        )


def norm_name(layer_name: str) -> str:
    """Name of the batch normalisation layer after a layer of a plain CNN."""
    return f"{layer_name}_norm"


def _normalize(x, layer_name: str):
    # It comes after the pooling, where it costs a quarter. Like a ReLU, it keeps the
    # order of values as long as its scale is not negative, so maxima stay maxima.
    x = layers.BatchNormalization(
        gamma_constraint="non_neg", name=norm_name(layer_name)
    )(x)
    return layers.ReLU(name=f"{layer_name}_relu")(x)
