"""Checks of shapes, for losses and metrics.

A size that is unknown while a graph is traced is `None`, and agrees with any size.
"""

from collections.abc import Sequence
from typing import Any

Shape = Sequence[int | None]


def agree(shape: Shape, other: Shape) -> bool:
    """Whether two shapes may be equal, as far as they are known."""
    return len(shape) == len(other) and all(
        None in (a, b) or a == b for a, b in zip(shape, other, strict=True)
    )


def check_same(y_true: Any, y_pred: Any) -> None:
    """Refuse predictions whose shape differs from that of the targets.

    Args:
        y_true: a tensor.
        y_pred: a tensor.

    Raises:
        ValueError: if the shapes differ where both are known.
    """
    if not agree(y_true.shape, y_pred.shape):
        raise ValueError(
            "Expected `y_pred` of the same shape as `y_true`, "
            f"{tuple(y_true.shape)}; received {tuple(y_pred.shape)}."
        )


def check_points(y_true: Any, points: int, scheme: str) -> None:
    """Refuse targets that are neither shape vectors nor landmarks of a scheme.

    Args:
        y_true: a tensor; `(batch, 2L)` or `(batch, L, 2)` is right.
        points: L.
        scheme: name of the scheme.

    Raises:
        ValueError: for another shape.
    """
    received = tuple(y_true.shape)
    if not any(agree(received[1:], sizes) for sizes in ((2 * points,), (points, 2))):
        raise ValueError(
            f"Expected `y_true` of shape (batch, {2 * points}) or (batch, {points}, 2) "
            f"for the {points} points of scheme {scheme!r}; received {received}."
        )


def check_weights(sample_weight: Any, y_true: Any) -> None:
    """Refuse weights that are not one per sample.

    Args:
        sample_weight: a tensor; `()`, `(batch,)` or `(batch, 1)` is right.
        y_true: a tensor, `(batch, ...)`.

    Raises:
        ValueError: for another shape.
    """
    received, count = tuple(sample_weight.shape), y_true.shape[0]
    if not any(agree(received, right) for right in ((), (count,), (count, 1))):
        raise ValueError(
            f"Expected `sample_weight` of shape ({count},), one weight per sample; "
            f"received {received}."
        )


def check_landmarks(name: str, values: Any, count: int, points: int) -> None:
    """Refuse an array that is not the landmarks of the given number of faces.

    Args:
        name: of the argument.
        values: an array; `(count, points, 2)` is right.
        count: of faces.
        points: L.

    Raises:
        ValueError: for another shape.
    """
    expected = (count, points, 2)
    if values.shape != expected:
        raise ValueError(
            f"Expected `{name}` of shape {expected}, received {values.shape}."
        )
