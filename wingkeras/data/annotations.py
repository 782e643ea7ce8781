"""From annotations to a `FaceDataset`: the checks that all loaders share."""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from wingkeras import geometry
from wingkeras.data.annotated_size import find_difference
from wingkeras.data.faces import FaceDataset
from wingkeras.data.numbers import FARTHEST, shortened
from wingkeras.imaging.images import BrokenFileError, read_image, read_orientation
from wingkeras.schemes import LandmarkScheme

OnError = Literal["raise", "skip"]

OVERHANG = 0.25
"""How far landmarks may lie outside the picture, as a share of the face's longer side.

Annotators guess points beyond the border, in published faces by up to 0.14. Points
farther out come from another picture, another scale or swapped coordinates.
"""

_SMALLEST = 1.0

_log = logging.getLogger("wingkeras")


@dataclass(frozen=True)
class Annotation:
    """One face as a loader found it, unchecked.

    Attributes:
        image: path of its picture.
        landmarks: `(L, 2)` float, image pixels; NaN = unlabelled.
        subset: the part of the data set that it came from.
        attributes: further numbers and texts, the same names for all faces.
        size: width and height of the picture that was annotated, pixels, where the
            file says so.
        place: where the annotation is written, for messages.

    Example:

    ```python
    Annotation(Path("photo.jpg"), landmarks[0], subset="mine", attributes={"age": 40})
    ```
    """

    image: Path
    landmarks: np.ndarray
    subset: str
    attributes: Mapping[str, float | str] = field(default_factory=dict)
    size: tuple[float, float] | None = None
    place: str = ""


def read_record(
    source: Path, place: str, read: Callable[[], Annotation | None]
) -> Annotation | BrokenFileError | None:
    """Read one record of a file, so that an error in it does not affect other records.

    Args:
        source: the file.
        place: of the record in it, for messages, such as "line 3".
        read: reads the face of the record, or `None` if it holds no face.

    Returns:
        The result of `read` with its place, or, for any error, a `BrokenFileError` that
        names the file and the place.

    Example:

    ```python
    read_record(path, "line 3", lambda: Annotation(image, parse(row), "train"))
    ```
    """
    try:
        found = read()
        return found and dataclasses.replace(found, place=f"{source}, {place}")
    except BrokenFileError as error:
        return error
    except MemoryError:
        raise
    except ValueError as error:
        return BrokenFileError(source, f"{place}: {error}")
    except Exception as error:  # no list of exceptions foresees all that files hold
        return BrokenFileError(source, f"{place}: {type(error).__name__}: {error}")


def picture_path(folder: Path, name: object) -> Path:
    """Where the picture of a record is.

    Args:
        folder: that names are relative to.
        name: as the file has it.

    Raises:
        ValueError: if it cannot be the name of a file.
    """
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"expected the name of a picture, found {shortened(name)}")
    # NUL ends a name for the operating system, and a lone surrogate has no bytes.
    if "\0" in name or any("\ud800" <= character <= "\udfff" for character in name):
        raise ValueError(f"no file can have the name {shortened(name)}")
    return folder / name.strip()


def build_dataset(
    source: Path,
    entries: Sequence[Annotation | BrokenFileError | None],
    scheme: LandmarkScheme,
    on_error: OnError,
) -> FaceDataset:
    """Check every face against its picture, which is decoded once.

    Args:
        source: the file or folder that was loaded.
        entries: the faces; an error for each face that could not be read; `None` for a
            record without a face.
        scheme: of the landmarks.
        on_error: "raise" at the first broken face, or "skip" all broken faces, which
            are then logged as a warning and listed in the data set's `skipped`.

    Returns:
        The valid faces, in the order given.

    Raises:
        BrokenFileError: for a broken face, if `on_error` is "raise", and if no valid
            face is left. A face is broken if its picture is missing, cannot be decoded
            or has another size than the one that was annotated; if a coordinate is
            infinite or half unlabelled; if it has no two distinct labelled points, or
            is smaller than a pixel; or if landmarks lie farther outside the picture
            than `OVERHANG`.
        ValueError: for an unknown `on_error`.

    Example:

    ```python
    found = [Annotation(Path("photo.jpg"), landmarks[0], subset="mine")]
    faces = build_dataset(Path("photo.jpg"), found, wingkeras.schemes.IBUG68, "raise")
    ```
    """
    if on_error not in ("raise", "skip"):
        raise ValueError(
            f"Expected `on_error` as 'raise' or 'skip', received {on_error!r}."
        )
    entries = [entry for entry in entries if entry is not None]
    if on_error == "raise":
        for entry in entries:
            if isinstance(entry, BrokenFileError):
                raise entry
    pictures = _read_pictures(entries, on_error)
    sound, skipped = [], []
    for entry in entries:
        problem = _problem(entry, pictures)
        if isinstance(entry, Annotation) and problem is not None:
            problem = _located(problem, entry.place)
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
            name: _column([face.attributes[name] for face in sound])
            for name in sound[0].attributes
        },
        skipped=tuple(skipped),
    )


def _column(values: list) -> np.ndarray:
    # NumPy's own text dtype would give every text the space of the longest one.
    return np.array(values, object if isinstance(values[0], str) else None)


def _read_pictures(entries, on_error: OnError) -> dict:
    """Size and EXIF orientation of every picture, or what is wrong with it.

    The orientation counts where the annotations say how large the picture was; it is
    not read for others.
    """

    def read(picture: Path) -> tuple[tuple[int, int], int] | BrokenFileError:
        try:
            height, width = read_image(picture).shape[:2]
            orientation = read_orientation(picture) if picture in sized else 1
            return (width, height), orientation
        except Exception as error:
            if not isinstance(error, BrokenFileError):
                error = BrokenFileError(picture, f"cannot be read: {error}")
            if on_error == "raise":
                raise _located(error, pictures[picture]) from None
            return error

    pictures: dict[Path, str] = {}
    sized: set[Path] = set()
    for face in entries:
        if isinstance(face, Annotation):
            pictures.setdefault(face.image, face.place)
            if face.size is not None:
                sized.add(face.image)
    with ThreadPoolExecutor() as pool:
        return dict(zip(pictures, pool.map(read, pictures), strict=True))


def _located(error: BrokenFileError, place: str) -> BrokenFileError:
    return BrokenFileError(error.path, f"{error.reason} ({place})") if place else error


def _problem(entry, pictures) -> BrokenFileError | None:
    if isinstance(entry, BrokenFileError):
        return entry
    stored = pictures[entry.image]
    if isinstance(stored, BrokenFileError):
        return stored
    (width, height), orientation = stored
    if entry.size is not None:
        difference = find_difference(entry.size, (width, height), orientation)
        if difference:
            return BrokenFileError(entry.image, difference)
    unlabelled = np.isnan(entry.landmarks)
    if np.isinf(entry.landmarks).any() or (unlabelled[:, 0] != unlabelled[:, 1]).any():
        return BrokenFileError(
            entry.image, "its landmarks have infinite or half unlabelled points"
        )
    labelled = entry.landmarks[~unlabelled[:, 0]]
    farthest = np.abs(labelled).max(initial=0)
    if farthest > FARTHEST:
        return BrokenFileError(
            entry.image,
            f"its landmarks reach {farthest:.3g} px, far beyond the {width} x {height} "
            "picture",
        )
    span = np.ptp(labelled, axis=0).max() if len(labelled) else 0
    if not span > 0:
        return BrokenFileError(
            entry.image, "its landmarks have fewer than two distinct labelled points"
        )
    if span < _SMALLEST:
        return BrokenFileError(
            entry.image,
            f"its landmarks are {span:.2g} px apart at most: expected pixels, not "
            "shares of the picture",
        )
    share = overhang(labelled, width, height)
    if share > OVERHANG:
        return BrokenFileError(
            entry.image,
            f"its landmarks reach {share * span:.0f} px beyond the {width} x {height} "
            f"picture, more than {OVERHANG:.0%} of the face's size",
        )
    return None


def overhang(landmarks: np.ndarray, width: int, height: int) -> float:
    """How far landmarks lie outside their picture, relative to the face's longer side.

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
