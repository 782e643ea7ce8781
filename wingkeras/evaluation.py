"""Evaluation: per-face errors and their summary, with the box source named."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from wingkeras import geometry, metrics
from wingkeras.data.faces import FaceDataset
from wingkeras.evaluation_files import write_errors, write_skipped
from wingkeras.evaluation_summary import THRESHOLDS, describe_lack, summarize_errors
from wingkeras.imaging.images import read_image
from wingkeras.inference.detections import Detector, detect_faces
from wingkeras.schemes import LandmarkScheme
from wingkeras.storage.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LANDMARK_BOXES = "landmarks"
"""Name of the box source that needs no detector: squares around the landmarks."""


class EvaluatedLocalizer(Protocol):
    """What can be evaluated: a `Localizer`, or an object with the same methods.

    An attribute `recrop`, as `Localizer` has it, gets into the reports as well.

    Example:

    ```python
    class MeanOf:
        scheme, flip_tta = localizer.scheme, False

        def localize_batch(self, pictures, /):
            for image, boxes in pictures:
                yield (localizer(image, boxes) + other(image, boxes)) / 2

    wingkeras.evaluate(MeanOf(), faces)
    ```
    """

    @property
    def scheme(self) -> LandmarkScheme:
        """The scheme of the points that it finds."""
        ...

    @property
    def flip_tta(self) -> bool:
        """Whether it averages with the flipped faces; used in reports only."""
        ...

    def localize_batch(
        self, pictures: Iterable[tuple[Any, Any]], /
    ) -> Iterator[np.ndarray]:
        """See `Localizer.localize_batch`."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """Predictions and errors of a localizer on a data set.

    Attributes:
        faces: the data set.
        boxes: source of the boxes: "landmarks", or a detector's name.
        flip_tta: whether the localizer averages with the flipped faces.
        predictions: `(N, L, 2)` float32, image pixels; NaN where no face was found.
        errors: per normalizer, `(N,)` NME as a fraction; infinite where no face was
            found, NaN where the normalizer is unlabelled.
        recrop: whether the localizer crops badly framed faces again.

    Example:

    ```python
    result = wingkeras.evaluate(localizer, faces)
    result.summary()["inter_ocular"]["nme_percent"]
    result.save("report")  # summary.json, faces.csv, ced.png
    ```
    """

    faces: FaceDataset
    boxes: str
    flip_tta: bool
    predictions: np.ndarray
    errors: dict[str, np.ndarray]
    recrop: bool = False

    @property
    def found(self) -> np.ndarray:
        """`(N,)` bool: which faces had a box."""
        return np.asarray(np.isfinite(self.predictions).all(axis=(1, 2)))

    def summary(self) -> dict:
        """NME in percent over the faces found, AUC and failure rate over all faces.

        Faces whose normalizer is unlabelled are left out of both; `unlabelled` is
        their number, where there are any. If the data set has several subsets, the
        NME of each is given too. `skipped` and `missing_subsets` say what the data
        set lacks, if anything; `recrop` is there where it is on.
        `mean_offset_percent` is how far the predictions lie to the right of and below
        the labels, averaged over all points: it is far from zero if the points were
        placed otherwise in the training data. `None` stands for the mean of no faces.
        """
        found = self.found
        summary = {
            "faces": len(self.faces),
            "found": int(found.sum()),
            "boxes": self.boxes,
            "flip_tta": self.flip_tta,
        }
        if self.recrop:
            summary["recrop"] = True
        if self.faces.skipped:
            summary["skipped"] = len(self.faces.skipped)
        if self.faces.missing_subsets:
            summary["missing_subsets"] = list(self.faces.missing_subsets)
        for normalizer, errors in self.errors.items():
            summary[normalizer] = summarize_errors(
                self.faces, self.predictions, errors, normalizer
            )
        return summary

    def __repr__(self) -> str:
        summary = self.summary()
        percents = [
            f"NME {name} {summary[name]['nme_percent']} %" for name in self.errors
        ]
        found = f"{summary['found']} of {summary['faces']} faces found"
        lack = describe_lack(self.faces)
        end = f"; {lack}" if lack else ""
        return f"Evaluation({', '.join(percents)}; {found}, boxes {self.boxes!r}{end})"

    def plot_worst(self, count: int = 6) -> "Figure":
        """A matplotlib figure of the faces with the largest errors, worst first.

        Args:
            count: largest number of faces to show, of those found and measured.

        Returns:
            Crops with the labels in green, the predictions in red, the NME above.

        Raises:
            BrokenFileError: for a picture that cannot be decoded.
        """
        from wingkeras.imaging.figures import face_grid

        errors = next(iter(self.errors.values()))
        order = np.argsort(-np.where(np.isfinite(errors), errors, -1), kind="stable")
        worst = order[: min(count, int(np.isfinite(errors).sum()))]
        shown = self.faces.select(worst)
        return face_grid(
            shown.images,
            shown.landmarks,
            shown.boxes,
            shown.scheme,
            self.predictions[worst],
            [f"{100 * errors[i]:.1f} %" for i in worst],
        )

    def _repr_png_(self) -> bytes:
        """The figure that a notebook shows."""
        from wingkeras.imaging.figures import as_png

        figure = self.plot_worst()
        figure.suptitle(f"The largest errors of {self!r}", fontsize=9)
        return as_png(figure)

    def save(self, folder: str | Path) -> None:
        """Write `summary.json`, `faces.csv` and `ced.png` into a folder.

        `faces.csv` has a row per face: image, subset, error per normalizer
        (fraction), the predicted coordinates (image pixels). Bytes of names that are
        not UTF-8 are escaped in it. `skipped.txt` has a line for every face that was
        skipped, where any was; the figure says how many, and which subsets are missing.
        """
        from wingkeras import plots

        folder = Path(folder)
        with atomic_write(folder / "summary.json") as scratch:
            scratch.write_text(json.dumps(self.summary(), indent=1, allow_nan=False))
        write_errors(folder / "faces.csv", self.faces, self.errors, self.predictions)
        write_skipped(folder / "skipped.txt", self.faces)
        curves = {name: e[~np.isnan(e)] for name, e in self.errors.items()}
        figure = plots.cumulative_errors(
            curves, max(THRESHOLDS), note=describe_lack(self.faces)
        )
        plots.save_figure(figure, folder / "ced.png")


def evaluate(
    localizer: EvaluatedLocalizer,
    faces: FaceDataset,
    detector: Detector | None = None,
    boxes: str | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Evaluation:
    """Localise every face of a data set and measure the error.

    Faces of several pictures go through the networks together.

    Args:
        localizer: under test; `localizer.replace(flip_tta=True)` evaluates flip
            test-time augmentation.
        faces: with labels in the localizer's scheme.
        detector: makes the boxes. A face gets the box of its picture that overlaps
            the face's own box most, if any does. By default, the box is the square
            around the true landmarks (the protocol's choice).
        boxes: name of the box source, for reports; by default `LANDMARK_BOXES`, or
            the name of the detector's type.
        progress: called with the number of faces done.

    Returns:
        Predictions and errors, in the data set's order.

    Raises:
        ValueError: if the schemes differ, or no face has a labelled normalizer.
        BrokenFileError: for a picture that cannot be decoded.

    Example:

    ```python
    faces = wingkeras.data.load_300w("300w", "common")
    result = wingkeras.evaluate(wingkeras.zoo.load("cnn6_300w"), faces)
    print(result, result.summary()["inter_ocular"]["nme_percent"])
    ```
    """
    if faces.scheme != localizer.scheme:
        raise ValueError(
            f"Expected faces labelled with scheme {localizer.scheme.name!r}, "
            f"received {faces.scheme.name!r}."
        )
    measurable = {
        name: metrics.measurable(faces.landmarks, faces.scheme, name)
        for name in metrics.usual_normalizers(faces.scheme)
    }
    measurable = {name: kept for name, kept in measurable.items() if kept.any()}
    if not measurable:
        normalizers = " or ".join(metrics.usual_normalizers(faces.scheme))
        raise ValueError(
            f"Expected faces with a labelled {normalizers} distance; none of the "
            f"{len(faces)} has one."
        )
    predictions = np.full(faces.landmarks.shape, np.nan, np.float32)
    localized = localizer.localize_batch(_pictures(faces, detector))
    for i, landmarks in enumerate(localized):
        if len(landmarks):
            predictions[i] = landmarks[0]
        progress(i + 1)
    errors = {
        name: _errors(faces, predictions, name, kept)
        for name, kept in measurable.items()
    }
    if boxes is None:
        boxes = LANDMARK_BOXES if detector is None else _name(detector)
    recrop = getattr(localizer, "recrop", False)
    return Evaluation(faces, boxes, localizer.flip_tta, predictions, errors, recrop)


def _name(detector: Detector) -> str:
    return getattr(detector, "__name__", type(detector).__name__)


def _pictures(
    faces: FaceDataset, detector: Detector | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every face's picture and box; no box for a face that was not found."""
    for i, path in enumerate(faces.images):
        image = read_image(path)
        box = faces.boxes[i : i + 1]
        if detector is not None:
            box = _best_match(detect_faces(detector, image).boxes, box)
        yield image, box


def _best_match(found: np.ndarray, box: np.ndarray) -> np.ndarray:
    overlap = geometry.box_iou(found, box)
    if not (overlap > 0).any():
        return found[:0]
    best = int(overlap.argmax())
    return found[best : best + 1]


def _errors(faces, predictions, normalizer: str, measurable) -> np.ndarray:
    found = np.isfinite(predictions).all(axis=(1, 2))
    errors = np.where(measurable, np.inf, np.nan)
    counted = found & measurable
    errors[counted] = metrics.nme(
        faces.landmarks[counted], predictions[counted], faces.scheme, normalizer
    )
    return errors
