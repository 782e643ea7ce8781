"""Reading picture files, completely or not at all, and accepting other forms."""

import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import PIL.Image

from wingkeras.imaging.decoding import decode, decode_orientation, decode_size
from wingkeras.printable import printable

_Decoded = TypeVar("_Decoded")

MAX_PIXELS = 100_000_000
"""Default limit of a picture's pixels: 300 MB once it is decoded."""


class BrokenFileError(ValueError):
    """A file that cannot be used.

    Its message is one line; control characters in names are escaped.

    Attributes:
        path: of the file.
        reason: what is wrong with it.

    Example:

    ```python
    try:
        read_image("no_picture.txt")
    except BrokenFileError as error:
        print(error.path, error.reason)
    ```
    """

    def __init__(self, path: str | os.PathLike, reason: str):
        super().__init__(path, reason)
        self.path = Path(path)
        self.reason = reason

    def __str__(self) -> str:
        return printable(f"{self.path}: {self.reason}")


def read_image(
    path: str | os.PathLike, upright: bool = False, max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """Decode a picture as 8-bit RGB.

    Grey pictures get three equal channels, alpha is left out, 16 bits become 8. If a
    file has several pictures, the first is read.

    Args:
        path: of a JPEG, PNG, WebP, BMP, TIFF, GIF, JPEG 2000, PPM or AVIF file.
        upright: whether to turn the picture as its EXIF orientation says. Choose this
            for photographs, but not for data sets, whose landmarks refer to the pixels
            as stored.
        max_pixels: most pixels that the picture may have. A file of a few kilobytes can
            hold a picture of gigabytes; its size is checked before it is decoded.

    Returns:
        `(H, W, 3)` uint8 RGB.

    Raises:
        BrokenFileError: if the file is missing, empty, truncated, damaged, not a
            picture or not a regular file, or the picture has more pixels.

    Example:

    ```python
    image = read_image("portrait.jpg", upright=True)
    ```
    """
    return _decoded(path, partial(decode, upright=upright, max_pixels=max_pixels))


def read_size(path: str | os.PathLike) -> tuple[int, int]:
    """Width and height of a picture as it is stored, pixels; nothing is decoded.

    Args:
        path: see `read_image`.

    Raises:
        BrokenFileError: if the file is missing, empty, not a picture or not a regular
            file, or its header is damaged.

    Example:

    ```python
    width, height = read_size("portrait.jpg")
    ```
    """
    return _decoded(path, decode_size)


def read_orientation(path: str | os.PathLike) -> int:
    """The EXIF orientation of a picture, 1 to 8; 1, upright, if it has none.

    Args:
        path: see `read_image`.

    Raises:
        BrokenFileError: see `read_size`.

    Example:

    ```python
    is_upright = read_orientation("portrait.jpg") == 1
    ```
    """
    return _decoded(path, decode_orientation)


def _decoded(path: str | os.PathLike, decoder: Callable[[bytes], _Decoded]) -> _Decoded:
    data = read_bytes(path)
    try:
        return decoder(data)
    except ValueError as error:
        raise BrokenFileError(path, str(error)) from error


def as_image(image: Any) -> np.ndarray:
    """A picture in any usual form as 8-bit RGB.

    Args:
        image: the path of a file, read upright as its EXIF orientation says; a PIL
            image, whose pixels are taken as they are (`PIL.ImageOps.exif_transpose`
            turns it upright); or an array of uint8: `(H, W, 3)` RGB, `(H, W, 4)` with
            alpha, which is left out, or grey `(H, W)` or `(H, W, 1)`.

    Returns:
        `(H, W, 3)` uint8 RGB; an array that has this form is returned itself.

    Raises:
        BrokenFileError: for a file that cannot be read, see `read_image`.
        ValueError: for anything else. Arrays of 16 bits or floating point are refused,
            since their range is not known; the message says how to convert them.

    Example:

    ```python
    image = as_image("portrait.jpg")
    image = as_image(PIL.Image.open("portrait.jpg"))
    ```
    """
    if image is None:
        raise ValueError(
            "Expected a picture, received None. cv2.imread returns None for a file "
            "that is missing or cannot be decoded: check its path, or pass the path."
        )
    if isinstance(image, (str, os.PathLike)):
        return read_image(image, upright=True)
    if isinstance(image, PIL.Image.Image):
        deep = image.mode == "F" or image.mode.startswith("I")
        image = image if deep else image.convert("RGB")
    array = np.asarray(image)
    if array.dtype == np.uint8 and array.size:
        if array.ndim == 2:
            return np.repeat(array[..., None], 3, axis=2)
        if array.ndim == 3 and array.shape[2] == 1:
            return np.repeat(array, 3, axis=2)
        if array.ndim == 3 and array.shape[2] == 4:
            array = array[..., :3]
        if array.ndim == 3 and array.shape[2] == 3:
            return np.ascontiguousarray(array)
    advice = _advice(array)
    raise ValueError(
        "Expected `image` as (H, W, 3) uint8 RGB, a path or a PIL image; received "
        f"shape {array.shape} and dtype {array.dtype}.{advice and f' Pass {advice}.'}"
    )


def _advice(array: np.ndarray) -> str:
    """Advice on how to convert an array into a picture, if possible."""
    if not array.size:
        return ""
    if array.ndim == 4:
        return "the pictures one by one, or all to `Localizer.detect_batch`"
    if array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.shape[2] > 4:
        return "`image.transpose(1, 2, 0)`"
    if array.dtype == np.uint16:
        return "`(image / 257).round().astype(np.uint8)` if white is 65535"
    if array.dtype == bool:
        return "`255 * image.astype(np.uint8)`"
    if array.dtype.kind == "f" and np.nanmax(array) <= 1:
        return "`(255 * image).round().astype(np.uint8)` if white is 1"
    if array.dtype.kind in "fiu" and array.dtype != np.uint8:
        return "`image.clip(0, 255).round().astype(np.uint8)` if white is 255"
    return ""


def read_bytes(path: str | os.PathLike) -> bytes:
    """The content of a file that must not be empty.

    Raises:
        BrokenFileError: if it is missing, empty or not readable, or no regular file:
            a pipe may have no end.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BrokenFileError(path, "expected a regular file")
            data = file.read()
    except OSError as error:
        raise BrokenFileError(path, error.strerror or str(error)) from error
    if not data:
        raise BrokenFileError(path, "the file is empty")
    return data


def _open_at_once(path: str, flags: int) -> int:
    # Opening a pipe would wait for somebody to write to it.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
