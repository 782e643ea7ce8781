"""Wing loss and its baselines, as pure functions and as Keras losses.

Every loss takes targets and predictions of one shape, `(batch, 2L)` shape vectors or
`(batch, L, 2)` landmarks, and gives one value per sample: the sum over the sample's
coordinates (Eq. 3). The classes let Keras reduce over the batch, by default to the
mean. The arithmetic is in float32, also under mixed precision. A NaN target is an
unlabelled coordinate: it adds nothing to the value or the gradient.
"""

import math
from collections.abc import Callable
from typing import Any

import keras

from wingkeras.shapes import check_same

ops: Any = keras.ops  # whose functions are declared to return `None` as well
_register = keras.saving.register_keras_serializable(package="wingkeras")


def wing(y_true, y_pred, w: float = 10.0, epsilon: float = 2.0):
    """Wing loss (Eq. 5): w ln(1 + |x| / epsilon) where |x| < w, else |x| - C.

    C = w - w ln(1 + w / epsilon) joins the two parts; the paper's text prints it
    without the factor w, which would leave a jump at |x| = w.

    Args:
        y_true: `(batch, 2L)` or `(batch, L, 2)` targets; NaN = unlabelled.
        y_pred: predictions of the same shape and unit.
        w: half-width of the logarithmic part, in the unit of the targets. The
            paper's values are pixels of the network's input; for targets in [0, 1],
            divide `w` and `epsilon` by the input's size, which scales the loss by
            the same factor and changes nothing else.
        epsilon: curvature of the logarithmic part, in the unit of the targets; the
            slope at 0 is w / epsilon.

    Returns:
        `(batch,)` float32.

    Raises:
        ValueError: for shapes that differ, or parameters that are not > 0.
    """
    _check_wing(w, epsilon)
    return _sum_over_coordinates(y_true, y_pred, lambda x: _wing(x, w, epsilon))


def rectified_wing(
    y_true, y_pred, r: float = 0.5, w: float = 10.0, epsilon: float = 2.0
):
    """Rectified Wing loss: nothing where |x| < r, then the wing.

    w ln(1 + (|x| - r) / epsilon) where r <= |x| < w, beyond it |x| - C with
    C = w - w ln(1 + (w - r) / epsilon). Errors below r are left to the noise of the
    labels (Feng et al., Rectified Wing Loss, IJCV 2020).

    Args:
        y_true: `(batch, 2L)` or `(batch, L, 2)` targets; NaN = unlabelled.
        y_pred: predictions of the same shape and unit.
        r: errors below it count as none, in the unit of the targets; 0 gives `wing`.
        w: see `wing`.
        epsilon: see `wing`.

    Returns:
        `(batch,)` float32.

    Raises:
        ValueError: for shapes that differ, or unless 0 <= r < w and epsilon > 0.
    """
    _check_rectified_wing(r, w, epsilon)

    def value(x):
        constant = w - w * math.log1p((w - r) / epsilon)
        # Without the lower bound the logarithm of a negative number would poison
        # the gradient even where it is not chosen.
        curved = w * ops.log1p(ops.maximum(x - r, 0.0) / epsilon)
        return ops.where(x < w, curved, x - constant)

    return _sum_over_coordinates(y_true, y_pred, value)


def l1(y_true, y_pred):
    """L1 loss, |x| (Section 4.1).

    Args:
        y_true: `(batch, 2L)` or `(batch, L, 2)` targets; NaN = unlabelled.
        y_pred: predictions of the same shape and unit.

    Returns:
        `(batch,)` float32.

    Raises:
        ValueError: for shapes that differ.
    """
    return _sum_over_coordinates(y_true, y_pred, lambda x: x)


def l2(y_true, y_pred):
    """L2 loss, x² / 2 (Section 4.1).

    Args:
        y_true: `(batch, 2L)` or `(batch, L, 2)` targets; NaN = unlabelled.
        y_pred: predictions of the same shape and unit.

    Returns:
        `(batch,)` float32.

    Raises:
        ValueError: for shapes that differ.
    """
    return _sum_over_coordinates(y_true, y_pred, lambda x: 0.5 * x * x)


def smooth_l1(y_true, y_pred):
    """Smooth L1 loss (Eq. 4): x² / 2 where |x| < 1, else |x| - 1/2.

    Args:
        y_true: `(batch, 2L)` or `(batch, L, 2)` targets; NaN = unlabelled.
        y_pred: predictions of the same shape and unit.

    Returns:
        `(batch,)` float32.

    Raises:
        ValueError: for shapes that differ.
    """
    return _sum_over_coordinates(
        y_true, y_pred, lambda x: ops.where(x < 1.0, 0.5 * x * x, x - 0.5)
    )


def _wing(x, w: float, epsilon: float):
    constant = w - w * math.log1p(w / epsilon)
    return ops.where(x < w, w * ops.log1p(x / epsilon), x - constant)


def _sum_over_coordinates(y_true, y_pred, value):
    """Sum `value(|x|)` over all labelled coordinates of each sample."""
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    check_same(y_true, y_pred)
    y_true, y_pred = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
    unlabelled = ops.isnan(y_true)
    # NaN is replaced before the arithmetic: masking the result alone would leave
    # NaN in the gradient.
    error = ops.abs(ops.where(unlabelled, y_pred, y_true) - y_pred)
    values = ops.where(unlabelled, 0.0, value(error))
    return ops.sum(ops.reshape(values, (ops.shape(values)[0], -1)), axis=1)


def _check_wing(w: float, epsilon: float) -> None:
    for name, value in (("w", w), ("epsilon", epsilon)):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"Expected `{name}` > 0 and finite, received {value!r}.")


def _check_rectified_wing(r: float, w: float, epsilon: float) -> None:
    _check_wing(w, epsilon)
    if not 0 <= r < w:
        raise ValueError(f"Expected 0 <= `r` < `w` = {w!r}, received r={r!r}.")


class _Loss(keras.losses.Loss):
    """What all of them share: float32, their configuration and a line that shows it."""

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
        _check_wing(w, epsilon)
        super().__init__(name, reduction)
        self.w, self.epsilon = w, epsilon

    def call(self, y_true, y_pred):
        """`(batch,)` values, see `wing`."""
        return wing(y_true, y_pred, self.w, self.epsilon)


@_register
class RectifiedWingLoss(_Loss):
    """Rectified Wing loss (IJCV 2020), summed over coordinates; see `rectified_wing`.

    Args:
        r: errors below it count as none, in the unit of the targets.
        w: see `WingLoss`.
        epsilon: see `WingLoss`.
        reduction: over the batch, as for every `keras.losses.Loss`.
        name: of the loss.

    Raises:
        ValueError: unless 0 <= r < w and epsilon > 0.
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
        _check_rectified_wing(r, w, epsilon)
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
    """L1 loss, |x|, summed over coordinates; see `l1`."""

    _function, _name = staticmethod(l1), "l1_loss"


@_register
class L2Loss(_Baseline):
    """L2 loss, x² / 2, summed over coordinates; see `l2`."""

    _function, _name = staticmethod(l2), "l2_loss"


@_register
class SmoothL1Loss(_Baseline):
    """Smooth L1 loss (Eq. 4), summed over coordinates; see `smooth_l1`."""

    _function, _name = staticmethod(smooth_l1), "smooth_l1_loss"
