"""Faces in CSV files, one row per face."""

import contextlib
import csv
import io
import math
import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from wingkeras.data.annotations import (
    Annotation,
    OnError,
    build_dataset,
    picture_path,
    read_record,
)
from wingkeras.data.faces import FaceDataset
from wingkeras.data.numbers import parse_decimal, parse_whole, shortened
from wingkeras.geometry import to_shape_vectors
from wingkeras.imaging.images import BrokenFileError, read_bytes
from wingkeras.schemes import LandmarkScheme, get_scheme
from wingkeras.storage.files import atomic_write

_COORDINATE = re.compile(r"[xy][1-9][0-9]*")


def load_csv(
    csv_path: str | os.PathLike,
    scheme: str | LandmarkScheme,
    on_error: OnError = "raise",
    images: str | os.PathLike | None = None,
) -> FaceDataset:
    """Load faces from a plain CSV file.

    Args:
        csv_path: of a file with comma-separated columns image, x1..xL and y1..yL in
            any order: 0-based pixels, both cells empty where a point is unlabelled.
        scheme: of the L landmarks.
        on_error: "raise" at the first broken face, or "skip" all of them, see
            `FaceDataset.skipped`.
        images: the folder that image paths are relative to; that of `csv_path` by
            default.

    Returns:
        Faces in the file's order, subset = the file's stem. Further columns become
        attributes unless they are empty: int, float with NaN for empty cells, or else
        text.

    Raises:
        BrokenFileError: for a file without these columns, or with more points, or for
            a broken face; see `on_error`.
        ValueError: for an unknown scheme.

    Example:

    ```python
    faces = load_csv("faces.csv", scheme="ibug68")
    ```
    """
    return load_columns(Path(csv_path), get_scheme(scheme), on_error, {}, images)


def save_csv(faces: FaceDataset, csv_path: str | os.PathLike) -> None:
    """Write a file that `load_csv` reads; coordinates have three decimals.

    Args:
        faces: to write; attributes and boxes are left out.
        csv_path: of the file; image paths in it are absolute.

    Raises:
        OSError: if the file cannot be written.

    Example:

    ```python
    save_csv(load_csv("faces.csv", scheme="ibug68"), "copy.csv")
    ```
    """
    vectors = to_shape_vectors(faces.landmarks)
    with (
        atomic_write(csv_path) as scratch,
        scratch.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["image", *coordinate_columns(faces.scheme)])
        for image, vector in zip(faces.images, vectors, strict=True):
            cells = ["" if math.isnan(v) else f"{v:.3f}" for v in vector]
            writer.writerow([image.resolve(), *cells])


def load_columns(
    path: Path,
    scheme: LandmarkScheme,
    on_error: OnError,
    attributes: Mapping[str, Callable[[str], float | str]],
    images: str | os.PathLike | None = None,
) -> FaceDataset:
    """Load faces from the columns of a CSV file.

    Args:
        path: of the file.
        scheme: of the landmarks.
        on_error: see `load_csv`.
        attributes: maps the name of a required column to the function that reads its
            cells.
        images: see `load_csv`.

    Raises:
        BrokenFileError: see `load_csv`.
    """
    header, rows = read_rows(path)
    columns = coordinate_columns(scheme)
    required = ["image", *columns, *attributes]
    _check_header(path, header, required, scheme)
    kinds = dict(attributes)
    whole = [row for _, row in rows if _is_whole(row)]
    for name in header:
        if name not in required and (kind := _kind([row[name] for row in whole])):
            kinds[name] = kind
    folder = path.parent if images is None else Path(images)
    entries = [
        read_record(
            path,
            f"line {line}",
            partial(_read, row, folder, path.stem, columns, kinds),
        )
        for line, row in rows
    ]
    return build_dataset(path, entries, scheme, on_error)


def coordinate_columns(scheme: LandmarkScheme) -> list[str]:
    """The names of the landmark columns: x1 to xL, then y1 to yL."""
    return [f"{axis}{i}" for axis in "xy" for i in range(1, len(scheme) + 1)]


def read_rows(path) -> tuple[list[str], list[tuple[int, dict]]]:
    """The header of a CSV file, and its rows with their line numbers.

    Raises:
        BrokenFileError: if it is not a CSV file with a header.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        header = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BrokenFileError(path, f"not a CSV file: {error}") from error
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            raise BrokenFileError(
                path,
                f"its columns are separated by {name}; save it with commas between "
                "columns and points in decimals",
            )
    return header, rows


def _check_header(path, header, required, scheme) -> None:
    missing = [name for name in required if name not in header]
    if missing:
        raise BrokenFileError(
            path,
            f"scheme {scheme.name!r} needs the columns {_listed(required)}; the header "
            f"lacks {_listed(missing)}",
        )
    beyond = [c for c in header if _COORDINATE.fullmatch(c) and c not in required]
    if beyond:
        raise BrokenFileError(
            path,
            f"expected {len(scheme)} points of scheme {scheme.name!r}; the header also "
            f"has {_listed(beyond)}",
        )
    if len(set(header)) != len(header):
        raise BrokenFileError(path, "the header names a column twice")


def _listed(names) -> str:
    names = list(names)
    return ", ".join(names if len(names) <= 8 else [*names[:4], "...", *names[-3:]])


def _is_whole(row) -> bool:
    return None not in row and None not in row.values()


def _kind(cells):
    """The function that reads the cells of a column; `None` for an empty column."""
    if not any(cells):
        return None
    for kind in (parse_whole, _number):
        with contextlib.suppress(ValueError):
            [kind(cell) for cell in cells]
            return kind
    return str.strip


def _number(cell: str) -> float:
    if not cell.strip():
        return math.nan
    value = parse_decimal(cell)
    if math.isinf(value):
        raise ValueError(f"{shortened(cell)} is not finite")
    return value


def _coordinate(cell: str) -> float:
    value = _number(cell)
    if cell.strip() and math.isnan(value):
        raise ValueError(f"{cell!r} is not finite; leave unlabelled cells empty")
    return value


def _read(row, folder, subset, columns, kinds) -> Annotation:
    if not _is_whole(row):
        raise ValueError("more or fewer cells than columns")
    image = picture_path(folder, row["image"])
    numbers = {}
    for name, kind in {**dict.fromkeys(columns, _coordinate), **kinds}.items():
        try:
            numbers[name] = kind(row[name])
        except ValueError as error:
            raise ValueError(f"column {name}: {error}") from error
    landmarks = np.array([numbers.pop(name) for name in columns]).reshape(2, -1).T
    return Annotation(image, landmarks, subset, numbers)
