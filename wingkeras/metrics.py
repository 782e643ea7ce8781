"""Normalised mean error, and what is read off a list of them.

An error without its normaliser says nothing, so the normaliser has no default:

- `inter_ocular`: distance between the outer eye corners (the 300-W challenge).
- `inter_pupil`: distance between the eye centres, each the mean of the eye's points
  (the paper's Section 7.1).
- `box`: square root of the area of the landmarks' bounding box.
"""

import keras
import numpy as np
from keras import ops

from wingkeras.schemes import LandmarkScheme, get_scheme

NORMALIZERS = ("inter_ocular", "inter_pupil", "box")
"""The normalisers there are."""


def usual_normalizers(scheme: LandmarkScheme) -> tuple[str, ...]:
    """The normalisers that errors in a scheme are usually given in: those between the
    eyes that it has points for, 300-W's own first; without eyes, the box.
    """
    usable = [n for n in ("inter_ocular", "inter_pupil") if _usable(scheme, n)]
    return tuple(usable) or ("box",)


def measurable(
    landmarks: np.ndarray, scheme: str | LandmarkScheme, normalizer: str
) -> np.ndarray:
    """Which faces `nme` can measure.

    Args:
        landmarks: `(N, L, 2)` true points, any unit; NaN = unlabelled.
        scheme: of the landmarks.
        normalizer: one of `NORMALIZERS`.

    Returns:
        `(N,)` bool: the normaliser is labelled and not zero.

    Raises:
        ValueError: for a normaliser there is not or that the scheme has no points for.
    """
    return normalizer_lengths(landmarks, scheme, normalizer) > 0


def normalizer_lengths(
    landmarks: np.ndarray, scheme: str | LandmarkScheme, normalizer: str
) -> np.ndarray:
    """What the errors of faces are divided by.

    Args:
        landmarks, scheme, normalizer: see `measurable`.

    Returns:
        `(N,)` float64, unit of the landmarks; NaN where a point needed is unlabelled.

    Raises:
        ValueError: see `measurable`.
    """
    scheme = _check(scheme, normalizer)
    return _normalizer_lengths(
        np.asarray(landmarks, np.float64), scheme, normalizer, np
    )


def nme(
    landmarks: np.ndarray,
    predictions: np.ndarray,
    scheme: str | LandmarkScheme,
    normalizer: str,
) -> np.ndarray:
    """Normalised mean error of every face.

    Args:
        landmarks: `(N, L, 2)` true points, any unit; NaN points are left out.
        predictions: `(N, L, 2)`, same unit.
        scheme: of both.
        normalizer: one of `NORMALIZERS`.

    Returns:
        `(N,)` float64: mean distance over the normaliser, a fraction.

    Raises:
        ValueError: for shapes that differ or do not fit the scheme, a normaliser
            there is not or that the scheme has no points for, and faces whose
            normaliser is zero or unlabelled.
    """
    scheme = _check(scheme, normalizer)
    landmarks = np.asarray(landmarks, np.float64)
    predictions = np.asarray(predictions, np.float64)
    expected = (len(landmarks), len(scheme), 2)
    for name, value in (("landmarks", landmarks), ("predictions", predictions)):
        if value.shape != expected:
            raise ValueError(
                f"Expected `{name}` of shape {expected}, received {value.shape}."
            )
    if not len(landmarks):
        return np.zeros(0)
    wrong = np.flatnonzero(~measurable(landmarks, scheme, normalizer))
    if len(wrong):
        raise ValueError(
            f"Expected faces with a positive {normalizer} distance; it is zero or "
            f"unlabelled for faces {wrong.tolist()}. Leave them out, or choose "
            f"another normaliser of {NORMALIZERS}."
        )
    distances = np.linalg.norm(landmarks - predictions, axis=-1)
    lengths = normalizer_lengths(landmarks, scheme, normalizer)
    labelled = np.isfinite(landmarks).all(axis=-1)
    total = np.where(labelled, distances, 0).sum(axis=1)
    return total / labelled.sum(axis=1) / lengths


@keras.saving.register_keras_serializable(package="wingkeras")
class NME(keras.metrics.Metric):
    """Normalised mean error as a Keras metric: the mean over faces, a fraction.

    Takes shape vectors `(batch, 2L)`, all x first, or landmarks `(batch, L, 2)`.
    NaN targets are left out; so are faces whose normaliser is zero or unlabelled.

    Args:
        scheme: name or `LandmarkScheme`; only a name can be saved with a model.
        normalizer: one of `NORMALIZERS`; there is no default.
        name: of the metric; `nme_NORMALIZER` by default.

    Raises:
        ValueError: for an unknown scheme or normaliser, or one that the scheme has
            no points for.
    """

    def __init__(
        self, scheme: str | LandmarkScheme, normalizer: str, name: str | None = None
    ):
        self._scheme = _check(scheme, normalizer)
        self.scheme, self.normalizer = scheme, normalizer
        super().__init__(name=name or f"nme_{normalizer}", dtype="float32")
        self._total = self.add_weight(name="total", initializer="zeros")
        self._count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch, weighted by `sample_weight`, `(batch,)`."""
        y_true, y_pred = self._landmarks(y_true), self._landmarks(y_pred)
        unlabelled = ops.isnan(y_true)
        squares = ops.where(unlabelled, 0.0, y_true - y_pred) ** 2
        distances = ops.sqrt(ops.sum(squares, axis=-1))
        labelled = ops.cast(ops.logical_not(ops.any(unlabelled, axis=-1)), "float32")
        number = ops.sum(labelled, axis=1)
        lengths = _normalizer_lengths(y_true, self._scheme, self.normalizer, ops)
        usable = lengths > 0
        errors = ops.sum(distances * labelled, axis=1) / ops.maximum(number, 1.0)
        errors = ops.where(usable, errors / ops.where(usable, lengths, 1.0), 0.0)
        weights = ops.cast(usable, "float32")
        if sample_weight is not None:
            weights = weights * ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
        self._total.assign_add(ops.sum(errors * weights))
        self._count.assign_add(ops.sum(weights))

    def result(self):
        """Mean over the faces seen, a fraction; 0 before the first."""
        return ops.divide_no_nan(self._total, self._count)

    def get_config(self):
        """Arguments that make an equal metric."""
        return {
            "scheme": self._scheme.name,
            "normalizer": self.normalizer,
            "name": self.name,
        }

    def _landmarks(self, values):
        values = ops.cast(values, "float32")
        if len(values.shape) == 2:
            vectors = ops.reshape(values, (-1, 2, len(self._scheme)))
            return ops.transpose(vectors, (0, 2, 1))
        return values


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
        ValueError: for no errors.
    """
    ordered = np.sort(_known(errors))
    return np.searchsorted(ordered, thresholds, side="right") / len(ordered)


def auc(errors: np.ndarray, threshold: float) -> float:
    """Area under the cumulative error distribution up to a threshold, over the
    threshold; exact, not from a histogram.

    Args:
        errors: `(N,)`; infinite or NaN = failed.
        threshold: same unit, > 0.

    Returns:
        In [0, 1].

    Raises:
        ValueError: for no errors, or a threshold that is not > 0.
    """
    if not threshold > 0:
        raise ValueError(f"Expected `threshold` > 0, received {threshold!r}.")
    return float(np.clip(1 - _known(errors) / threshold, 0, None).mean())


def failure_rate(errors: np.ndarray, threshold: float) -> float:
    """Share of faces whose error is above a threshold.

    Args:
        errors: `(N,)`; infinite or NaN = failed.
        threshold: same unit.

    Returns:
        In [0, 1].

    Raises:
        ValueError: for no errors.
    """
    return float((_known(errors) > threshold).mean())


def _known(errors: np.ndarray) -> np.ndarray:
    errors = np.asarray(errors, np.float64)
    if errors.ndim != 1 or not errors.size:
        raise ValueError(
            f"Expected a list of one or more errors, received shape {errors.shape}."
        )
    return np.where(np.isnan(errors), np.inf, errors)


def _check(scheme: str | LandmarkScheme, normalizer: str) -> LandmarkScheme:
    scheme = get_scheme(scheme)
    if normalizer not in NORMALIZERS:
        raise ValueError(
            f"Expected `normalizer` to be one of {NORMALIZERS}, "
            f"received {normalizer!r}."
        )
    if not _usable(scheme, normalizer):
        usable = [name for name in NORMALIZERS if _usable(scheme, name)]
        raise ValueError(
            f"Scheme {scheme.name!r} has no points for {normalizer}; choose "
            f"{' or '.join(usable)}."
        )
    return scheme


def _usable(scheme: LandmarkScheme, normalizer: str) -> bool:
    if normalizer == "inter_ocular":
        return scheme.outer_eye_corners is not None
    return normalizer == "box" or bool(scheme.left_eye and scheme.right_eye)


def _normalizer_lengths(landmarks, scheme: LandmarkScheme, normalizer: str, xp):
    """`(N,)` lengths; NaN where a point they need is unlabelled."""
    if normalizer == "box":
        known = xp.logical_not(xp.isnan(landmarks))
        highest = xp.max(xp.where(known, landmarks, -np.inf), axis=1)
        lowest = xp.min(xp.where(known, landmarks, np.inf), axis=1)
        sides = xp.maximum(highest - lowest, 0.0)
        return xp.sqrt(sides[:, 0] * sides[:, 1])
    ends = (scheme.left_eye, scheme.right_eye)
    if normalizer == "inter_ocular":
        ends = [(i,) for i in scheme.outer_eye_corners]
    left, right = (
        sum(landmarks[:, i] for i in indices) / len(indices) for indices in ends
    )
    return xp.sqrt(xp.sum((left - right) ** 2, axis=-1))
