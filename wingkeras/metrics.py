"""Normalised mean error (NME), and statistics of a list of errors.

An error means nothing without its normalizer, so the normalizer has no default:

- `inter_ocular`: distance between the outer eye corners (the 300-W challenge).
- `inter_pupil`: distance between the eye centres, each the mean of the eye's points
  (the paper's Section 7.1).
- `box`: square root of the area of the landmarks' bounding box.
"""

from typing import Any

import keras
import numpy as np

from wingkeras.error_distribution import (
    auc,
    cumulative_error_distribution,
    failure_rate,
)
from wingkeras.normalizers import NORMALIZERS, check_normalizer, has_points, measure
from wingkeras.schemes import LandmarkScheme, get_scheme
from wingkeras.shapes import check_landmarks, check_points, check_same, check_weights

ops: Any = keras.ops  # whose functions are declared to return `None` as well

__all__ = [
    "NME",
    "NORMALIZERS",
    "auc",
    "cumulative_error_distribution",
    "failure_rate",
    "measurable",
    "nme",
    "normalizer_lengths",
    "usual_normalizers",
]


def usual_normalizers(scheme: str | LandmarkScheme) -> tuple[str, ...]:
    """The normalizers that are usual for a scheme: those between the eyes that it has
    points for, 300-W's own first; the box, if the scheme has no eyes.

    Raises:
        ValueError: for an unknown scheme.

    Example:

    ```python
    usual_normalizers("five")  # ("inter_pupil",)
    ```
    """
    scheme = get_scheme(scheme)
    usable = [n for n in ("inter_ocular", "inter_pupil") if has_points(scheme, n)]
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
        `(N,)` bool: the normalizer is labelled and not zero.

    Raises:
        ValueError: if the landmarks' shape does not fit the scheme, or the normalizer
            is unknown or the scheme has no points for it.

    Example:

    ```python
    measurable(landmarks, "ibug68", "inter_ocular")  # [True]
    ```
    """
    return normalizer_lengths(landmarks, scheme, normalizer) > 0


def normalizer_lengths(
    landmarks: np.ndarray, scheme: str | LandmarkScheme, normalizer: str
) -> np.ndarray:
    """The lengths that the errors of faces are divided by.

    Args:
        landmarks, scheme, normalizer: see `measurable`.

    Returns:
        `(N,)` float64, unit of the landmarks; NaN where a needed point is unlabelled.

    Raises:
        ValueError: see `measurable`.

    Example:

    ```python
    normalizer_lengths(landmarks, "ibug68", "inter_ocular")  # pixels here
    ```
    """
    scheme = check_normalizer(scheme, normalizer)
    landmarks = np.asarray(landmarks, np.float64)
    check_landmarks("landmarks", landmarks, len(landmarks), len(scheme))
    return measure(landmarks, scheme, normalizer)


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
        `(N,)` float64: mean distance over the normalizer, a fraction.

    Raises:
        ValueError: if the shapes differ or do not fit the scheme, the normalizer is
            unknown or the scheme has no points for it, or the normalizer of a face is
            zero or unlabelled.

    Example:

    ```python
    nme(landmarks, landmarks, "ibug68", "inter_ocular")  # [0.0]
    ```
    """
    scheme = check_normalizer(scheme, normalizer)
    landmarks = np.asarray(landmarks, np.float64)
    predictions = np.asarray(predictions, np.float64)
    for name, value in (("landmarks", landmarks), ("predictions", predictions)):
        check_landmarks(name, value, len(landmarks), len(scheme))
    if not len(landmarks):
        return np.zeros(0)
    wrong = np.flatnonzero(~measurable(landmarks, scheme, normalizer))
    if len(wrong):
        raise ValueError(
            f"Expected faces with a positive {normalizer} distance; it is zero or "
            f"unlabelled for faces {wrong.tolist()}. Leave them out, or choose "
            f"another normalizer of {NORMALIZERS}."
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
    NaN targets are left out; so are faces whose normalizer is zero or unlabelled.

    Example:

    ```python
    nme = wingkeras.NME("ibug68", "inter_ocular")
    model.compile(optimizer="adam", loss=wingkeras.WingLoss(), metrics=[nme])
    ```

    Args:
        scheme: name or `LandmarkScheme`; only a name can be saved with a model.
        normalizer: one of `NORMALIZERS`; there is no default.
        name: of the metric; `nme_NORMALIZER` by default.

    Raises:
        ValueError: for an unknown scheme or normalizer, or one that the scheme has
            no points for.
    """

    def __init__(
        self, scheme: str | LandmarkScheme, normalizer: str, name: str | None = None
    ):
        self._scheme = check_normalizer(scheme, normalizer)
        self.scheme, self.normalizer = scheme, normalizer
        super().__init__(name=name or f"nme_{normalizer}", dtype="float32")
        self._total = self.add_weight(name="total", initializer="zeros")
        self._count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch.

        Args:
            y_true: `(batch, 2L)` or `(batch, L, 2)` targets, any unit; NaN =
                unlabelled.
            y_pred: predictions of the same shape and unit.
            sample_weight: `(batch,)` weights of the faces.

        Raises:
            ValueError: if the shapes differ or do not fit the scheme, or there is not
                one weight per face. In a graph, only known sizes are compared.
        """
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        check_same(y_true, y_pred)
        check_points(y_true, len(self._scheme), self._scheme.name)
        y_true, y_pred = self._landmarks(y_true), self._landmarks(y_pred)
        unlabelled = ops.isnan(y_true)
        squares = ops.where(unlabelled, 0.0, y_true - y_pred) ** 2
        distances = ops.sqrt(ops.sum(squares, axis=-1))
        labelled = ops.cast(ops.logical_not(ops.any(unlabelled, axis=-1)), "float32")
        number = ops.sum(labelled, axis=1)
        lengths = measure(y_true, self._scheme, self.normalizer, ops)
        usable = lengths > 0
        errors = ops.sum(distances * labelled, axis=1) / ops.maximum(number, 1.0)
        errors = ops.where(usable, errors / ops.where(usable, lengths, 1.0), 0.0)
        weights = ops.cast(usable, "float32")
        if sample_weight is not None:
            sample_weight = ops.cast(sample_weight, "float32")
            check_weights(sample_weight, y_true)
            weights = weights * ops.reshape(sample_weight, (-1,))
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

    def __repr__(self) -> str:
        return f"NME(scheme={self._scheme.name!r}, normalizer={self.normalizer!r})"

    def _landmarks(self, values):
        values = ops.cast(values, "float32")
        if ops.ndim(values) == 2:
            vectors = ops.reshape(values, (-1, 2, len(self._scheme)))
            return ops.transpose(vectors, (0, 2, 1))
        return values
