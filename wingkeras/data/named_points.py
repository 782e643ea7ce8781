"""Things whose points were labelled by name: what labelme and CVAT save."""

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
    """One thing.

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
    """Add a point to those of a thing.

    Raises:
        ValueError: for a name that is none, or is there already.
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
    """The things as a data set; what is not labelled on one is NaN.

    Args:
        source: the file or folder that was loaded; its name is that of the subset.
        things: in place of one that could not be read, its error.
        scheme: of the points; by default all names in the order in which they come,
            "left" and "right" telling what changes places in the mirror.
        on_error: see `annotations.build_dataset`.

    Raises:
        BrokenFileError: see `annotations.build_dataset`; also for a point that the
            scheme does not have.
        ValueError: for an unknown scheme.
    """
    read = [thing for thing in things if isinstance(thing, NamedPoints)]
    if scheme is None:
        names = [*dict.fromkeys(name for thing in read for name in thing.points)]
        if not names:
            raise BrokenFileError(source, "no labelled point in it")
        scheme = LandmarkScheme(source.stem, tuple(names), mirror_of_names(names))
    scheme = get_scheme(scheme)
    entries = [
        _annotation(thing, scheme, source.stem)
        if isinstance(thing, NamedPoints)
        else thing
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
    """Second elements by the first, in the order in which these come."""
    groups: dict[object, list] = {}
    for group, item in items:
        groups.setdefault(group, []).append(item)
    return groups
