"""Points that were labelled with labelme: a JSON file beside every picture."""

import json
import os
from pathlib import Path
from typing import Any

from wingkeras.data.annotations import OnError, picture_path
from wingkeras.data.faces import FaceDataset
from wingkeras.data.named_points import (
    NamedPoints,
    add_point,
    dataset_of_names,
    grouped,
)
from wingkeras.data.numbers import shortened
from wingkeras.imaging.images import BrokenFileError, read_bytes
from wingkeras.schemes import LandmarkScheme


def is_labelme(folder: Path) -> bool:
    """Whether a folder holds labelme's files: JSON with `shapes`, by the first one."""
    first = min(folder.glob("*.json"), default=None)
    if first is None:
        return False
    try:
        return "shapes" in json.loads(first.read_bytes())
    except (ValueError, TypeError, OSError, RecursionError):
        return False


def load_labelme(
    folder: str | os.PathLike,
    scheme: str | LandmarkScheme | None = None,
    on_error: OnError = "raise",
) -> FaceDataset:
    """Load points that were labelled with labelme.

    Shapes of the type "point" count, others do not; a label is the name of a point.
    Those of a group are one thing, and those without a group are one.

    Args:
        folder: with a JSON file for each picture.
        scheme: of the points, by their names; by default those that are there, in the
            order in which they come.
        on_error: "raise" at the first broken face, or "skip" all of them, see
            `FaceDataset.skipped`.

    Returns:
        Things in the order of the files' names, subset = the folder's name.

    Raises:
        BrokenFileError: for a file of another format, a point that comes twice or that
            the scheme does not have, and for a broken face; see `on_error`.
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
        except ValueError as error:
            things.append(BrokenFileError(path, str(error)))
    return dataset_of_names(folder, things, scheme, on_error)


def _things(path: Path) -> list[NamedPoints]:
    try:
        content = json.loads(read_bytes(path).decode("utf-8-sig"))
    except (UnicodeDecodeError, RecursionError, json.JSONDecodeError) as error:
        raise ValueError(f"not a JSON file: {error}") from error
    shapes = content.get("shapes") if isinstance(content, dict) else None
    if not isinstance(shapes, list):
        raise ValueError(
            "expected a file of labelme, with `shapes` and `imagePath`; found "
            f"{shortened(content)}"
        )
    image = picture_path(path.parent, content.get("imagePath"))
    width, height = content.get("imageWidth"), content.get("imageHeight")
    size = (width, height) if width and height else None
    known = [shape for shape in shapes if isinstance(shape, dict)]
    points = [shape for shape in known if shape.get("shape_type") == "point"]
    groups = grouped((shape.get("group_id"), shape) for shape in points)
    return [NamedPoints(path, image, _points(g), size) for g in groups.values()]


def _points(shapes: list[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    points: dict[str, tuple[float, float]] = {}
    for shape in shapes:
        name, places = shape.get("label"), shape.get("points")
        try:
            ((x, y),) = places  # type: ignore[misc]
            at = float(x), float(y)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"the point {shortened(name)}: expected one pair of coordinates, found "
                f"{shortened(places)}"
            ) from error
        add_point(points, name, at)
    return points
