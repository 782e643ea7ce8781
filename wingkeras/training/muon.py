"""Muon for convolutional networks."""

import math
from types import SimpleNamespace

import keras
from keras import ops


@keras.saving.register_keras_serializable("wingkeras")
class Muon(keras.optimizers.Muon):
    """`keras.optimizers.Muon` that treats the kernels of convolutions as matrices.

    The momentum of each hidden kernel is made orthogonal before it is applied, so that
    all directions of a layer learn at the same pace (Jordan et al., 2024). The kernel
    of a convolution, `(height, width, channels, filters)`, is treated as the matrix
    `(height x width x channels, filters)`; Keras' class updates it by AdamW instead.
    This class uses AdamW for biases, scales, kernels with a side below 32 (such as a
    first convolution on colours, with 27 rows, and depthwise ones) and the layers in
    `exclude_layers`, where the last layer should be named. The arguments are those of
    `keras.optimizers.Muon`. The elements of an update have a root mean square of
    `rms_rate` times the learning rate, so that AdamW's learning rates suit it (Liu et
    al., arXiv 2502.16982, Section 2.2).

    Example:

    ```python
    optimizer = Muon(learning_rate=2e-3, exclude_layers=["landmarks"])
    model.compile(optimizer, loss=wingkeras.WingLoss(w=10, epsilon=2))
    ```
    """

    def _should_use_adamw(self, variable) -> bool:
        if len(variable.shape) < 2:
            return True
        sides = (_rows(variable), variable.shape[-1])
        matrix = SimpleNamespace(shape=sides, path=variable.path)
        return min(sides) < _SMALLEST_SIDE or super()._should_use_adamw(matrix)

    def zeropower_via_newtonschulz5(self, x, steps: int):
        """The orthogonal matrix nearest to `x`, a kernel or its momentum, in its shape.

        Computed in bfloat16, which the iteration tolerates.
        """
        matrix = ops.cast(_as_matrix(x), "bfloat16")
        result = super().zeropower_via_newtonschulz5(matrix, steps)
        return ops.cast(ops.reshape(result, x.shape), x.dtype)

    def lr_adjust(self, x):
        """The update in its kernel's shape, scaled for the shape of the matrix."""
        return ops.reshape(super().lr_adjust(_as_matrix(x)), x.shape)


_SMALLEST_SIDE = 32


def _rows(kernel) -> int:
    return math.prod(kernel.shape[:-1])


def _as_matrix(kernel):
    return ops.reshape(kernel, (_rows(kernel), -1))
