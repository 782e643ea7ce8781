"""The landmark scheme described by the YAML file of an Ultralytics data set."""

from collections.abc import Mapping
from typing import Any

from wingkeras.data.numbers import shortened
from wingkeras.schemes import LandmarkScheme


def point_columns(content: Mapping[str, Any]) -> int:
    """How many numbers a point has in label files: 2, or 3 with the visibility.

    Args:
        content: of the YAML file.

    Raises:
        ValueError: for an invalid `kpt_shape`.
    """
    return _shape(content)[1]


def scheme_of_yaml(content: Mapping[str, Any], stem: str) -> LandmarkScheme:
    """The scheme of `kpt_shape`, `flip_idx`, `kpt_names` and `names`.

    Args:
        content: of the YAML file.
        stem: of the file's name; it names the scheme unless the file has one class.

    Raises:
        ValueError: if an entry is wrong; it names the entry.
    """
    count, _ = _shape(content)
    points = _points(content, count)
    return LandmarkScheme(_name(content, stem), points, _mirror(content))


def _shape(content: Mapping[str, Any]) -> tuple[int, int]:
    match shape := content.get("kpt_shape"):
        case [int(count), (2 | 3) as columns] if count > 0:
            return count, columns
    raise ValueError(
        "`kpt_shape`: expected the number of points, and 2 or 3 numbers for each, such "
        f"as [17, 3]; found {shortened(shape)}"
    )


def _mirror(content: Mapping[str, Any]) -> tuple[int, ...] | None:
    flip = content.get("flip_idx")
    if not flip:
        return None
    count, _ = _shape(content)
    if not isinstance(flip, list) or sorted(map(str, flip)) != sorted(
        map(str, range(count))
    ):
        raise ValueError(
            f"`flip_idx`: expected each of 0 to {count - 1} once, found "
            f"{shortened(flip)}"
        )
    mirror = tuple(map(int, flip))
    wrong = [i for i in range(count) if mirror[mirror[i]] != i]
    if wrong:
        raise ValueError(
            f"`flip_idx`: expected points that change places in pairs; {wrong[0]} "
            f"becomes {mirror[wrong[0]]}, but that does not become {wrong[0]}"
        )
    return mirror


def _points(content: Mapping[str, Any], count: int) -> tuple[str, ...]:
    named = content.get("kpt_names")
    if isinstance(named, dict):  # by class
        named = next(iter(named.values()), None)
    if named is None:
        return tuple(f"point_{i}" for i in range(1, count + 1))
    if not isinstance(named, list) or len(named) != count:
        raise ValueError(
            f"`kpt_names`: expected the names of {count} points, found "
            f"{shortened(named)}"
        )
    return tuple(map(str, named))


def _name(content: Mapping[str, Any], stem: str) -> str:
    names = content.get("names")
    values = [*names.values()] if isinstance(names, dict) else names
    only = isinstance(values, list) and len(values) == 1
    return str(values[0]) if only else stem  # type: ignore[index]
