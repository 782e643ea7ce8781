"""The text files of an evaluation: the error of every face, and the skipped faces."""

import csv
from pathlib import Path

import numpy as np

from wingkeras import geometry
from wingkeras.data.csv_files import coordinate_columns
from wingkeras.data.faces import FaceDataset
from wingkeras.printable import printable
from wingkeras.storage.files import atomic_write


def write_errors(
    path: Path,
    faces: FaceDataset,
    errors: dict[str, np.ndarray],
    predictions: np.ndarray,
) -> None:
    """Write a row per face: image, subset, errors, predicted coordinates.

    Args:
        path: of the CSV file. Bytes of names that are not UTF-8 are escaped in it.
        faces: N faces of L landmarks.
        errors: per normalizer, `(N,)` fractions.
        predictions: `(N, L, 2)`, image pixels.
    """
    columns = coordinate_columns(faces.scheme)
    vectors = geometry.to_shape_vectors(predictions)
    with (
        atomic_write(path) as scratch,
        scratch.open(
            "w", newline="", encoding="utf-8", errors="backslashreplace"
        ) as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["image", "subset", *errors, *columns])
        for i, image in enumerate(faces.images):
            row = [f"{values[i]:.6f}" for values in errors.values()]
            row += [f"{value:.3f}" for value in vectors[i]]
            writer.writerow([image, faces.subsets[i], *row])


def write_skipped(path: Path, faces: FaceDataset) -> None:
    """Write a line for every skipped face; remove the file if there are none."""
    if not faces.skipped:
        path.unlink(missing_ok=True)  # of an earlier evaluation
        return
    with atomic_write(path) as scratch:
        lines = [f"{printable(line)}\n" for line in faces.skipped]
        scratch.write_text("".join(lines), encoding="utf-8")
