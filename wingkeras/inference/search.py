"""The scales and tiles at which a picture is searched for faces.

A detector finds faces of a limited range of sizes. Large faces are found in the
overview, the whole picture at 640 px. Small faces of large pictures are found in the
closer look, which is taken in tiles, so that memory does not grow with the picture.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from wingkeras import geometry

OVERVIEW_SIDE = 640
"""Longest side of the overview, pixels."""

MOST_PIXELS = 1 << 23
"""Most pixels of a closer look. Its overlapping tiles have at most 16/9 as many."""

_TILE = 1280
_MOST_OVERLAP = _TILE // 4

HEAD = 1.5
"""Side of a head with its ears and hair over that of the face's box."""

SAME_FACE = 0.3
"""Least intersection over union at which two boxes count as one face."""

PART_OF_FACE = 0.6
"""Least share of a box inside another box at which it is not a separate face."""


class View(NamedTuple):
    """A part of the picture, at the scale at which it is searched.

    Attributes:
        pixels: `(h, w, 3)` uint8 RGB.
        factor: picture pixels per pixel of the view.
        corner: left and top of the view, in its own pixels.
    """

    pixels: np.ndarray
    factor: float
    corner: tuple[int, int] = (0, 0)

    def to_picture(self, rectangles: np.ndarray) -> np.ndarray:
        """Convert rectangles to boxes `(N, 4)` in picture pixels.

        Args:
            rectangles: `(N, 4)` left, top, width and height, as OpenCV returns them:
                view pixels, counted from the outer edge of the first pixel.
        """
        corners = rectangles[:, :2] + self.corner
        boxes = np.concatenate([corners, corners + rectangles[:, 2:4]], axis=1)
        return geometry.from_pixel_edges(boxes * self.factor).astype(np.float32)


def overview_factor(shape: Sequence[int]) -> float:
    """Picture pixels per pixel of the overview, 1 or more."""
    return max(1.0, max(shape[:2]) / OVERVIEW_SIDE)


def closer_factor(shape: Sequence[int], min_face: float, least: float) -> float:
    """Picture pixels per pixel of the closer look, 1 or more.

    Args:
        shape: of the picture, height first.
        min_face: side of the smallest faces that are wanted, picture pixels. It is
            raised where the closer look would exceed `MOST_PIXELS`.
        least: side of the smallest faces that the detector finds, pixels of the view.
    """
    bound = math.sqrt(shape[0] * shape[1] / MOST_PIXELS)
    return max(1.0, min_face / least, bound)


def shrink(image: np.ndarray, factor: float) -> np.ndarray:
    """The picture with `factor` times fewer pixels in each direction."""
    if factor <= 1:
        return image
    size = [max(1, round(side / factor)) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def views(image: np.ndarray, min_face: float, least: float) -> Iterator[View]:
    """The overview, and the tiles of the closer look where one is needed.

    Args:
        image: `(H, W, 3)` uint8 RGB.
        min_face, least: see `closer_factor`.
    """
    overview = overview_factor(image.shape)
    yield View(shrink(image, overview), overview)
    closer = closer_factor(image.shape, min_face, least)
    if closer >= overview:
        return
    level = shrink(image, closer)
    # A face too small for the overview must lie whole, with some margin, in one tile.
    overlap = min(_MOST_OVERLAP, math.ceil(1.5 * least * overview / closer))
    rows, columns = (_spans(side, overlap) for side in level.shape[:2])
    for (top, bottom), (left, right) in itertools.product(rows, columns):
        yield View(level[top:bottom, left:right], closer, (left, top))


def _spans(length: int, overlap: int) -> list[tuple[int, int]]:
    """Starts and ends of equal tiles that cover a length, as few as possible."""
    count = max(1, math.ceil((length - overlap) / (_TILE - overlap)))
    size = math.ceil((length + (count - 1) * overlap) / count)
    starts = np.linspace(0, length - size, count).round().astype(int)
    return [(start, start + size) for start in starts.tolist()]


def around(boxes: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Which boxes have their centre inside or close to one of the faces.

    Args:
        boxes: `(N, 4)`.
        faces: `(M, 4)`, boxes in the same pixels.

    Returns:
        `(N,)` bool.
    """
    centres = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None]
    heads = geometry.scale_boxes(faces, HEAD)
    inside = (heads[:, :2] <= centres) & (centres <= heads[:, 2:])
    return np.any(np.all(inside, axis=2), axis=1)


def merge(boxes: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Choose which boxes of several views to keep: one for each face.

    Args:
        boxes: `(N, 4)`, picture pixels.
        ranks: `(N,)`; if two boxes belong to one face, or one lies inside the other,
            the one of higher rank is kept.

    Returns:
        Indices of the boxes to keep, in the order of their ranks, the highest first.
    """
    kept: list[int] = []
    for i in np.argsort(-ranks, kind="stable"):
        others = boxes[kept]
        low = np.maximum(boxes[i, :2], others[:, :2])
        high = np.minimum(boxes[i, 2:], others[:, 2:])
        common = np.clip(high - low, 0, None).prod(axis=1)
        area = (boxes[i, 2:] - boxes[i, :2]).prod()
        areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
        same = common > SAME_FACE * (area + areas - common)
        part = common > PART_OF_FACE * np.minimum(area, areas)
        if not (same | part).any():
            kept.append(int(i))
    return np.array(kept, int)
