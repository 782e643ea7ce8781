"""Checks of shapes, for losses and metrics alike.

A size that is not known while a graph is traced is `None`, and agrees with any other.
"""

from collections.abc import Sequence

Shape = Sequence[int | None]


def agree(shape: Shape, other: Shape) -> bool:
    """Whether two shapes may be the same."""
    return len(shape) == len(other) and all(
        None in (a, b) or a == b for a, b in zip(shape, other, strict=True)
    )


def check_same(y_true: Shape, y_pred: Shape) -> None:
    """Refuse predictions of another shape than the targets.

    Raises:
        ValueError: if the shapes differ where both are known.
    """
    if not agree(y_true, y_pred):
        raise ValueError(
            "Expected `y_pred` of the same shape as `y_true`, "
            f"{tuple(y_true)}; received {tuple(y_pred)}."
        )


def check_points(y_true: Shape, points: int, scheme: str) -> None:
    """Refuse what is neither shape vectors nor landmarks of a scheme.

    Args:
        y_true: the shape; `(batch, 2L)` or `(batch, L, 2)` is right.
        points: L.
        scheme: name of the scheme.

    Raises:
        ValueError: for another shape.
    """
    if not any(agree(y_true[1:], sizes) for sizes in ((2 * points,), (points, 2))):
        raise ValueError(
            f"Expected `y_true` of shape (batch, {2 * points}) or (batch, {points}, 2) "
            f"for the {points} points of scheme {scheme!r}; received {tuple(y_true)}."
        )


def check_weights(sample_weight: Shape, count: int | None) -> None:
    """Refuse weights that are not one per sample.

    Args:
        sample_weight: the shape; `()`, `(count,)` or `(count, 1)` is right.
        count: of samples.

    Raises:
        ValueError: for another shape.
    """
    if not any(agree(sample_weight, right) for right in ((), (count,), (count, 1))):
        raise ValueError(
            f"Expected `sample_weight` of shape ({count},), one weight per sample; "
            f"received {tuple(sample_weight)}."
        )
