"""Numbers in annotation files: ASCII decimals only.

Python's `int` and `float` also accept `1_000` and digits of other scripts; in a file,
these are more likely a typing error or a wrong encoding.
"""

import re

_WHOLE = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_DECIMAL = re.compile(
    r"\s*[+-]?(?:nan|inf|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*",
    re.ASCII | re.IGNORECASE,
)
_WHOLE_DIGITS = 18
"""Most digits that certainly fit 64 bits."""

FARTHEST = 1e6
"""Largest coordinate, pixels: no picture is larger, and float32 still keeps tenths."""


def parse_whole(text: str) -> int:
    """A whole number of up to 18 digits.

    Raises:
        ValueError: for any other text.
    """
    digits = text.strip().lstrip("+-")
    if not _WHOLE.fullmatch(text) or len(digits) > _WHOLE_DIGITS:
        raise ValueError(f"expected a whole number, found {shortened(text)}")
    return int(text)


def parse_decimal(text: str) -> float:
    """A decimal number, NaN or an infinity.

    Raises:
        ValueError: for any other text.
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"expected a number, found {shortened(text)}")
    return float(text)


def shortened(value: object) -> str:
    """A value as error messages show it: one line of up to 60 characters."""
    text = ascii(value[:61] if isinstance(value, str) else value)
    return text if len(text) <= 60 else text[:57] + "..."
