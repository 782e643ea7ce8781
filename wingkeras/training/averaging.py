"""Optimizers whose weight average warms up."""

from typing import Any

import keras
from keras import ops

from wingkeras.training.muon import Muon

_ETA = 8


class WarmingAverage:
    """Mixin for optimizers: the momentum of the weight average warms up.

    At step t, counted from 0, the momentum is `min(ema_momentum, t / (t + 9))`. This is
    the polynomial-decay averaging of Shamir and Zhang (ICML 2013) with eta = 8, until
    `ema_momentum` takes over: 0.999 after 8,991 steps. Until then the average covers
    about the last tenth of the steps so far. With a fixed momentum, the average of a
    short run would still contain the initial weights. The momentum follows from the
    optimizer's step counter, so there is no further state to save.
    """

    iterations: Any
    ema_momentum: Any
    _model_variables_moving_average: Any

    def _update_model_variables_moving_average(self, trainable_variables):
        step: Any = ops.cast(self.iterations, "float32")
        momentum: Any = ops.minimum(self.ema_momentum, step / (step + (_ETA + 1)))
        averages = self._model_variables_moving_average
        for variable, average in zip(trainable_variables, averages, strict=True):
            if average is not None:
                kept: Any = ops.cast(momentum, variable.dtype)
                average.assign(kept * average + (1 - kept) * variable)


@keras.saving.register_keras_serializable("wingkeras")
class AveragingSGD(WarmingAverage, keras.optimizers.SGD):
    """`keras.optimizers.SGD` with a `WarmingAverage`."""


@keras.saving.register_keras_serializable("wingkeras")
class AveragingAdamW(WarmingAverage, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW` with a `WarmingAverage`."""


@keras.saving.register_keras_serializable("wingkeras")
class AveragingMuon(WarmingAverage, Muon):
    """`muon.Muon` with a `WarmingAverage`."""
