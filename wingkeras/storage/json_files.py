"""Reading untrusted JSON files, with errors that name the file."""

import json
import math
from pathlib import Path
from typing import Any

_LARGEST = 64 << 20
"""Largest file in bytes; a registry has some thousand per model."""


def read_json(path: Path) -> Any:
    """The values of a JSON file.

    Raises:
        ValueError: if it is damaged, or larger than 64 MiB.
        OSError: if it cannot be read.
    """
    size = path.stat().st_size
    if size > _LARGEST:
        raise ValueError(f"{path} has {size} bytes, too many for a JSON file here.")
    try:
        return json.loads(
            path.read_text(encoding="utf-8"),
            parse_constant=_refuse,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged, {error}.") from error


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large")
    return value


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")
