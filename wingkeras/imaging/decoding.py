"""Decoding picture files, completely or not at all."""

import contextlib
import io
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import PIL.features
import PIL.Image
import simplejpeg
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

_JPEG = b"\xff\xd8"
_PNG = b"\x89PNG\r\n\x1a\n"
# Pillow's `PIL.Image.open` is not used: its limit of pixels holds for the whole
# process, and some of its formats run other programs.
_READERS: dict[bytes, Callable[..., PIL.Image.Image]] = {
    _PNG: PngImageFile,
    b"RIFF": WebPImageFile,
    b"BM": BmpImageFile,
    b"II": TiffImageFile,
    b"MM": TiffImageFile,
    b"GIF8": GifImageFile,
    b"\xff\x4f\xff\x51": Jpeg2KImageFile,
    b"\0\0\0\x0cjP  ": Jpeg2KImageFile,
    **{b"P%d" % kind: PpmImageFile for kind in range(1, 7)},
}
_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
"""Brands of the ISO container that both are in, see `_brands`."""

_ORIENTATION = 0x0112
_TIFF_WIDTH, _TIFF_HEIGHT = 0x0100, 0x0101
SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that exchange width and height; 1 is upright."""

_UNDONE_BY = {6: 8, 8: 6}
"""Inverses of the quarter turns; all other orientations are their own inverse."""


def decode(data: bytes, upright: bool, max_pixels: int) -> np.ndarray:
    """The pixels of a picture.

    Args:
        data: content of a JPEG, PNG, WebP, BMP, TIFF, GIF, JPEG 2000, PPM or AVIF
            file; its first picture is decoded.
        upright: whether to turn it as its EXIF orientation says.
        max_pixels: most pixels that it may have.

    Returns:
        `(H, W, 3)` uint8 RGB.

    Raises:
        ValueError: if the data are truncated, damaged or not a picture, or the picture
            has more pixels, which is found before any is decoded.
    """
    with _damage_as_value_errors():
        if data.startswith(_JPEG):
            return _decode_jpeg(data, upright, max_pixels)
        return _decode_other(data, upright, max_pixels)


def decode_size(data: bytes) -> tuple[int, int]:
    """Width and height of a picture as it is stored, pixels, by its header.

    Args:
        data: see `decode`.

    Raises:
        ValueError: if the data are not a picture, or its header is damaged.
    """
    with _damage_as_value_errors():
        if data.startswith(_JPEG):
            return _jpeg_size(data)
        image = _find_reader(data)(io.BytesIO(data))
        if isinstance(image, TiffImageFile):  # its `size` may be that after turning
            return image.tag_v2[_TIFF_WIDTH], image.tag_v2[_TIFF_HEIGHT]
        return image.size


def decode_orientation(data: bytes) -> int:
    """The EXIF orientation of a picture, 1 to 8; 1, upright, if it has none.

    Args:
        data: see `decode`.

    Raises:
        ValueError: if the data are not a picture, or its header is damaged.
    """
    if data.startswith(_JPEG):
        return _jpeg_orientation(data)
    with _damage_as_value_errors():
        return _orientation(_find_reader(data)(io.BytesIO(data)))


@contextlib.contextmanager
def _damage_as_value_errors() -> Iterator[None]:
    try:
        yield
    except _RefusedError:
        raise
    except Exception as error:  # readers raise any type for a damaged header
        reason = str(error) or type(error).__name__
        raise ValueError(f"truncated or damaged: {reason}") from error


class _RefusedError(ValueError):
    """A picture refused before decoding."""


def _decode_jpeg(data: bytes, upright: bool, max_pixels: int) -> np.ndarray:
    _check_size(*_jpeg_size(data), max_pixels)
    # It raises for data that libjpeg reports as corrupt; Pillow and OpenCV would
    # continue with grey or shifted blocks.
    pixels = simplejpeg.decode_jpeg(data, "RGB", strict=True)
    return _turned(pixels, _jpeg_orientation(data)) if upright else pixels


def _jpeg_size(data: bytes) -> tuple[int, int]:
    height, width, *_ = simplejpeg.decode_jpeg_header(data)
    return int(width), int(height)


def _jpeg_orientation(data: bytes) -> int:
    try:
        return _orientation(JpegImageFile(io.BytesIO(data)))
    except Exception:  # only the EXIF data are damaged, not the picture
        return 1


def _orientation(image: PIL.Image.Image) -> int:
    found = image.getexif().get(_ORIENTATION, 1)
    return found if found in range(1, 9) else 1


def _decode_other(data: bytes, upright: bool, max_pixels: int) -> np.ndarray:
    reader = _find_reader(data)
    if reader is PngImageFile:
        _check_png(data)
    image = reader(io.BytesIO(data))
    _check_size(*image.size, max_pixels)
    orientation = _orientation(image)
    image.load()
    left = _orientation(image)
    pixels = _as_rgb(image)
    if upright:
        return _turned(pixels, left)
    if left != orientation:  # Pillow turns TIFF files by itself
        return _turned(pixels, _UNDONE_BY.get(orientation, orientation))
    return pixels


def _check_png(data: bytes) -> None:
    """Refuse PNGs that Pillow accepts: with a wrong checksum, or without an end."""
    start, kind = len(_PNG), b""
    while kind != b"IEND":
        if len(data) < start + 12:
            raise ValueError("the PNG has no end")
        length, kind = struct.unpack(">I4s", data[start : start + 8])
        end = start + 8 + length
        if len(data) < end + 4:
            raise ValueError("the PNG has no end")
        (checksum,) = struct.unpack(">I", data[end : end + 4])
        # The names of critical chunks begin with a capital letter.
        is_critical = kind[:1].isupper()
        if is_critical and zlib.crc32(memoryview(data)[start + 4 : end]) != checksum:
            raise ValueError(f"wrong checksum of the PNG's {kind.decode('latin-1')}")
        start = end + 4


def _find_reader(data: bytes) -> Callable[..., PIL.Image.Image]:
    for start, reader in _READERS.items():
        if data.startswith(start):
            return reader
    brands = _brands(data)
    if brands & _AVIF and PIL.features.check("avif"):
        from PIL.AvifImagePlugin import AvifImageFile  # of Pillow 11.3 and later

        return AvifImageFile
    if brands & (_AVIF | _HEIC):
        name = "an AVIF" if brands & _AVIF else "a HEIC"
        raise _RefusedError(
            f"{name} picture, which cannot be decoded here; convert it to JPEG first, "
            "for example with ImageMagick's `magick photo.heic photo.jpg`"
        )
    raise _RefusedError(
        "not a picture: expected JPEG, PNG, WebP, BMP, TIFF, GIF, JPEG 2000, PPM or "
        "AVIF"
    )


def _brands(data: bytes) -> set[bytes]:
    """The major and the compatible brands in the first box of an ISO container."""
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4], "big"), len(data))
    return {data[8:12], *(data[i : i + 4] for i in range(16, end, 4))}


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise _RefusedError(
            f"expected at most {max_pixels:,} pixels, received {width} x {height}; "
            "scale the picture down, or raise `max_pixels` of `read_image` "
            "(`wingkeras predict --max-pixels`)"
        )


def _as_rgb(image: PIL.Image.Image) -> np.ndarray:
    deep_grey = isinstance(image, PpmImageFile) and image.mode == "I"
    # Pillow reads 16 bits of a PPM file into 32, scaled to 65535.
    if image.mode.startswith("I;16") or deep_grey:
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.mode in ("I", "F"):
        raise _RefusedError("expected 8 or 16 bits a channel, received 32")
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA")
    return np.array(image.convert("RGB"))


def _turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn a picture upright by its EXIF `Orientation` (JEITA CP-3451)."""
    if orientation in SIDEWAYS:
        pixels = pixels.transpose(1, 0, 2)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return np.ascontiguousarray(pixels[::rows, ::columns])
