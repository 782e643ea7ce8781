"""Output layers of the networks."""

from typing import Any, cast

import numpy as np
from keras import initializers, layers

HEAD_NAME = "landmarks"
"""Name of the layer whose size depends on the number of landmarks."""


def landmark_head(num_landmarks: int, mean_shape: np.ndarray | None) -> layers.Layer:
    """The output layer: a shape vector in float32, initialised to the mean shape.

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
        bias = initializers.Constant(cast(Any, mean_shape.T.ravel().tolist()))
    return layers.Dense(
        2 * num_landmarks,
        bias_initializer=cast(Any, bias),
        dtype="float32",
        name=HEAD_NAME,
    )
