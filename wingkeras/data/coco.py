"""Faces, or anything else with keypoints, in COCO's JSON format."""

import json
import os
from pathlib import Path

import numpy as np

from wingkeras.data.annotations import Annotation, OnError, build_dataset
from wingkeras.data.faces import FaceDataset
from wingkeras.imaging.images import BrokenFileError, read_bytes
from wingkeras.schemes import LandmarkScheme, get_scheme


def load_coco(
    json_path: str | os.PathLike,
    scheme: str | LandmarkScheme,
    image_root: str | os.PathLike | None = None,
    on_error: OnError = "raise",
) -> FaceDataset:
    """Load COCO keypoints.

    Coordinates are taken as they are, as 0-based positions with the centre of the
    top-left pixel at (0, 0). Visibility 0 means unlabelled; 1, occluded, counts as
    labelled. Crowds and annotations without a labelled point are left out. Boxes come
    from the landmarks; `bbox` is not used.

    Args:
        json_path: of a file with `images` (`id`, `file_name`) and `annotations`
            (`image_id`, `keypoints` = x, y and visibility of each point in turn).
        scheme: of the keypoints.
        image_root: the folder that file names are relative to; that of `json_path`
            by default.
        on_error: "raise" at the first broken face, or "skip" all of them, see
            `FaceDataset.skipped`.

    Returns:
        Faces in the file's order, subset = the file's stem.

    Raises:
        BrokenFileError: for a file of another format, and for a broken face; see
            `on_error`.
        ValueError: for an unknown scheme.
    """
    path, scheme = Path(json_path), get_scheme(scheme)
    root = path.parent if image_root is None else Path(image_root)
    content = _parse(path)
    try:
        pictures = {p["id"]: root / p["file_name"] for p in content["images"]}
        annotations = [
            (index, annotation["image_id"], annotation.get("keypoints") or [])
            for index, annotation in enumerate(content["annotations"])
            if not annotation.get("iscrowd")
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise BrokenFileError(
            path,
            "expected COCO keypoints: a list `images` with `id` and `file_name`, and a "
            f"list `annotations` with `image_id` and `keypoints` ({error!r})",
        ) from error
    entries = [_read(path, pictures, scheme, *found) for found in annotations]
    return build_dataset(path, [e for e in entries if e is not None], scheme, on_error)


def _parse(path: Path):
    try:
        return json.loads(read_bytes(path).decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BrokenFileError(path, f"not a JSON file: {error}") from error


def _read(
    path, pictures, scheme, index, image_id, keypoints
) -> Annotation | BrokenFileError | None:
    if not keypoints:
        return None
    place = f"annotations[{index}]"
    if image_id not in pictures:
        return BrokenFileError(path, f"{place}: no image has the id {image_id!r}")
    try:
        values = np.array(keypoints, np.float64)
    except (ValueError, TypeError):
        values = np.empty(0)
    if values.shape != (3 * len(scheme),):
        return BrokenFileError(
            path,
            f"{place}: expected {3 * len(scheme)} numbers for the {len(scheme)} points "
            f"of scheme {scheme.name!r}, received {len(keypoints)}",
        )
    values = values.reshape(-1, 3)
    visibility = values[:, 2]
    if not np.isin(visibility, (0, 1, 2)).all():
        return BrokenFileError(path, f"{place}: expected visibilities of 0, 1 or 2")
    labelled = visibility > 0
    if not labelled.any():
        return None
    if not np.isfinite(values[labelled]).all():
        return BrokenFileError(path, f"{place}: coordinates that are not finite")
    landmarks = np.where(labelled[:, None], values[:, :2], np.nan)
    return Annotation(pictures[image_id], landmarks, path.stem)
