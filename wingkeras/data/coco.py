"""Faces, or anything else with keypoints, in COCO's JSON format."""

import contextlib
import os
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wingkeras.data.annotations import (
    Annotation,
    OnError,
    build_dataset,
    picture_path,
    read_record,
)
from wingkeras.data.coco_scheme import scheme_of_categories
from wingkeras.data.faces import FaceDataset
from wingkeras.data.json_annotations import is_number, parse_json, picture_size
from wingkeras.data.numbers import shortened
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import LandmarkScheme, get_scheme


class _Picture(NamedTuple):
    path: Path
    size: tuple[float, float] | None


def load_coco(
    json_path: str | os.PathLike,
    scheme: str | LandmarkScheme | None = None,
    images: str | os.PathLike | None = None,
    on_error: OnError = "raise",
) -> FaceDataset:
    """Load COCO keypoints.

    Coordinates are taken unchanged, as 0-based positions with the centre of the
    top-left pixel at (0, 0). Visibility 0 means unlabelled; 1, occluded, counts as
    labelled. Crowds and annotations without a labelled point are left out. Boxes come
    from the landmarks; `bbox` is not used.

    Args:
        json_path: of a file with `images` (`id`, `file_name`) and `annotations`
            (`image_id`, `keypoints` = x, y and visibility of each point in turn).
        scheme: of the keypoints; by default that of the file's categories, see
            `coco_scheme.scheme_of_categories`.
        images: the folder that file names are relative to; that of `json_path` by
            default.
        on_error: "raise" at the first broken face, or "skip" all of them, see
            `FaceDataset.skipped`. Repeated ids count as broken, and so do pictures
            whose size differs from the file's `width` and `height`: they were rescaled
            after annotation, or annotated as their EXIF orientation turns them. If that
            would not change the size, see `annotated_size.find_difference`.

    Returns:
        Faces in the file's order, subset = the file's stem.

    Raises:
        BrokenFileError: for a file of another format, a folder with none of the
            pictures, or a broken face; see `on_error`.
        ValueError: for an unknown scheme.

    Example:

    ```python
    faces = load_coco("annotations/train.json", "ibug68", images="photographs")
    ```
    """
    path = Path(json_path)
    chosen = None if scheme is None else get_scheme(scheme)
    folder = path.parent if images is None else Path(images)
    content = _parse(path)
    scheme = chosen or _scheme_of(path, content)
    pictures, broken = _index_pictures(path, content["images"], folder)
    known = [p.path for p in pictures.values() if isinstance(p, _Picture)]
    if known and content["annotations"] and not any(map(os.path.exists, known)):
        raise BrokenFileError(
            path,
            f"none of its {len(known)} pictures is in {folder}, the first being "
            f"{known[0].name}; name their folder with `images`",
        )
    seen: dict = {}
    # The faces of a broken picture are skipped with it, each with its own error.
    entries: list = broken if on_error == "raise" else []
    for i, annotation in enumerate(content["annotations"]):
        read = partial(_read, annotation, i, seen, pictures, scheme, path.stem)
        entries.append(read_record(path, f"annotations[{i}]", read))
    return build_dataset(path, entries, scheme, on_error)


def _parse(path: Path) -> dict[str, list]:
    content = parse_json(path)
    names = ("images", "annotations")
    if not isinstance(content, dict) or not all(
        isinstance(content.get(name), list) for name in names
    ):
        raise BrokenFileError(
            path,
            "expected COCO keypoints: a list `images` with `id` and `file_name`, and a "
            "list `annotations` with `image_id` and `keypoints`",
        )
    return content


def _scheme_of(path: Path, content: dict) -> LandmarkScheme:
    try:
        return scheme_of_categories(content.get("categories"))
    except ValueError as error:
        raise BrokenFileError(path, str(error)) from error


def _index_pictures(path: Path, records: list, folder: Path):
    """The pictures by id, or the error of a broken picture; and all these errors."""
    pictures: dict[object, _Picture | BrokenFileError] = {}
    broken = []

    def index(record) -> None:
        number = _required(record, "id")
        if number in pictures:
            raise ValueError(f"the id {shortened(number)} repeats; give each its own")
        name = picture_path(folder, _required(record, "file_name"))
        size = picture_size(record, "width", "height")
        pictures[number] = _Picture(name, size)

    for i, record in enumerate(records):
        error = read_record(path, f"images[{i}]", partial(index, record))
        if isinstance(error, BrokenFileError):
            broken.append(error)
            with contextlib.suppress(KeyError, TypeError):  # not a valid id
                pictures[record["id"]] = error
    return pictures, broken


def _read(
    annotation, index, seen, pictures, scheme: LandmarkScheme, subset: str
) -> Annotation | None:
    image_id = _required(annotation, "image_id")
    number = annotation.get("id")
    if number is not None:
        first = seen.setdefault(number, index)
        if first != index:
            raise ValueError(
                f"the id {shortened(number)} is that of annotations[{first}]; give "
                "each its own"
            )
    keypoints = annotation.get("keypoints")
    if annotation.get("iscrowd") or keypoints is None or keypoints == []:
        return None
    if image_id not in pictures:
        raise ValueError(f"no image has the id {shortened(image_id)}")
    picture = pictures[image_id]
    if isinstance(picture, BrokenFileError):
        raise ValueError(f"its picture is broken; {picture.reason}")
    landmarks = _landmarks(keypoints, scheme)
    if landmarks is None:
        return None
    return Annotation(picture.path, landmarks, subset, size=picture.size)


def _landmarks(keypoints, scheme: LandmarkScheme) -> np.ndarray | None:
    count = 3 * len(scheme)
    if not isinstance(keypoints, list):
        raise ValueError(f"expected {count} numbers, received {shortened(keypoints)}")
    wrong = [value for value in keypoints if not is_number(value)]
    if len(keypoints) != count or wrong:
        received = f"{shortened(wrong[0])} among " if wrong else ""
        raise ValueError(
            f"expected {count} numbers for the {len(scheme)} points of scheme "
            f"{scheme.name!r}, received {received}{len(keypoints)}"
        )
    values = np.array(keypoints, np.float64).reshape(-1, 3)
    visibility = values[:, 2]
    if not np.isin(visibility, (0, 1, 2)).all():
        raise ValueError("expected visibilities of 0, 1 or 2")
    labelled = visibility > 0
    if not labelled.any():
        return None
    if not np.isfinite(values[labelled]).all():
        raise ValueError("coordinates that are not finite")
    return np.where(labelled[:, None], values[:, :2], np.nan)


def _required(record, name: str):
    if not isinstance(record, dict) or name not in record:
        raise ValueError(
            f"expected COCO keypoints, an object with `{name}`; received "
            f"{shortened(record)}"
        )
    return record[name]
