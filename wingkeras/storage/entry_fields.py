"""The fields of registry entries: their types and ranges.

Entries are untrusted files. Their names become parts of paths, their numbers decide how
much memory a network takes, and `"false"` is true where a boolean is expected.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]
"""Whether a value is valid."""

_LONGEST_NAME = 200
"""Longest name in bytes: file systems allow 255, and endings are added."""

_SEPARATORS = re.compile(r"[/\\:]")  # of folders and drives, on any system
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HTTP = re.compile(r"https?://[!-~]+")
_HUB = re.compile(r"hf://[\w.-]+/[\w.-]+/?", re.ASCII)
_LARGEST_COORDINATE = 1e6


def is_plain_name(value: Any) -> bool:
    """Whether text can name a file, on any system: no path, and no hidden file."""
    return (
        _is_line(value)
        and 0 < len(value.encode()) <= _LONGEST_NAME
        and not _SEPARATORS.search(value)
        and not value.startswith(".")
        and value == value.strip()
    )


def _is_encodable(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and _is_encodable(value)


def _is_line(value: Any) -> bool:
    return _is_text(value) and value.isprintable()


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_whole(least: int, most: int) -> Check:
    def check(value: Any) -> bool:
        return type(value) is int and least <= value <= most

    return check


def _is_number(least: float, most: float) -> Check:
    def check(value: Any) -> bool:
        if type(value) not in (int, float):
            return False
        return least <= value <= most and math.isfinite(value)

    return check


def _matches(pattern: re.Pattern) -> Check:
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _is_list(check: Check, least: int, most: int) -> Check:
    def is_list(value: Any) -> bool:
        if not isinstance(value, list | tuple):
            return False
        return least <= len(value) <= most and all(map(check, value))

    return is_list


def _is_record(*required: str, **checks: Check) -> Check:
    """Accepts mappings that have all required fields, and whose `checks` hold."""

    def is_record(value: Any) -> bool:
        return (
            isinstance(value, Mapping)
            and all(name in value for name in required)
            and all(name not in value or checks[name](value[name]) for name in checks)
        )

    return is_record


_is_coordinate = _is_number(-_LARGEST_COORDINATE, _LARGEST_COORDINATE)
_is_count = _is_whole(0, 10**12)
_is_index = _is_whole(0, 10**4)
_is_indices = _is_list(_is_index, 0, 10**4)


def _is_groups(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        _is_line(part) and _is_indices(indices) for part, indices in value.items()
    )


STAGE: dict[str, tuple[Check, str]] = {
    "network": (_is_line, "the name of a network"),
    "input_size": (_is_whole(8, 2048), "a whole number of pixels from 8 to 2048"),
    "parameters": (_is_whole(1, 10**10), "a whole number from 1 on"),
    "file": (is_plain_name, "the plain name of a file, without a folder"),
    "sha256": (_matches(_SHA256), "64 hexadecimal digits"),
    "bytes": (_is_whole(1, 10**11), "a whole number from 1 on"),
    "mean_shape": (
        _is_list(_is_list(_is_coordinate, 2, 2), 1, 10**4),
        "a list of up to 10,000 pairs of finite numbers",
    ),
}
"""Fields of a network: the check of each one, and the expected values in words."""

_SCHEME = {
    "name": _is_line,
    "points": _is_list(_is_line, 1, 10**4),
    "mirror": _or_none(_is_indices),
    "left_eye": _is_indices,
    "right_eye": _is_indices,
    "outer_eye_corners": _or_none(_is_list(_is_index, 2, 2)),
    "edges": _is_list(_is_list(_is_index, 2, 2), 0, 10**5),
    "mouth": _is_indices,
    "groups": _is_groups,
}


def _is_scheme(value: Any) -> bool:
    if isinstance(value, str):
        return _is_line(value) and value != ""
    return (
        isinstance(value, Mapping)
        and set(value) <= set(_SCHEME)
        and _is_record("name", "points", "mirror", **_SCHEME)(value)
    )


_is_percent = _is_number(0, 10**6)
_is_metric = _is_record(
    "data",
    "boxes",
    data=_is_line,
    boxes=_is_line,
    flip_tta=_is_bool,
    recrop=_is_bool,
    **{
        name: _is_record("nme_percent", nme_percent=_is_percent)
        for name in ("inter_ocular", "inter_pupil", "box")
    },
)

_is_training_data = _is_record(
    "name",
    "faces",
    name=_is_line,
    faces=_is_count,
    licence=_is_text,
    num_extra_faces=_is_count,
)

ENTRY: dict[str, tuple[Check, str]] = {
    "name": (is_plain_name, "a plain name that a file can have"),
    "scheme": (_is_scheme, "the name of a landmark scheme, or its definition"),
    "box_scale": (_is_number(0.01, 100), "a number from 0.01 to 100"),
    "flip_tta": (_is_bool, "true or false"),
    "recrop": (_is_bool, "true or false"),
    "description": (_is_line, "one line of text"),
    "recipe": (_is_list(_is_record(), 0, 100), "a list of objects"),
    "training_data": (
        lambda value: value == {} or _is_training_data(value),
        'an object with "name" and "faces", a whole number',
    ),
    "licence": (_is_text, "text"),
    "metrics": (
        _is_list(_is_metric, 0, 1000),
        'a list of objects with "data" and "boxes" and, by normalizer, a number '
        '"nme_percent"',
    ),
    "card": (_or_none(is_plain_name), "the plain name of a file, or null"),
    "url": (_or_none(_matches(_HTTP)), "an http address, or null"),
    "hub": (_or_none(_matches(_HUB)), "hf://owner/repo, or null"),
}
"""Fields of an entry, except for its networks; see `STAGE`."""
