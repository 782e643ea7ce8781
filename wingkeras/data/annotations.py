"""From annotations to a `FaceDataset`: the checks that all loaders share."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.imaging.images import BrokenFileError, read_image
from wingkeras.schemes import LandmarkScheme

OnError = Literal["raise", "skip"]

OVERHANG = 0.25
"""How far landmarks may lie outside the picture, over the face's longer side.

Annotators guess points beyond the border: by 0.14 in published faces cut by it. What
lies farther out belongs to another picture, another scale or swapped coordinates.
"""

_log = logging.getLogger("wingkeras")


@dataclass(frozen=True)
class Annotation:
    """One face as a loader found it.

    Attributes:
        image: path of its picture.
        landmarks: `(L, 2)` float, image pixels; NaN = unlabelled.
        subset: where it came from.
        attributes: further numbers, the same names for all faces.
    """

    image: Path
    landmarks: np.ndarray
    subset: str
    attributes: Mapping[str, float] = field(default_factory=dict)


def build_dataset(
    source: Path,
    entries: Sequence[Annotation | BrokenFileError],
    scheme: LandmarkScheme,
    on_error: OnError,
) -> FaceDataset:
    """Check every face against its picture, which is decoded once for it.

    Args:
        source: the file or folder that was loaded.
        entries: the faces; in place of one that could not be read, its error.
        scheme: of the landmarks.
        on_error: "raise" at the first broken face, or "skip" all of them: those are
            logged as a warning and listed in the data set's `skipped`.

    Returns:
        The sound faces, in the order given.

    Raises:
        BrokenFileError: for a broken face, if `on_error` says so, and if no sound
            face is left. Broken are pictures that are missing or cannot be decoded,
            coordinates that are infinite or half unlabelled, faces without two
            distinct labelled points, and landmarks farther outside the picture than
            `OVERHANG`.
        ValueError: for an unknown `on_error`.
    """
    if on_error not in ("raise", "skip"):
        raise ValueError(
            f"Expected `on_error` as 'raise' or 'skip', received {on_error!r}."
        )
    if on_error == "raise":
        for entry in entries:
            if isinstance(entry, BrokenFileError):
                raise entry
    sizes = _picture_sizes(entries, on_error)
    sound, skipped = [], []
    for entry in entries:
        problem = _problem(entry, sizes)
        if problem is None:
            sound.append(entry)
        elif on_error == "raise":
            raise problem
        else:
            skipped.append(str(problem))
    if skipped:
        _log.warning(
            "Skipped %d of %d faces:\n%s",
            len(skipped),
            len(entries),
            "\n".join(skipped),
        )
    if not sound:
        reason = "no face in it" if not entries else "every face in it is broken"
        raise BrokenFileError(source, reason)
    return FaceDataset(
        images=tuple(face.image for face in sound),
        landmarks=np.stack([face.landmarks for face in sound]),
        scheme=scheme,
        subsets=tuple(face.subset for face in sound),
        attributes={
            name: np.array([face.attributes[name] for face in sound])
            for name in sound[0].attributes
        },
        skipped=tuple(skipped),
    )


def _picture_sizes(entries, on_error: OnError) -> dict:
    def read(picture: Path) -> tuple[int, int] | BrokenFileError:
        try:
            height, width = read_image(picture).shape[:2]
        except BrokenFileError as error:
            if on_error == "raise":
                raise
            return error
        return width, height

    pictures = {face.image: None for face in entries if isinstance(face, Annotation)}
    with ThreadPoolExecutor() as pool:
        return dict(zip(pictures, pool.map(read, pictures), strict=True))


def _problem(entry, sizes) -> BrokenFileError | None:
    if isinstance(entry, BrokenFileError):
        return entry
    size = sizes[entry.image]
    if isinstance(size, BrokenFileError):
        return size
    unlabelled = np.isnan(entry.landmarks)
    if np.isinf(entry.landmarks).any() or (unlabelled[:, 0] != unlabelled[:, 1]).any():
        return BrokenFileError(
            entry.image, "its landmarks have infinite or half unlabelled points"
        )
    labelled = entry.landmarks[~unlabelled[:, 0]]
    span = np.ptp(labelled, axis=0).max() if len(labelled) else 0
    if not span > 0:
        return BrokenFileError(
            entry.image, "its landmarks have fewer than two distinct labelled points"
        )
    width, height = size
    share = overhang(labelled, width, height)
    if share > OVERHANG:
        return BrokenFileError(
            entry.image,
            f"its landmarks reach {share * span:.0f} px beyond the {width} x {height} "
            f"picture, more than {OVERHANG:.0%} of the face's size",
        )
    return None


def overhang(landmarks: np.ndarray, width: int, height: int) -> float:
    """How far landmarks lie outside their picture, over the face's longer side.

    Args:
        landmarks: `(L, 2)`, image pixels, not all in one place.
        width: of the picture, pixels.
        height: of the picture, pixels.

    Returns:
        A share; negative if all of them are inside.
    """
    low, high = geometry.image_box(width, height).reshape(2, 2)
    outside = max((low - landmarks).max(), (landmarks - high).max())
    return float(outside / np.ptp(landmarks, axis=0).max())
