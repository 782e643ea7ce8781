"""Wing loss and its baselines as pure functions, one value per sample; see `losses`."""

import math
from typing import Any

import keras

from wingkeras.shapes import check_same

ops: Any = keras.ops  # whose functions are declared to return `None` as well


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

    Example:

    ```python
    wing(np.array([[10.0, 20.0]]), np.array([[10.0, 50.0]]))  # [37.9176]
    ```
    """
    check_wing(w, epsilon)
    return _sum_over_coordinates(y_true, y_pred, lambda x: _wing(x, w, epsilon))


def rectified_wing(
    y_true, y_pred, r: float = 0.5, w: float = 10.0, epsilon: float = 2.0
):
    """Rectified Wing loss: zero where |x| < r, then the Wing loss.

    w ln(1 + (|x| - r) / epsilon) where r <= |x| < w, beyond it |x| - C with
    C = w - w ln(1 + (w - r) / epsilon). Errors below r are taken for noise of the
    labels (Feng et al., Rectified Wing Loss, IJCV 2020).

    Args:
        y_true: `(batch, 2L)` or `(batch, L, 2)` targets; NaN = unlabelled.
        y_pred: predictions of the same shape and unit.
        r: errors below it count as zero, in the unit of the targets; 0 gives `wing`.
        w: see `wing`.
        epsilon: see `wing`.

    Returns:
        `(batch,)` float32.

    Raises:
        ValueError: for shapes that differ, or unless 0 <= r < w and epsilon > 0.

    Example:

    ```python
    rectified_wing(np.array([[10.0, 20.0]]), np.array([[10.4, 20.0]]))  # [0.0]
    ```
    """
    check_rectified_wing(r, w, epsilon)

    def value(x):
        constant = w - w * math.log1p((w - r) / epsilon)
        # Without the lower bound, the logarithm of a negative number would make the
        # gradient NaN even where this branch is not chosen.
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

    Example:

    ```python
    l1(np.array([[10.0, 20.0]]), np.array([[13.0, 20.0]]))  # [3.0]
    ```
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

    Example:

    ```python
    l2(np.array([[10.0, 20.0]]), np.array([[13.0, 20.0]]))  # [4.5]
    ```
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

    Example:

    ```python
    smooth_l1(np.array([[10.0, 20.0]]), np.array([[13.0, 20.0]]))  # [2.5]
    ```
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
    batch, *others = ops.shape(values)
    # Not -1 for the others: in an empty batch they would not be known.
    return ops.sum(ops.reshape(values, (batch, math.prod(others))), axis=1)


def check_wing(w: float, epsilon: float) -> None:
    """Refuse parameters that are not > 0.

    Raises:
        ValueError: for such a parameter.
    """
    for name, value in (("w", w), ("epsilon", epsilon)):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"Expected `{name}` > 0 and finite, received {value!r}.")


def check_rectified_wing(r: float, w: float, epsilon: float) -> None:
    """Refuse parameters other than 0 <= r < w and epsilon > 0.

    Raises:
        ValueError: for such parameters.
    """
    check_wing(w, epsilon)
    if not 0 <= r < w:
        raise ValueError(f"Expected 0 <= `r` < `w` = {w!r}, received r={r!r}.")
