"""Points that were labelled with labelme: a JSON file beside every picture."""

import os
from pathlib import Path
from typing import Any

from wingkeras.data.annotations import OnError, picture_path
from wingkeras.data.faces import FaceDataset
from wingkeras.data.json_annotations import is_number, parse_json, picture_size
from wingkeras.data.named_points import (
    NamedPoints,
    add_point,
    dataset_of_names,
    grouped,
)
from wingkeras.data.numbers import shortened
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import LandmarkScheme


def is_labelme(folder: Path) -> bool:
    """Whether a folder holds labelme's files: its first JSON file has `shapes`."""
    first = min(folder.glob("*.json"), default=None)
    if first is None:
        return False
    try:
        content = parse_json(first)
    except BrokenFileError:
        return False
    return isinstance(content, dict) and "shapes" in content


def load_labelme(
    folder: str | os.PathLike,
    scheme: str | LandmarkScheme | None = None,
    on_error: OnError = "raise",
) -> FaceDataset:
    """Load points that were labelled with labelme.

    Shapes of the type "point" are read, others are ignored; a shape's label is the name
    of its point. The points of a group form one object, and so do all points of a
    picture that have no group.

    Args:
        folder: with a JSON file for each picture.
        scheme: of the points, by their names; by default the names found, in their
            order in the files.
        on_error: "raise" at the first broken face, or "skip" all of them, see
            `FaceDataset.skipped`.

    Returns:
        Objects in the order of the files' names, subset = the folder's name.

    Raises:
        BrokenFileError: for a file of another format, a point that occurs twice or is
            not in the scheme, or a broken face; see `on_error`.
        ValueError: for an unknown scheme.

    Example:

    ```python
    fishes = load_labelme("labelled", scheme=load_scheme("points.json"))
    ```
    """
    folder = Path(folder)
    things: list[NamedPoints | BrokenFileError] = []
    for path in sorted(folder.glob("*.json")):
        try:
            things += _things(path)
        except BrokenFileError as error:
            things.append(error)
        except ValueError as error:
            things.append(BrokenFileError(path, str(error)))
    return dataset_of_names(folder, things, scheme, on_error)


def _things(path: Path) -> list[NamedPoints]:
    content = parse_json(path)
    shapes = content.get("shapes") if isinstance(content, dict) else None
    if not isinstance(shapes, list):
        raise ValueError(
            "expected a file of labelme, with `shapes` and `imagePath`; found "
            f"{shortened(content)}"
        )
    image = picture_path(path.parent, content.get("imagePath"))
    size = picture_size(content, "imageWidth", "imageHeight")
    known = [shape for shape in shapes if isinstance(shape, dict)]
    points = [shape for shape in known if shape.get("shape_type") == "point"]
    numbers = [shape.get("group_id") for shape in points]
    for number in numbers:
        if not (number is None or is_number(number)):
            raise ValueError(
                f"expected a number as `group_id`, found {shortened(number)}"
            )
    groups = grouped(zip(numbers, points, strict=True))
    return [NamedPoints(path, image, _points(g), size) for g in groups.values()]


def _points(shapes: list[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    points: dict[str, tuple[float, float]] = {}
    for shape in shapes:
        name, places = shape.get("label"), shape.get("points")
        place = places[0] if isinstance(places, list) and len(places) == 1 else None
        pair = place if isinstance(place, list) else []
        if len(pair) != 2 or not all(map(is_number, pair)):
            raise ValueError(
                f"the point {shortened(name)}: expected one pair of coordinates, found "
                f"{shortened(places)}"
            )
        add_point(points, name, (float(pair[0]), float(pair[1])))
    return points
