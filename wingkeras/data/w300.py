"""300-W in its original folder layout: pictures with `.pts` files beside them."""

import logging
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from wingkeras.data.annotations import Annotation, OnError, build_dataset, read_record
from wingkeras.data.faces import FaceDataset
from wingkeras.data.pts import read_pts
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import IBUG68

_PROTOCOL_COUNTS = {
    "afw": 337,
    "helen/trainset": 2000,
    "lfpw/trainset": 811,
    "helen/testset": 330,
    "lfpw/testset": 224,
    "ibug": 135,
}
_COMMON = ("helen/testset", "lfpw/testset")
SPLITS = {
    "train": ("afw", "helen/trainset", "lfpw/trainset"),
    "common": _COMMON,
    "challenge": ("ibug",),
    "full": (*_COMMON, "ibug"),
}
"""The subsets of each split of the usual protocol."""

_PICTURES = (".jpg", ".jpeg", ".png")

_log = logging.getLogger("wingkeras")


class SubsetCount(NamedTuple):
    """Number of annotated faces of a subset: found, and expected by the protocol."""

    found: int
    expected: int


def describe_300w(root: str | os.PathLike) -> dict[str, SubsetCount]:
    """Count the faces of every subset, without reading them.

    Args:
        root: the folder that holds `afw`, `helen`, `lfpw` and `ibug`.

    Returns:
        The counts by subset; `found` is 0 where the folder is missing.

    Raises:
        FileNotFoundError: if there is no such folder.

    Example:

    ```python
    found = describe_300w("300w")
    found["lfpw/testset"].expected
    ```
    """
    root = Path(root)
    if not os.path.isdir(root):  # never raises, unlike `Path.is_dir`
        raise FileNotFoundError(
            f"Expected the folder of 300-W, with {', '.join(_PROTOCOL_COUNTS)} in it; "
            f"there is no folder {root}."
        )
    return {
        subset: SubsetCount(
            sum(bool(p and a) for p, a in _pairs(root / subset).values()), expected
        )
        for subset, expected in _PROTOCOL_COUNTS.items()
    }


def load_300w(
    root: str | os.PathLike,
    split: str,
    on_error: OnError = "raise",
    allow_missing: bool = False,
) -> FaceDataset:
    """Load a split of 300-W.

    If a subset's number of faces differs from the protocol, a warning is logged:
    results are then not comparable with published ones.

    Args:
        root: the folder that holds `afw`, `helen/trainset`, `helen/testset`,
            `lfpw/trainset`, `lfpw/testset` and `ibug`.
        split: "train" (3,148 faces in the protocol), "common" (554), "challenge"
            (135) or "full" (the last two, 689).
        on_error: "raise" at the first broken face, or "skip" all of them, see
            `FaceDataset.skipped`. A picture without a `.pts` file is broken too, and
            so is a `.pts` file without a picture.
        allow_missing: whether to go on if whole subsets of the split are missing,
            see `FaceDataset.missing_subsets`.

    Returns:
        Faces with 68 points, ordered by subset and file name.

    Raises:
        FileNotFoundError: if `root` or a subset is missing or holds no faces.
        BrokenFileError: for a broken face; see `on_error`.
        ValueError: for an unknown `split`.

    Example:

    ```python
    faces = load_300w("300w", "common")
    faces.subsets[0]  # "helen/testset"
    ```
    """
    if split not in SPLITS:
        raise ValueError(f"Expected `split` as one of {[*SPLITS]}, received {split!r}.")
    root = Path(root)
    found = describe_300w(root)
    counts = {subset: found[subset] for subset in SPLITS[split]}
    missing = _report(root, split, counts, allow_missing)
    entries = [
        read_record(
            root / subset, name, partial(_read, subset, name, pictures, annotation)
        )
        for subset in counts
        for name, (pictures, annotation) in sorted(_pairs(root / subset).items())
    ]
    faces = build_dataset(root, entries, IBUG68, on_error)
    return replace(faces, missing_subsets=missing)


def _report(root, split, counts, allow_missing) -> tuple[str, ...]:
    """Raise an error or log a warning if the folder differs from the protocol."""
    table = ", ".join(f"{name} {n} of {all_}" for name, (n, all_) in counts.items())
    missing = [name for name, count in counts.items() if not count.found]
    if len(missing) == len(counts) or (missing and not allow_missing):
        advice = " or pass allow_missing=True (--allow-missing)"
        if len(missing) == len(counts):
            advice = ""
        raise FileNotFoundError(
            f"300-W split {split!r}: expected pictures with .pts files in "
            f"{', '.join(str(root / name) for name in missing)}; found {table} faces. "
            f"Add what is missing{advice}."
        )
    if any(found != expected for found, expected in counts.values()):
        _log.warning(
            "300-W split %r is not the protocol's: %s faces in %s.", split, table, root
        )
    return tuple(missing)


def _pairs(folder: Path) -> dict[str, tuple[list[Path], Path | None]]:
    pairs = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        suffix = path.suffix.lower()
        if path.name.startswith(".") or suffix not in (*_PICTURES, ".pts"):
            continue
        pictures, annotation = pairs.get(path.stem, ([], None))
        if suffix == ".pts":
            annotation = path
        else:
            pictures = [*pictures, path]
        pairs[path.stem] = (pictures, annotation)
    return pairs


def _read(subset, name, pictures, annotation) -> Annotation:
    if annotation is None:
        raise BrokenFileError(pictures[0], f"no annotation {name}.pts beside it")
    if len(pictures) != 1:
        found = ", ".join(picture.name for picture in pictures) or "none"
        raise BrokenFileError(
            annotation, f"expected one picture {name}.jpg or .png beside it, {found}"
        )
    return Annotation(pictures[0], read_pts(annotation, len(IBUG68)), subset)
