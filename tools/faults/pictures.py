"""Damaged picture files: read whole or refused, and never large."""

import io
import random
from pathlib import Path

import cv2
import numpy as np
import PIL.Image

from faults.kinds import Attempt, Kind, WrongResultError
from faults.mutations import mutated_bytes
from wingkeras.imaging.images import BrokenFileError, read_image

ENCODINGS = {
    "baseline": {"format": "JPEG"},
    "progressive": {"format": "JPEG", "progressive": True},
    "restarts": {"format": "JPEG", "restart_marker_blocks": 2},
    "scans and restarts": {
        "format": "JPEG",
        "progressive": True,
        "restart_marker_blocks": 2,
    },
    "png": {"format": "PNG"},
    "webp": {"format": "WEBP"},
    "lossless webp": {"format": "WEBP", "lossless": True},
    "bmp": {"format": "BMP"},
    "tiff": {"format": "TIFF"},
    "lzw tiff": {"format": "TIFF", "compression": "tiff_lzw"},
    "deflated tiff": {"format": "TIFF", "compression": "tiff_adobe_deflate"},
}
"""How Pillow writes pictures, by name."""

_OTHERS = {
    "gif": {"format": "GIF"},
    "jpeg 2000": {"format": "JPEG2000"},
    "ppm": {"format": "PPM"},
}
MAX_PIXELS = 1_000_000


def _prepare(folder: Path) -> Attempt:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    picture = cv2.resize(pixels, (60, 40), interpolation=cv2.INTER_LINEAR)
    kinds = ENCODINGS | _OTHERS
    files = [_encoded(picture, how) for how in kinds.values()]
    path = folder / "a"
    wholes = []
    for data in files:
        path.write_bytes(data)
        wholes.append(read_image(path))

    def attempt(seed: int) -> None:
        rng = random.Random(seed)
        index = rng.randrange(len(files))
        data, whole = files[index], wholes[index]
        is_cut = rng.random() < 0.3
        cut = data[: rng.randrange(len(data))]
        path.write_bytes(cut if is_cut else mutated_bytes(data, rng))
        name = list(kinds)[index]
        try:
            image = read_image(path, max_pixels=MAX_PIXELS)
        except BrokenFileError:
            return
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise WrongResultError(f"{name}: {image.dtype} of shape {image.shape}")
        if image.size > 3 * MAX_PIXELS:
            raise WrongResultError(f"{name}: larger than allowed, {image.shape}")
        # Bytes behind the pixels may be missing; PNG has a checksum of every part.
        if (is_cut or name == "png") and not np.array_equal(image, whole):
            raise WrongResultError(f"{name}: read with a part missing or changed")

    return attempt


def _encoded(picture: np.ndarray, how: dict) -> bytes:
    stream = io.BytesIO()
    PIL.Image.fromarray(picture).save(stream, **how)
    return stream.getvalue()


PICTURES = Kind("pictures", _prepare, 10_000, 200)
