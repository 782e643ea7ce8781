"""Landmark schemes as JSON-ready values: in models' descriptions and run folders."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from wingkeras.schemes import LandmarkScheme


def scheme_values(scheme: LandmarkScheme) -> dict[str, Any]:
    """A scheme as JSON-ready values; `scheme_from_values` is the inverse.

    Example:

    ```python
    scheme_values(wingkeras.schemes.FIVE)["mirror"]  # (1, 0, 2, 4, 3)
    ```
    """
    values = {f.name: getattr(scheme, f.name) for f in fields(scheme)}
    values["groups"] = {name: list(group) for name, group in scheme.groups.items()}
    return values


def scheme_from_values(values: Mapping[str, Any]) -> LandmarkScheme:
    """The scheme from the values of `scheme_values`, also after they were JSON.

    Raises:
        TypeError: for an unknown or a missing field.
        ValueError: see `LandmarkScheme`.

    Example:

    ```python
    scheme_from_values({"name": "ruler", "points": ["a", "b"], "mirror": [1, 0]})
    ```
    """
    return LandmarkScheme(**{name: _tupled(value) for name, value in values.items()})


def _tupled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _tupled(part) for name, part in value.items()}
    return tuple(map(_tupled, value)) if isinstance(value, list | tuple) else value
