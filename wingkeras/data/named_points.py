"""Objects with points that are labelled by name, as labelme and CVAT save them."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wingkeras.data.annotations import Annotation, OnError, build_dataset
from wingkeras.data.coco_scheme import mirror_of_names
from wingkeras.data.faces import FaceDataset
from wingkeras.data.numbers import shortened
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import LandmarkScheme, get_scheme


@dataclass(frozen=True)
class NamedPoints:
    """One object and its labelled points.

    Attributes:
        source: file that it was read from.
        image: path of its picture.
        points: coordinates by name, image pixels.
        size: width and height of the picture that was annotated, pixels.
    """

    source: Path
    image: Path
    points: Mapping[str, tuple[float, float]]
    size: tuple[float, float] | None


def add_point(
    points: dict[str, tuple[float, float]], name: object, at: tuple[float, float]
) -> None:
    """Add a point to the points of an object.

    Raises:
        ValueError: if the name is not a name, or was added before.
    """
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"expected the name of a point, found {shortened(name)}")
    if name in points:
        raise ValueError(
            f"the point {shortened(name)} comes twice; if there are several things in "
            "the picture, give each its own group"
        )
    points[name] = at


def dataset_of_names(
    source: Path,
    things: Sequence[NamedPoints | BrokenFileError],
    scheme: str | LandmarkScheme | None,
    on_error: OnError,
) -> FaceDataset:
    """The objects as a data set; points that an object lacks are NaN.

    Args:
        source: the file or folder that was loaded; its name is that of the subset.
        things: the objects; an error for each one that could not be read.
        scheme: of the points; by default all names in the order found, where "left" and
            "right" in the names decide which points swap in the mirror.
        on_error: see `annotations.build_dataset`.

    Raises:
        BrokenFileError: see `annotations.build_dataset`; also for a point that is not
            in the scheme.
        ValueError: for an unknown scheme.
    """
    read = [thing for thing in things if isinstance(thing, NamedPoints)]
    place = Path(os.path.abspath(source))  # "." has no name
    subset = place.name if place.is_dir() else place.stem
    if scheme is None:
        names = [*dict.fromkeys(name for thing in read for name in thing.points)]
        if not names:
            raise BrokenFileError(source, "no labelled point in it")
        scheme = LandmarkScheme(subset, tuple(names), mirror_of_names(names))
    scheme = get_scheme(scheme)
    entries = [
        _annotation(thing, scheme, subset) if isinstance(thing, NamedPoints) else thing
        for thing in things
    ]
    return build_dataset(source, entries, scheme, on_error)


def _annotation(
    thing: NamedPoints, scheme: LandmarkScheme, subset: str
) -> Annotation | BrokenFileError:
    unknown = [name for name in thing.points if name not in scheme.points]
    if unknown:
        return BrokenFileError(
            thing.source,
            f"scheme {scheme.name!r} has no point {shortened(unknown[0])}, which is "
            f"labelled in {thing.image.name}",
        )
    landmarks = np.array([thing.points.get(p, (np.nan, np.nan)) for p in scheme.points])
    return Annotation(thing.image, landmarks, subset, size=thing.size)


def grouped(items: Iterable[tuple[object, object]]) -> dict[object, list]:
    """Lists of second elements by the first element, in order of first appearance."""
    groups: dict[object, list] = {}
    for group, item in items:
        groups.setdefault(group, []).append(item)
    return groups
