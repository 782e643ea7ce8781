"""Wing loss and its baselines, as pure functions and as Keras losses.

Every loss takes targets and predictions of one shape, `(batch, 2L)` shape vectors or
`(batch, L, 2)` landmarks, and gives one value per sample: the sum over the sample's
coordinates (Eq. 3). The classes let Keras reduce over the batch, by default to the
mean. The arithmetic is in float32, also under mixed precision. A NaN target is an
unlabelled coordinate: it adds nothing to the value or the gradient.
"""

from collections.abc import Callable
from typing import Any

import keras

from wingkeras.loss_functions import (
    check_rectified_wing,
    check_wing,
    l1,
    l2,
    rectified_wing,
    smooth_l1,
    wing,
)

__all__ = [
    "L1Loss",
    "L2Loss",
    "RectifiedWingLoss",
    "SmoothL1Loss",
    "WingLoss",
    "l1",
    "l2",
    "rectified_wing",
    "smooth_l1",
    "wing",
]

_register = keras.saving.register_keras_serializable(package="wingkeras")


class _Loss(keras.losses.Loss):
    """Base class of the losses: float32, their configuration and their `repr`."""

    _parameters: tuple[str, ...] = ()

    def __init__(self, name: str, reduction: str | None):
        settings: dict[str, Any] = {"reduction": reduction, "dtype": "float32"}
        super().__init__(name=name, **settings)

    def get_config(self):
        """Arguments that make an equal loss."""
        config = {name: getattr(self, name) for name in self._parameters}
        return {"name": self.name, "reduction": self.reduction, **config}

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name):g}" for name in self._parameters]
        if self.reduction != "sum_over_batch_size":
            shown.append(f"reduction={self.reduction!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


@_register
class WingLoss(_Loss):
    """Wing loss (Eq. 5), summed over coordinates; see `wing`.

    Example:

    ```python
    model.compile(optimizer="adam", loss=wingkeras.WingLoss(w=10, epsilon=2))
    ```

    Args:
        w: half-width of the logarithmic part, in the unit of the targets; the paper
            takes 10 pixels for CNN-6 and 15 for CNN-7.
        epsilon: curvature of the logarithmic part, in the unit of the targets; the
            paper takes 2 pixels for CNN-6 and 3 for CNN-7.
        reduction: over the batch, as for every `keras.losses.Loss`.
        name: of the loss.

    Raises:
        ValueError: for parameters that are not > 0.
    """

    _parameters = ("w", "epsilon")

    def __init__(
        self,
        w: float = 10.0,
        epsilon: float = 2.0,
        reduction: str = "sum_over_batch_size",
        name: str = "wing_loss",
    ):
        check_wing(w, epsilon)
        super().__init__(name, reduction)
        self.w, self.epsilon = w, epsilon

    def call(self, y_true, y_pred):
        """`(batch,)` values, see `wing`."""
        return wing(y_true, y_pred, self.w, self.epsilon)


@_register
class RectifiedWingLoss(_Loss):
    """Rectified Wing loss (IJCV 2020), summed over coordinates; see `rectified_wing`.

    Args:
        r: errors below it count as zero, in the unit of the targets.
        w: see `WingLoss`.
        epsilon: see `WingLoss`.
        reduction: over the batch, as for every `keras.losses.Loss`.
        name: of the loss.

    Raises:
        ValueError: unless 0 <= r < w and epsilon > 0.

    Example:

    ```python
    model.compile(optimizer="adam", loss=wingkeras.RectifiedWingLoss(r=0.5))
    ```
    """

    _parameters = ("r", "w", "epsilon")

    def __init__(
        self,
        r: float = 0.5,
        w: float = 10.0,
        epsilon: float = 2.0,
        reduction: str = "sum_over_batch_size",
        name: str = "rectified_wing_loss",
    ):
        check_rectified_wing(r, w, epsilon)
        super().__init__(name, reduction)
        self.r, self.w, self.epsilon = r, w, epsilon

    def call(self, y_true, y_pred):
        """`(batch,)` values, see `rectified_wing`."""
        return rectified_wing(y_true, y_pred, self.r, self.w, self.epsilon)


class _Baseline(_Loss):
    _function: Callable[..., Any]
    _name: str

    def __init__(self, reduction: str = "sum_over_batch_size", name: str | None = None):
        super().__init__(name or self._name, reduction)

    def call(self, y_true, y_pred):
        """`(batch,)` values, see the function of the same name."""
        return type(self)._function(y_true, y_pred)


@_register
class L1Loss(_Baseline):
    """L1 loss, |x|, summed over coordinates; see `l1`.

    Example:

    ```python
    model.compile(optimizer="adam", loss=wingkeras.L1Loss())
    ```
    """

    _function, _name = staticmethod(l1), "l1_loss"


@_register
class L2Loss(_Baseline):
    """L2 loss, x² / 2, summed over coordinates; see `l2`.

    Example:

    ```python
    model.compile(optimizer="adam", loss=wingkeras.L2Loss())
    ```
    """

    _function, _name = staticmethod(l2), "l2_loss"


@_register
class SmoothL1Loss(_Baseline):
    """Smooth L1 loss (Eq. 4), summed over coordinates; see `smooth_l1`.

    Example:

    ```python
    model.compile(optimizer="adam", loss=wingkeras.SmoothL1Loss())
    ```
    """

    _function, _name = staticmethod(smooth_l1), "smooth_l1_loss"
