"""Landmark schemes in JSON files, for a user's own points.

```json
{
 "name": "teapot",
 "points": ["spout", "lid", "left_foot", "right_foot"],
 "mirror": [["left_foot", "right_foot"]],
 "edges": [["spout", "lid"]],
 "groups": {"feet": ["left_foot", "right_foot"]}
}
```

Only `points` is required. Other fields refer to a point by its name, or by its place in
the list, counted from 0.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wingkeras.data.json_annotations import parse_json
from wingkeras.data.numbers import shortened
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import LandmarkScheme
from wingkeras.storage.files import atomic_write

_FIELDS = (
    "name",
    "points",
    "mirror",
    "edges",
    "groups",
    "left_eye",
    "right_eye",
    "outer_eye_corners",
    "mouth",
)


def load_scheme(path: str | os.PathLike) -> LandmarkScheme:
    """Read a scheme.

    Args:
        path: of a JSON file with `points`, their names in the order of every array,
            and any of: `name`, the file's stem by default; `mirror`, the pairs of
            points that swap in the mirror, while all others stay (without it, objects
            are never flipped; `[]` means that all points lie on the axis); `edges`,
            the pairs that a drawing joins by a line; `groups`, from the name of a part
            to its points; and for a face `left_eye`, `right_eye`, `outer_eye_corners`
            and `mouth`, see `LandmarkScheme`.

    Raises:
        BrokenFileError: if the file is not such a scheme; it names the wrong field.

    Example:

    ```python
    faces = wingkeras.data.load_faces("mine.csv", scheme=load_scheme("points.json"))
    ```
    """
    path = Path(path)
    values = parse_json(path)
    try:
        return _parse(values, path.stem)
    except ValueError as error:
        raise BrokenFileError(path, str(error)) from error


def save_scheme(scheme: LandmarkScheme, path: str | os.PathLike) -> None:
    """Write a scheme to a file that `load_scheme` reads, with the points' names.

    Raises:
        OSError: if the file cannot be written.

    Example:

    ```python
    scheme = wingkeras.LandmarkScheme("ruler", ("left", "right"), mirror=(1, 0))
    save_scheme(scheme, "ruler.json")
    same = load_scheme("ruler.json")
    ```
    """

    def named(indices: Sequence[int]) -> list[str]:
        return [scheme.points[i] for i in indices]

    values: dict[str, Any] = {"name": scheme.name, "points": list(scheme.points)}
    if scheme.mirror is not None:
        pairs = [(i, j) for i, j in enumerate(scheme.mirror) if i < j]
        values["mirror"] = [named(pair) for pair in pairs]
    values["edges"] = [named(edge) for edge in scheme.edges]
    values["groups"] = {part: named(group) for part, group in scheme.groups.items()}
    for field in ("left_eye", "right_eye", "outer_eye_corners", "mouth"):
        if getattr(scheme, field):
            values[field] = named(getattr(scheme, field))
    with atomic_write(path) as scratch:
        scratch.write_text(
            json.dumps(values, indent=1, allow_nan=False) + "\n", encoding="utf-8"
        )


def mirror_of_pairs(pairs: Sequence[Sequence[int]], count: int) -> tuple[int, ...]:
    """The permutation that swaps pairs of points and keeps all other points in place.

    Args:
        pairs: indices of two different points each; no point is in two pairs.
        count: number of points.

    Raises:
        ValueError: if a point is in two pairs, or is its own partner.
    """
    mirror = list(range(count))
    for one, other in pairs:
        if one == other or mirror[one] != one or mirror[other] != other:
            raise ValueError(
                "expected pairs of two different points, each in one pair only; not so "
                f"for the pair of points {one} and {other}, counted from 0"
            )
        mirror[one], mirror[other] = other, one
    return tuple(mirror)


def _parse(values: Any, stem: str) -> LandmarkScheme:
    if not isinstance(values, dict):
        raise ValueError(
            f"expected an object with the names of `points`, found {shortened(values)}"
        )
    unknown = [name for name in values if name not in _FIELDS]
    if unknown:
        raise ValueError(
            f"expected the fields {', '.join(_FIELDS)}; found {shortened(unknown[0])}"
        )
    name = values.get("name", stem)
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"`name`: expected a text, found {shortened(name)}")
    points = _names(values.get("points"))
    places = {point: i for i, point in enumerate(points)}

    def indices(field: str, given: Any, length: int | None = None) -> tuple[int, ...]:
        if not isinstance(given, list) or length not in (None, len(given)):
            expected = "a list of points" if length is None else f"{length} points"
            raise ValueError(
                f"`{field}`: expected {expected}, found {shortened(given)}"
            )
        return tuple(_index(field, point, places) for point in given)

    def pairs(field: str) -> tuple[tuple[int, ...], ...]:
        given = values.get(field) or []
        if not isinstance(given, list):
            raise ValueError(f"`{field}`: expected pairs, found {shortened(given)}")
        return tuple(
            indices(f"{field}[{i}]", pair, length=2) for i, pair in enumerate(given)
        )

    mirror = None
    if values.get("mirror") is not None:
        swapped = pairs("mirror")
        try:
            mirror = mirror_of_pairs(swapped, len(points))
        except ValueError as error:
            raise ValueError(f"`mirror`: {error}") from error
    groups = values.get("groups") or {}
    if not isinstance(groups, dict):
        raise ValueError(
            f"`groups`: expected lists of points by name, found {shortened(groups)}"
        )
    corners = values.get("outer_eye_corners")
    fields: dict[str, Any] = {
        "left_eye": indices("left_eye", values.get("left_eye") or []),
        "right_eye": indices("right_eye", values.get("right_eye") or []),
        "mouth": indices("mouth", values.get("mouth") or []),
        "edges": pairs("edges"),
        "groups": {part: indices(f"groups.{part}", g) for part, g in groups.items()},
    }
    if corners is not None:
        fields["outer_eye_corners"] = indices("outer_eye_corners", corners, length=2)
    return LandmarkScheme(name, points, mirror, **fields)


def _names(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not given:
        raise ValueError(
            f"`points`: expected a list of their names, found {shortened(given)}"
        )
    for i, point in enumerate(given):
        if not isinstance(point, str) or not point.strip():
            raise ValueError(
                f"`points[{i}]`: expected a name, found {shortened(point)}"
            )
        if given.index(point) != i:
            raise ValueError(
                f"`points[{i}]`: the name {shortened(point)} is that of "
                f"points[{given.index(point)}]; give each its own"
            )
    return tuple(given)


def _index(field: str, point: Any, places: dict[str, int]) -> int:
    if isinstance(point, str) and point in places:
        return places[point]
    if type(point) is int and 0 <= point < len(places):
        return point
    raise ValueError(
        f"`{field}`: expected a name of `points` or a number from 0 to "
        f"{len(places) - 1}, found {shortened(point)}"
    )
