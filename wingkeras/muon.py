"""Muon for convolutional networks."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("wingkeras")
class Muon(keras.optimizers.Muon):
    """`keras.optimizers.Muon` that takes the kernels of convolutions as matrices.

    The momentum of each hidden kernel is made orthogonal before it is applied, so that
    all directions of a layer learn at one pace; plain CNNs, which have no
    normalisation, gain most from it. The kernel of a convolution is the matrix
    (height x width x channels, filters); Keras' class steps it by AdamW. So are here
    matrices with a side below 32, which are first convolutions (27 rows) and depthwise
    ones, biases and scales, and what `exclude_layers` names: the last layer should be
    among them. The arguments are those of `keras.optimizers.Muon`; an update has the
    root mean square `rms_rate` times the learning rate (arXiv 2502.16982, Section 2.2),
    so that AdamW's learning rates suit it.
    """

    def _should_use_adamw(self, variable) -> bool:
        if len(variable.shape) < 2:
            return True
        smallest = min(_rows(variable.shape), variable.shape[-1])
        excluded = any(name in variable.path for name in self.exclude_layers)
        return excluded or smallest < _SMALLEST_SIDE

    def zeropower_via_newtonschulz5(self, x, steps: int):
        """The nearest orthogonal matrix, in bfloat16, which the iteration tolerates."""
        matrix = ops.cast(ops.reshape(x, (_rows(x.shape), -1)), "bfloat16")
        result = super().zeropower_via_newtonschulz5(matrix, steps)
        return ops.cast(ops.reshape(result, x.shape), x.dtype)

    def lr_adjust(self, x):
        """The step, scaled to the root mean square of AdamW's."""
        side = max(_rows(x.shape), x.shape[-1])
        return x * (self.rms_rate * math.sqrt(side))


_SMALLEST_SIDE = 32


def _rows(shape) -> int:
    return math.prod(shape[:-1])
