"""Bilinear crops of arrays: `graph_crops.sample` with OpenCV, image by image."""

from typing import Any

import cv2
import numpy as np

_NO_SECOND_MAP: Any = None
"""Unused second map, which OpenCV's type stubs require: `places` has x and y."""

_BAND = 96 << 10
"""Bytes of the arrays processed at a time. For arrays above 128 KiB the allocator asks
the system for new memory each time, and clearing it costs more than the arithmetic."""


def shrink_seen(
    region: np.ndarray, inverse: np.ndarray, size: int, factor: int
) -> tuple[np.ndarray, np.ndarray]:
    """The part of a region that a crop needs, averaged down, and the map to it.

    Args:
        region: `(R, R, 3)` uint8.
        inverse: `(2, 3)`, crop pixels -> pixels of the smaller region.
        size: side of the crop, pixels.
        factor: how many pixels become one, along each side.

    Returns:
        `(h, w, 3)` float32 and `(2, 3)`, crop pixels -> its pixels.
    """
    side = region.shape[0] // factor
    reach = inverse[:, :2] * (size - 1)
    lows = inverse[:, 2] + np.minimum(reach, 0).sum(axis=1)
    highs = inverse[:, 2] + np.maximum(reach, 0).sum(axis=1)
    # Include both neighbours of every position, and a pixel for rounding.
    left, top = np.clip(np.floor(lows) - 1, 0, side - 1).astype(int).tolist()
    right, bottom = np.clip(np.floor(highs) + 3, 1, side).astype(int).tolist()
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    rows, columns = (
        slice(top * factor, bottom * factor),
        slice(left * factor, right * factor),
    )
    seen = region[rows, columns].astype(np.float32)
    shrunk = (right - left, bottom - top)
    moved = inverse - np.array([[0, 0, left], [0, 0, top]], inverse.dtype)
    return cv2.resize(seen, shrunk, interpolation=cv2.INTER_AREA), moved


def sample(image: np.ndarray, inverse: np.ndarray, target: np.ndarray) -> None:
    """Fill a crop by bilinear interpolation, border pixels repeated.

    Args:
        image: `(h, w, 3)` uint8 or float32.
        inverse: `(2, 3)`, crop pixels -> image pixels.
        target: `(S, S, 3)` float32, the crop.
    """
    if inverse[0, 1] == 0 == inverse[1, 0]:
        target[:] = _sample_upright(image, inverse, len(target))
        return
    padded = cv2.copyMakeBorder(image, 0, 1, 0, 1, cv2.BORDER_REPLICATE)
    rows = max(1, _BAND // target[0].nbytes)
    for start in range(0, len(target), rows):
        _sample_turned(padded, inverse, start, target[start : start + rows])


def _sample_turned(
    padded: np.ndarray, inverse: np.ndarray, start: int, target: np.ndarray
) -> None:
    """Fill rows of a crop, from `start` on, by OpenCV's lookup of whole pixels.

    OpenCV's bilinear lookup rounds positions to 1/32 pixel, which moves landmarks.
    """
    height, width = padded.shape[0] - 1, padded.shape[1] - 1
    columns = np.arange(target.shape[1], dtype=np.float32)
    rows = np.arange(start, start + len(target), dtype=np.float32)
    x, y = (np.add.outer(row[1] * rows + row[2], row[0] * columns) for row in inverse)
    x, y = np.clip(x, 0, width - 1, out=x), np.clip(y, 0, height - 1, out=y)
    x0, y0 = x.astype(np.int16), y.astype(np.int16)
    x -= x0
    y -= y0
    fx, fy = (cv2.merge([part] * 3) for part in (x, y))
    places = cv2.merge([x0, y0])

    def pixels(down: int, right: int) -> np.ndarray:
        moved = padded[down:, right:]
        found = cv2.remap(moved, places, _NO_SECOND_MAP, cv2.INTER_NEAREST)
        return found.astype(np.float32)

    top, bottom = pixels(0, 0), pixels(1, 0)
    for upper, down in ((top, 0), (bottom, 1)):
        difference = pixels(down, 1)
        difference -= upper
        difference *= fx
        upper += difference
    bottom -= top
    bottom *= fy
    np.add(top, bottom, out=target)


def _sample_upright(image: np.ndarray, inverse: np.ndarray, size: int) -> np.ndarray:
    """The crop for a map without rotation: along the rows, then along the columns."""
    steps = np.arange(size, dtype=np.float32)
    places = (
        inverse[0, 0] * steps + inverse[0, 2],
        inverse[1, 1] * steps + inverse[1, 2],
    )
    (x0, x1, fx), (y0, y1, fy) = map(_neighbours, places, image.shape[1::-1])
    top, bottom = (image[y].astype(np.float32) for y in (y0, y1))
    top += (bottom - top) * fy[:, None, None]
    left, right = np.take(top, x0, axis=1), np.take(top, x1, axis=1)
    left += (right - left) * np.repeat(fx, 3).reshape(size, 3)
    return left


def _neighbours(places: np.ndarray, length: int) -> tuple[np.ndarray, ...]:
    """The pixels before and after positions on a line, and the distance from the
    first.
    """
    places = np.clip(places, 0, length - 1)
    first = places.astype(int)
    return first, np.minimum(first + 1, length - 1), places - first.astype(np.float32)
