"""Statistics of a list of errors, exact and not from a histogram; see `metrics`."""

import numpy as np


def cumulative_error_distribution(
    errors: np.ndarray, thresholds: np.ndarray
) -> np.ndarray:
    """Share of faces whose error is at most each threshold.

    Args:
        errors: `(N,)`; infinite or NaN = failed.
        thresholds: `(T,)`, same unit.

    Returns:
        `(T,)` in [0, 1].

    Raises:
        ValueError: if there are no errors, or `thresholds` is not a list or has NaN.

    Example:

    ```python
    errors = np.array([0.02, 0.03, 0.1])
    cumulative_error_distribution(errors, np.array([0.01, 0.05]))  # [0, 0.666667]
    ```
    """
    thresholds = np.asarray(thresholds, np.float64)
    if thresholds.ndim != 1 or np.isnan(thresholds).any():
        raise ValueError(
            "Expected a list of `thresholds` without NaN, received shape "
            f"{thresholds.shape}."
        )
    ordered = np.sort(_known(errors))
    return np.searchsorted(ordered, thresholds, side="right") / len(ordered)


def auc(errors: np.ndarray, threshold: float) -> float:
    """Area under the cumulative error distribution up to a threshold, divided by the
    threshold; exact, not from a histogram.

    Args:
        errors: `(N,)`; infinite or NaN = failed.
        threshold: same unit, > 0.

    Returns:
        In [0, 1].

    Raises:
        ValueError: for no errors, or a threshold that is not > 0 and finite.

    Example:

    ```python
    auc(np.array([0.02, 0.04]), threshold=0.08)  # 0.625
    ```
    """
    _check_threshold(threshold)
    return float(np.clip(1 - _known(errors) / threshold, 0, None).mean())


def failure_rate(errors: np.ndarray, threshold: float) -> float:
    """Share of faces whose error is above a threshold.

    Args:
        errors: `(N,)`; infinite or NaN = failed.
        threshold: same unit, > 0.

    Returns:
        In [0, 1].

    Raises:
        ValueError: for no errors, or a threshold that is not > 0 and finite.

    Example:

    ```python
    failure_rate(np.array([0.02, 0.03, 0.1, 0.2]), threshold=0.08)  # 0.5
    ```
    """
    _check_threshold(threshold)
    return float((_known(errors) > threshold).mean())


def _check_threshold(threshold: float) -> None:
    if not 0 < threshold < np.inf:
        raise ValueError(
            f"Expected `threshold` > 0 and finite, received {threshold!r}."
        )


def _known(errors: np.ndarray) -> np.ndarray:
    errors = np.asarray(errors, np.float64)
    if errors.ndim != 1 or not errors.size:
        raise ValueError(
            f"Expected a list of one or more errors, received shape {errors.shape}."
        )
    return np.where(np.isnan(errors), np.inf, errors)
