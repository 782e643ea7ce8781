"""The landmark scheme described by the categories of a COCO file."""

from typing import Any

from wingkeras.data.numbers import shortened
from wingkeras.schemes import LandmarkScheme


def scheme_of_categories(categories: Any) -> LandmarkScheme:
    """The scheme of the categories' keypoints.

    COCO does not say which points swap when a picture is mirrored. Names with "left"
    and "right" do, if each has its partner; without such names, objects are never
    flipped.

    Args:
        categories: the file's list: `name`, `keypoints` (the points' names) and
            `skeleton` (the pairs that a drawing joins, counted from 1).

    Raises:
        ValueError: if no category names points, or two name different ones.
    """
    listed = categories if isinstance(categories, list) else []
    named = [c for c in listed if isinstance(c, dict) and c.get("keypoints")]
    if not named:
        raise ValueError(
            "no category names its `keypoints`; say with `scheme` which points these "
            "are"
        )
    first = named[0]
    if any(category["keypoints"] != first["keypoints"] for category in named):
        names = " and ".join(shortened(category.get("name")) for category in named)
        raise ValueError(
            f"the categories {names} name other keypoints; keep one of them, or say "
            "with `scheme` which points these are"
        )
    points = first["keypoints"]
    if not isinstance(points, list) or not all(isinstance(p, str) for p in points):
        raise ValueError(
            f"expected `keypoints` as a list of names, received {shortened(points)}"
        )
    name = first.get("name")
    return LandmarkScheme(
        name=name if isinstance(name, str) and name else "keypoints",
        points=tuple(points),
        mirror=mirror_of_names(points),
        edges=_edges(first.get("skeleton") or [], len(points)),
    )


def mirror_of_names(points: list[str]) -> tuple[int, ...] | None:
    """The mirror permutation, derived from "left" and "right" in the points' names.

    Args:
        points: their names.

    Returns:
        For each point the index of its partner, or its own; `None` if no name has
        "left" or "right", or one has no partner.

    Example:

    ```python
    mirror_of_names(["nose", "left_eye", "right_eye"])  # (0, 2, 1)
    ```
    """
    places = {point: i for i, point in enumerate(points)}
    partners = [_other_side(point) for point in points]
    if partners == points or not all(partner in places for partner in partners):
        return None
    return tuple(places[partner] for partner in partners)


def _other_side(name: str) -> str:
    for left, right in (("left", "right"), ("Left", "Right"), ("LEFT", "RIGHT")):
        if left in name:
            return name.replace(left, right)
        if right in name:
            return name.replace(right, left)
    return name


def _edges(skeleton: Any, count: int) -> tuple[tuple[int, int], ...]:
    edges = []
    for i, edge in enumerate(skeleton if isinstance(skeleton, list) else [skeleton]):
        if not (
            isinstance(edge, list)
            and len(edge) == 2
            and all(isinstance(end, int) and 1 <= end <= count for end in edge)
        ):
            raise ValueError(
                f"`skeleton[{i}]`: expected two points, counted from 1 to {count}, "
                f"found {shortened(edge)}"
            )
        edges.append((edge[0] - 1, edge[1] - 1))
    return tuple(edges)
