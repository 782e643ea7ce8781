"""JSON files of annotation tools: their values, numbers and picture sizes."""

import json
import math
from pathlib import Path
from typing import Any, TypeGuard

from wingkeras.data.numbers import shortened
from wingkeras.imaging.images import BrokenFileError, read_bytes

_WHOLE_DIGITS = 18


def parse_json(path: Path) -> Any:
    """The values of a JSON file.

    Whole numbers of more than 18 digits become floats: Python refuses to read a number
    of thousands of digits, which would make the whole file unreadable.

    Raises:
        BrokenFileError: if it is not a JSON file.

    Example:

    ```python
    parse_json(Path("train.json"))["images"]
    ```
    """

    def whole(digits: str) -> float:
        return int(digits) if len(digits) <= _WHOLE_DIGITS else float(digits)

    try:
        return json.loads(read_bytes(path).decode("utf-8-sig"), parse_int=whole)
    except RecursionError as error:
        raise BrokenFileError(
            path, "not a JSON file that can be read: it is nested too deeply"
        ) from error
    except ValueError as error:
        if isinstance(error, BrokenFileError):
            raise
        raise BrokenFileError(path, f"not a JSON file: {error}") from error


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a JSON number; `True` and `False` are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def picture_size(record: dict[str, Any], *names: str) -> tuple[float, float] | None:
    """Width and height of the annotated picture, pixels; `None` where none is given.

    Args:
        record: an object of the file.
        names: of its fields for the width and the height.

    Raises:
        ValueError: unless both are finite numbers above 0.

    Example:

    ```python
    picture_size({"width": 640, "height": 480}, "width", "height")  # (640, 480)
    ```
    """
    width, height = (record.get(name) for name in names)
    if width is None and height is None:
        return None
    if not (
        is_number(width)
        and is_number(height)
        and 0 < width < math.inf
        and 0 < height < math.inf
    ):
        fields = " and ".join(f"`{name}`" for name in names)
        raise ValueError(
            f"expected {fields} in pixels, received "
            f"{shortened(width)} and {shortened(height)}"
        )
    return width, height
