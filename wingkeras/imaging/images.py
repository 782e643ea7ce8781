"""Reading picture files, whole or not at all."""

import os
import re
from pathlib import Path

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
