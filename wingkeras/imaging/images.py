"""Pictures: read from files, whole or not at all, and taken in whatever form."""

import os
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np

_JPEG_START = b"\xff\xd8"
_START_OF_SCAN, _END_OF_IMAGE, _FILL = 0xDA, 0xD9, 0xFF
# In a scan, FF is data when 00 follows, and D0..D7 are restarts within it.
_MARKER_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class BrokenFileError(ValueError):
    """A file that cannot be used as it is.

    Attributes:
        path: of the file.
        reason: what is wrong with it.
    """

    def __init__(self, path: str | os.PathLike, reason: str):
        super().__init__(path, reason)
        self.path = Path(path)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def read_image(path: str | os.PathLike, upright: bool = False) -> np.ndarray:
    """Decode a picture as 8-bit RGB.

    Grey pictures get three equal channels, alpha is left out, 16 bits become 8.

    Args:
        path: of a JPEG, PNG or other file that OpenCV decodes.
        upright: whether to turn the picture as its EXIF orientation says. Wanted
            for photographs, where people expect it; not for data sets, whose
            landmarks refer to the pixels as stored.

    Returns:
        `(H, W, 3)` uint8 RGB.

    Raises:
        BrokenFileError: for a file that is missing, empty, truncated or no picture.
    """
    data = read_bytes(path)
    flags = cv2.IMREAD_COLOR
    if not upright:
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
    # OpenCV 4.10 decodes the missing part of a JPEG as grey; 4.14 refuses.
    if data.startswith(_JPEG_START) and not _is_complete_jpeg(data):
        raise BrokenFileError(path, "this JPEG is truncated; fetch the file again")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise BrokenFileError(path, f"cannot be decoded: {error.err}") from error
    if image is None:
        raise BrokenFileError(path, "truncated, or not a picture OpenCV can decode")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def as_image(image: Any) -> np.ndarray:
    """A picture in any usual form as 8-bit RGB.

    Args:
        image: the path of a file, read upright as its EXIF orientation says; a PIL
            image, whose pixels are taken as they are (`PIL.ImageOps.exif_transpose`
            turns it upright); or an array of uint8: `(H, W, 3)` RGB, `(H, W, 4)` with
            alpha, which is left out, or grey `(H, W)` or `(H, W, 1)`.

    Returns:
        `(H, W, 3)` uint8 RGB: the array itself where it has this form.

    Raises:
        BrokenFileError: for a file that cannot be read.
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
    if type(image).__module__.partition(".")[0] == "PIL":
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
    """The line that makes a picture of an array, if there is one."""
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
        BrokenFileError: if it is missing, empty or not readable.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise BrokenFileError(path, error.strerror or str(error)) from error
    if not data:
        raise BrokenFileError(path, "the file is empty")
    return data


def _is_complete_jpeg(data: bytes) -> bool:
    # Markers are followed from segment to segment: looking for the last bytes alone
    # would take a thumbnail's end for the picture's, or trip over appended data.
    position = len(_JPEG_START)
    while position + 2 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == _END_OF_IMAGE:
            return True
        if marker == _FILL:
            position += 1
            continue
        position += 2 + int.from_bytes(data[position + 2 : position + 4])
        if marker == _START_OF_SCAN:
            following = _MARKER_AFTER_SCAN.search(data, position)
            if following is None:
                return False
            position = following.start()
    return False
