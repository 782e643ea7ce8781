"""Evaluation: per-face errors and their summary, with the box source named."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wingkeras import geometry, metrics
from wingkeras.data.faces import FaceDataset, read_image
from wingkeras.localizer import Localizer
from wingkeras.mirroring import localize_with_mirror

LANDMARK_BOXES = "landmarks"
"""Name of the box source that needs no detector: squares around the landmarks."""

_THRESHOLDS = (0.08, 0.10)


@dataclass(frozen=True)
class Evaluation:
    """What a localizer does on a data set.

    Attributes:
        faces: the data set.
        boxes: source of the boxes: "landmarks", or a detector's name.
        mirrored: whether predictions are means with those in the mirror image.
        predictions: `(N, L, 2)` float32, image pixels; NaN where no face was found.
        errors: per normaliser, `(N,)` NME as a fraction; infinite where no face was
            found.
    """

    faces: FaceDataset
    boxes: str
    mirrored: bool
    predictions: np.ndarray
    errors: dict[str, np.ndarray]

    @property
    def found(self) -> np.ndarray:
        """`(N,)` bool: which faces had a box."""
        return np.isfinite(self.predictions).all(axis=(1, 2))

    def summary(self) -> dict:
        """NME in percent over the faces found, AUC and failure rate over all.

        Of a data set with several subsets, also the NME of each.
        """
        found = self.found
        summary = {
            "faces": len(self.faces),
            "found": int(found.sum()),
            "boxes": self.boxes,
            "mirrored": self.mirrored,
        }
        for normalizer, errors in self.errors.items():
            summary[normalizer] = {"nme_percent": _percent(errors[found])}
            for threshold in _THRESHOLDS:
                percent = round(100 * threshold)
                summary[normalizer] |= {
                    f"auc_{percent}": round(metrics.auc(errors, threshold), 4),
                    f"failure_rate_{percent}_percent": round(
                        100 * metrics.failure_rate(errors, threshold), 2
                    ),
                }
            subsets = np.array(self.faces.subsets)
            if len(set(self.faces.subsets)) > 1:
                summary[normalizer]["nme_percent_of_subsets"] = {
                    str(subset): _percent(errors[found & (subsets == subset)])
                    for subset in np.unique(subsets)
                }
        return summary

    def save(self, folder: str | Path) -> None:
        """Write `summary.json`, `faces.csv` and `ced.png` into a folder.

        `faces.csv` has a row per face: image, subset, error per normaliser
        (fraction), the predicted coordinates (image pixels).
        """
        from wingkeras import plots

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "summary.json").write_text(json.dumps(self.summary(), indent=1))
        self._write_csv(folder / "faces.csv")
        curves = {name: errors for name, errors in self.errors.items()}
        plots.save_figure(
            plots.cumulative_errors(curves, max(_THRESHOLDS)), folder / "ced.png"
        )

    def _write_csv(self, path: Path) -> None:
        count = len(self.faces.scheme)
        columns = [f"{axis}{i}" for axis in "xy" for i in range(1, count + 1)]
        vectors = geometry.to_shape_vectors(self.predictions)
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["image", "subset", *self.errors, *columns])
            for i, image in enumerate(self.faces.images):
                errors = [f"{e[i]:.6f}" for e in self.errors.values()]
                values = [f"{v:.3f}" for v in vectors[i]]
                writer.writerow([image, self.faces.subsets[i], *errors, *values])


def _percent(errors: np.ndarray) -> float:
    return round(100 * float(errors.mean()), 4) if len(errors) else float("nan")


def evaluate(
    localizer: Localizer,
    faces: FaceDataset,
    detector: Callable[[np.ndarray], np.ndarray] | None = None,
    boxes: str = LANDMARK_BOXES,
    mirrored: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> Evaluation:
    """Localise every face of a data set and measure the error.

    Args:
        localizer: under test.
        faces: with labels in the localizer's scheme.
        detector: makes the boxes; of its boxes in a picture, the one that overlaps
            the face's own box most counts, if it overlaps at all. By default the
            square around the true landmarks is the box (the protocol's choice).
        boxes: name of the box source, for reports.
        mirrored: whether to average with the mirror image, see
            `mirroring.localize_with_mirror`.
        progress: called with the number of faces done.

    Returns:
        Predictions and errors, in the data set's order.

    Raises:
        ValueError: if the schemes differ.
        BrokenFileError: for a picture that cannot be decoded.
    """
    if faces.scheme != localizer.scheme:
        raise ValueError(
            f"Expected faces labelled with scheme {localizer.scheme.name!r}, "
            f"received {faces.scheme.name!r}."
        )
    predictions = np.full(faces.landmarks.shape, np.nan, np.float32)
    for i, path in enumerate(faces.images):
        image = read_image(path)
        box = faces.boxes[i : i + 1]
        if detector is not None:
            box = _best_match(detector(image), box)
        if len(box) and mirrored:
            predictions[i] = localize_with_mirror(localizer, image, box)[0][0]
        elif len(box):
            predictions[i] = localizer(image, box)[0]
        progress(i + 1)
    errors = {
        name: _errors(faces, predictions, name)
        for name in metrics.eye_normalizers(faces.scheme)
    }
    return Evaluation(faces, boxes, mirrored, predictions, errors)


def _best_match(found: np.ndarray, box: np.ndarray) -> np.ndarray:
    overlap = geometry.box_iou(found, box)
    if not (overlap > 0).any():
        return found[:0]
    best = int(overlap.argmax())
    return found[best : best + 1]


def _errors(faces: FaceDataset, predictions: np.ndarray, normalizer: str) -> np.ndarray:
    found = np.isfinite(predictions).all(axis=(1, 2))
    errors = np.full(len(faces), np.inf)
    errors[found] = metrics.nme(
        faces.landmarks[found], predictions[found], faces.scheme, normalizer
    )
    return errors
