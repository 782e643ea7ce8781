"""Functional-API builders of the paper's networks (Sections 3 and 6)."""

import keras
import numpy as np
from keras import layers

CNN6_SIZE = 64
"""Side of CNN-6's input, pixels."""

CNN7_SIZE = 128
"""Side of CNN-7's input, pixels."""


def CNN6(
    num_landmarks: int = 68,
    mean_shape: np.ndarray | None = None,
    name: str = "cnn6",
) -> keras.Model:
    """CNN-6: five convolutions, one fully connected layer, 64 px (Figure 2).

    Args:
        num_landmarks: L, the number of points.
        mean_shape: `(L, 2)`, pixels of the input, x then y. The output layer's bias
            starts there, which makes training several times faster.
        name: of the model.

    Returns:
        A model from `(batch, 64, 64, 3)` RGB pixels in [0, 255], uint8 or float, to
        shape vectors `(batch, 2L)` in pixels of the input. 3,806,152 parameters
        at 68 points.

    Raises:
        ValueError: for `num_landmarks` < 1 or a `mean_shape` of another shape.
    """
    filters = (32, 64, 128, 256, 512)
    return _plain_cnn(CNN6_SIZE, filters, num_landmarks, mean_shape, name)


def CNN7(
    num_landmarks: int = 68,
    mean_shape: np.ndarray | None = None,
    name: str = "cnn7",
) -> keras.Model:
    """CNN-7: six convolutions, one fully connected layer, 128 px (Section 6).

    Args:
        num_landmarks: L, the number of points.
        mean_shape: `(L, 2)`, pixels of the input, x then y; see `CNN6`.
        name: of the model.

    Returns:
        A model from `(batch, 128, 128, 3)` RGB pixels in [0, 255], uint8 or float,
        to shape vectors `(batch, 2L)` in pixels of the input. 8,508,168 parameters
        at 68 points.

    Raises:
        ValueError: for `num_landmarks` < 1 or a `mean_shape` of another shape.
    """
    filters = (64, 128, 256, 512, 512, 512)
    return _plain_cnn(CNN7_SIZE, filters, num_landmarks, mean_shape, name)


def _plain_cnn(size, filters, num_landmarks, mean_shape, name) -> keras.Model:
    image = keras.Input((size, size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(image)
    for i, channels in enumerate(filters, start=1):
        x = layers.Conv2D(
            channels, 3, padding="same", activation="relu", name=f"conv{i}"
        )(x)
        x = layers.MaxPooling2D(name=f"pool{i}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(1024, activation="relu", name="fully_connected")(x)
    shape = landmark_head(num_landmarks, mean_shape)(x)
    return keras.Model(image, shape, name=name)


def landmark_head(num_landmarks: int, mean_shape: np.ndarray | None) -> layers.Layer:
    """The output layer: a shape vector in float32, started at the mean shape.

    Args:
        num_landmarks: L.
        mean_shape: `(L, 2)`, pixels of the input, or `None` for a zero bias.

    Returns:
        A dense layer with 2L outputs; float32 under mixed precision as well, since
        bfloat16 resolves no more than half a pixel at 128 px.

    Raises:
        ValueError: for `num_landmarks` < 1 or a `mean_shape` of another shape.
    """
    if num_landmarks < 1:
        raise ValueError(f"Expected num_landmarks >= 1, received {num_landmarks}.")
    bias = "zeros"
    if mean_shape is not None:
        mean_shape = np.asarray(mean_shape, np.float32)
        if mean_shape.shape != (num_landmarks, 2):
            raise ValueError(
                f"Expected `mean_shape` of shape ({num_landmarks}, 2), "
                f"received {mean_shape.shape}."
            )
        bias = keras.initializers.Constant(mean_shape.T.ravel().tolist())
    return layers.Dense(
        2 * num_landmarks, bias_initializer=bias, dtype="float32", name="landmarks"
    )
