"""Data sets of Ultralytics' pose models: a YAML file and .txt labels."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wingkeras.data.annotated_size import turned_size
from wingkeras.data.annotations import Annotation, OnError, build_dataset, read_record
from wingkeras.data.faces import FaceDataset
from wingkeras.data.numbers import parse_decimal, shortened
from wingkeras.data.yolo_scheme import point_columns, scheme_of_yaml
from wingkeras.extras import install_hint
from wingkeras.imaging.endings import PICTURE_ENDINGS
from wingkeras.imaging.images import (
    BrokenFileError,
    read_bytes,
    read_orientation,
    read_size,
)
from wingkeras.schemes import LandmarkScheme, get_scheme

SPLITS = ("train", "val", "test")
"""Entries of the YAML file that list pictures."""

_BOX_COLUMNS = 5


def load_yolo(
    yaml_path: str | os.PathLike,
    split: str = "train",
    scheme: str | LandmarkScheme | None = None,
    on_error: OnError = "raise",
) -> FaceDataset:
    """Load a data set of Ultralytics' pose models.

    The labels of `images/a.jpg` are in `labels/a.txt`: a line per object with its
    class, its box and its points, all as shares of the picture. The coordinates are
    these shares times the picture's width and height, as in a COCO file that they may
    have been made from. A point is unlabelled if its visibility is 0 or, in files
    without visibilities, if a coordinate is negative. Boxes come from the points.

    Args:
        yaml_path: of the file with `kpt_shape` and, optionally, `flip_idx` (without it,
            objects are never flipped), `kpt_names` and `names`.
        split: "train", "val" or "test": an entry of the file that names a folder of
            pictures, a .txt file with a list of them, or several of these, below
            `path` if that is given.
        scheme: of the points; by default the one that the file describes.
        on_error: "raise" at the first broken face, or "skip" all of them, see
            `FaceDataset.skipped`.

    Returns:
        Objects in the order of the pictures' names, subset = the split. A picture
        without a label file has no objects.

    Raises:
        BrokenFileError: for a file of another format, pictures that are not where it
            says, or a broken face; see `on_error`.
        ImportError: if PyYAML is not installed.
        ValueError: for an unknown split or scheme.

    Example:

    ```python
    faces = load_yolo("tiger-pose.yaml", "val")
    ```
    """
    path = Path(yaml_path)
    if split not in SPLITS:
        raise ValueError(f"Expected `split` as one of {SPLITS}, received {split!r}.")
    content = _parse(path)
    try:
        columns = point_columns(content)
        told = scheme_of_yaml(content, path.stem)
        pictures = list(_pictures(path, content, split))
    except ValueError as error:
        raise BrokenFileError(path, str(error)) from error
    scheme = told if scheme is None else get_scheme(scheme)
    if len(scheme) != len(told):
        raise BrokenFileError(
            path,
            f"its `kpt_shape` says {len(told)} points; scheme {scheme.name!r} has "
            f"{len(scheme)}",
        )
    entries: list = []
    for picture in pictures:
        labels = label_path(picture)
        if not labels.exists():
            continue
        for number, line in enumerate(_lines(labels), start=1):
            read = partial(_read, line, picture, len(scheme), columns, split)
            entries.append(read_record(labels, f"line {number}", read))
    return build_dataset(path, entries, scheme, on_error)


def label_path(picture: Path) -> Path:
    """The label file of a picture: `labels` replaces the last `images` in its path."""
    parts = list(picture.parts)
    for i in reversed(range(len(parts) - 1)):
        if parts[i] == "images":
            parts[i] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def _parse(path: Path) -> dict[str, Any]:
    try:
        import yaml
    except ImportError as error:
        raise ImportError(
            f"Reading {path.name} needs PyYAML: {install_hint('yolo')}."
        ) from error
    try:
        content = yaml.safe_load(read_bytes(path).decode("utf-8-sig"))
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise BrokenFileError(path, f"not a YAML file: {error}") from error
    if not isinstance(content, dict) or "kpt_shape" not in content:
        raise BrokenFileError(
            path,
            "expected a data set of Ultralytics' pose models, with `kpt_shape` and "
            f"`train`; found {shortened(content)}",
        )
    return content


def _pictures(path: Path, content: dict[str, Any], split: str) -> Iterator[Path]:
    given = content.get(split)
    root = path.parent / str(content.get("path") or "")
    if not root.is_dir():  # a path of the machine where the data set was made
        root = path.parent
    names = given if isinstance(given, list) else [given]
    for name in names:
        if not isinstance(name, str) or not name:
            raise ValueError(
                f"`{split}`: expected a folder of pictures or a list in a .txt file, "
                f"found {shortened(name)}"
            )
        place = root / name
        if place.is_dir():
            found = [p for p in sorted(place.rglob("*")) if _is_picture(p)]
            if not found:
                raise ValueError(f"`{split}`: no pictures are in {place}")
            yield from found
        elif place.is_file():
            for line in _lines(place):
                # In Ultralytics' lists, "./" stands for the folder of the list.
                yield place.parent / line.strip()
        else:
            raise ValueError(
                f"`{split}`: there is no {place}; correct the entry or `path`, which "
                "is relative to the YAML file"
            )


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_ENDINGS and path.is_file()


def _lines(path: Path) -> list[str]:
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenFileError(path, f"not a text file: {error}") from error
    return [line for line in text.splitlines() if line.strip()]


def _read(
    line: str, picture: Path, points: int, columns: int, split: str
) -> Annotation | None:
    numbers = [parse_decimal(cell) for cell in line.split()]
    expected = _BOX_COLUMNS + points * columns
    if len(numbers) != expected:
        raise ValueError(
            f"expected {expected} numbers, a class, a box and {points} points of "
            f"{columns}; found {len(numbers)}"
        )
    values = np.array(numbers[_BOX_COLUMNS:]).reshape(points, columns)
    shares = values[:, :2]
    visible = values[:, 2] > 0 if columns == 3 else shares.min(axis=1) >= 0
    labelled = np.asarray(visible)
    if not labelled.any():
        return None
    # Ultralytics annotates and trains on pictures that are turned upright.
    size = turned_size(read_size(picture), read_orientation(picture))
    landmarks = np.where(labelled[:, None], shares * size, np.nan)
    return Annotation(picture, landmarks, split, size=size)
