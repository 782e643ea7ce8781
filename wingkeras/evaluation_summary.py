"""Summary statistics of the errors of an evaluation."""

from typing import Any

import numpy as np

from wingkeras import metrics
from wingkeras.data.faces import FaceDataset

THRESHOLDS = (0.08, 0.10)
"""Thresholds of AUC and failure rate, fractions."""


def summarize_errors(
    faces: FaceDataset, predictions: np.ndarray, errors: np.ndarray, normalizer: str
) -> dict[str, Any]:
    """The summary for one normalizer, see `Evaluation.summary`.

    Args:
        faces: N labelled faces of L landmarks.
        predictions: `(N, L, 2)` image pixels; NaN where no face was found.
        errors: `(N,)` NME, fractions; infinite where no face was found, NaN where the
            normalizer is unlabelled.
        normalizer: what the errors are divided by.

    Returns:
        `nme_percent`, `mean_offset_percent`, `auc_8`, `failure_rate_8_percent`,
        `auc_10`, `failure_rate_10_percent`; and where they apply, `unlabelled` and
        `nme_percent_of_subsets`. `None` stands for the mean of no faces.

    Example:

    ```python
    summarize_errors(faces, faces.landmarks, np.zeros(len(faces)), "inter_ocular")
    ```
    """
    measured = ~np.isnan(errors)
    counted = measured & np.isfinite(predictions).all(axis=(1, 2))
    summary: dict[str, Any] = {
        "nme_percent": _percent(errors[counted]),
        "mean_offset_percent": _mean_offset(faces, predictions, counted, normalizer),
    }
    if not measured.all():
        summary["unlabelled"] = int((~measured).sum())
    for threshold in THRESHOLDS:
        percent = round(100 * threshold)
        area = metrics.auc(errors[measured], threshold)
        failed = metrics.failure_rate(errors[measured], threshold)
        summary[f"auc_{percent}"] = round(area, 4)
        summary[f"failure_rate_{percent}_percent"] = round(100 * failed, 2)
    subsets = np.array(faces.subsets)
    if len(set(faces.subsets)) > 1:
        summary["nme_percent_of_subsets"] = {
            str(subset): _percent(errors[counted & (subsets == subset)])
            for subset in np.unique(subsets)
        }
    return summary


def describe_lack(faces: FaceDataset) -> str:
    """What a data set lacks, as text: skipped faces and missing subsets.

    Returns:
        A line; empty where it lacks nothing.

    Example:

    ```python
    describe_lack(faces)  # "2 of 99 faces skipped, without helen/testset"
    ```
    """
    skipped, missing = len(faces.skipped), faces.missing_subsets
    parts = [f"{skipped} of {len(faces) + skipped} faces skipped"] * (skipped > 0)
    parts += [f"without {', '.join(missing)}"] * bool(missing)
    return ", ".join(parts)


def _mean_offset(
    faces: FaceDataset, predictions: np.ndarray, counted: np.ndarray, normalizer: str
) -> list[float] | None:
    """Mean offset `[x, y]` of the selected faces, in percent of the normalizer."""
    if not counted.any():
        return None
    landmarks = faces.landmarks[counted]
    lengths = metrics.normalizer_lengths(landmarks, faces.scheme, normalizer)
    offsets = np.nanmean(predictions[counted] - landmarks, axis=1)
    return (100 * offsets / lengths[:, None]).mean(axis=0).round(2).tolist()


def _percent(errors: np.ndarray) -> float | None:
    return round(100 * float(errors.mean()), 4) if len(errors) else None
