"""From a picture to network input: face regions, and crops sampled from them.

Every crop, in training and in use, is made in the same two steps:

1. `face_regions` cuts a generous square around the box out of the picture and
   resizes it to a fixed size by area averaging, so that a large face shrinks without
   aliasing. Training caches these regions; a localizer makes them per call.
2. `crop` samples the network's input from the region under any affine map with
   one bilinear resampling. The region has the crop's own resolution, so this step
   never shrinks by much and needs no filter of its own; if a region serves a
   smaller network as well, it is averaged down first.

Beyond the picture's edge its border pixels are repeated. `graph_crops` has the same
steps in `keras.ops`, for exported files and compiled steps, and `tf_crops` has the
second one for `tf.data`; tests compare their results.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from wingkeras import geometry
from wingkeras.imaging import sampling

REGION_FACTOR = 2.0
"""Side of a region over that of the crop: room for rotation, shift and scale."""

_LARGEST_OVERHANG = 16

_LARGEST_COPY = 4096
"""Side of the largest square that is copied with its repeated border, pixels."""


def face_regions(
    image: np.ndarray, boxes: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Square regions of a picture, anti-aliased, all of one size.

    Args:
        image: `(H, W, 3)` uint8 RGB.
        boxes: `(N, 4)` squares, image pixels; rounded to whole pixels.
        size: side of the regions, pixels.

    Returns:
        `(N, size, size, 3)` uint8 regions, and the `(N, 2, 3)` float32 maps from
        image pixels to region pixels.

    Raises:
        ValueError: for an image that is not `(H, W, 3)` uint8, or boxes that are
            not finite, have no area or are far larger than the picture.
    """
    image, boxes = np.asarray(image), np.asarray(boxes, np.float32)
    check_image(image)
    check_boxes(boxes, image.shape)
    sides = np.maximum(np.rint(boxes[:, 2] - boxes[:, 0]), 1).astype(int)
    corners = np.rint(boxes[:, :2]).astype(int)
    edges = np.concatenate([corners, corners + sides[:, None]], axis=1)
    maps = geometry.crop_maps(geometry.from_pixel_edges(edges), size)
    regions = np.empty((len(boxes), size, size, 3), np.uint8)
    for region, (left, top), side in zip(regions, corners, sides, strict=True):
        if side > max(size, _LARGEST_COPY) and not _is_inside(image, left, top, side):
            region[:] = _shrink_beyond(image, left, top, side, size)
            continue
        patch = _cut(image, left, top, side)
        if side > size:
            cv2.resize(patch, (size, size), dst=region, interpolation=cv2.INTER_AREA)
        else:
            # In float: for uint8, OpenCV interpolates with weights of 11 bits, which
            # exported files cannot reproduce.
            enlarged = cv2.resize(patch.astype(np.float32), (size, size))
            np.rint(enlarged, out=region, casting="unsafe")
    return regions, maps.astype(np.float32)


def check_image(image: np.ndarray) -> None:
    """Refuse an array that is not a picture.

    Raises:
        ValueError: for anything but `(H, W, 3)` uint8.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(
            "Expected `image` as (H, W, 3) uint8 RGB, "
            f"received shape {image.shape} and dtype {image.dtype}."
        )


def check_sizes(sizes: Sequence[int]) -> None:
    """Refuse input sizes that cannot share the regions of the last one, see `crop`.

    Args:
        sizes: sides of their inputs, pixels, in the order of a cascade.

    Raises:
        ValueError: if the last side is not a multiple of every side.
    """
    if any(sizes[-1] % size for size in sizes):
        raise ValueError(
            "Expected networks whose inputs' sides go into that of the last one a "
            f"whole number of times; received {', '.join(map(str, sizes))} px."
        )


def check_boxes(
    boxes: np.ndarray, image_shape: tuple[int, ...], factor: float | None = None
) -> None:
    """Refuse boxes that no face region can be cut from.

    Args:
        boxes: should be `(N, 4)`, image pixels.
        image_shape: `(H, W, ...)`.
        factor: if the regions are squares around the boxes, their side over that of
            the boxes; by default the boxes are the regions.

    Raises:
        ValueError: for boxes of another shape, or that are not finite, have no area
            or are far larger than the picture.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(
            "Expected `boxes` as (N, 4): left, top, right, bottom in image pixels; "
            f"received shape {boxes.shape}."
        )
    limit = _LARGEST_OVERHANG * max(image_shape[:2])
    regions = boxes
    if factor is not None:
        with np.errstate(invalid="ignore"):  # infinite boxes are refused below
            regions = geometry.scale_boxes(geometry.square_boxes(boxes), factor)
    good = (np.abs(regions) < limit).all(axis=1)
    good &= (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    if not good.all():
        worst = int(np.flatnonzero(~good)[0])
        raise ValueError(
            "Expected finite boxes with left < right and top < bottom, not far "
            f"larger than the {image_shape[1]} x {image_shape[0]} picture; "
            f"received box {worst} = {boxes[worst].tolist()}."
        )


def _is_inside(image: np.ndarray, left: int, top: int, side: int) -> bool:
    height, width = image.shape[:2]
    return left >= 0 and top >= 0 and left + side <= width and top + side <= height


def _cut(image: np.ndarray, left: int, top: int, side: int) -> np.ndarray:
    if _is_inside(image, left, top, side):
        return image[top : top + side, left : left + side]
    height, width = image.shape[:2]
    rows = np.clip(np.arange(top, top + side), 0, height - 1)
    columns = np.clip(np.arange(left, left + side), 0, width - 1)
    return image[rows[:, None], columns]


def _shrink_beyond(
    image: np.ndarray, left: int, top: int, side: int, size: int
) -> np.ndarray:
    """A square that reaches beyond the picture, shrunk without copying its border.

    Area averaging is a product with one matrix from either side; the border's weight
    falls to the outermost pixels.
    """
    height, width = image.shape[:2]
    rows = _area_weights(top, side, size, height)
    columns = _area_weights(left, side, size, width)
    flat = rows @ image.reshape(height, width * 3).astype(np.float32)
    region = np.tensordot(columns, flat.reshape(size, width, 3), (1, 1))
    return np.rint(region.transpose(1, 0, 2)).astype(np.uint8)


def _area_weights(start: int, side: int, size: int, length: int) -> np.ndarray:
    """`(size, length)` float32: what each of `length` pixels adds to each mean.

    The means are over `size` equal windows of `side` pixels from pixel `start` on.
    """
    edges = start + np.arange(size + 1) * (side / size)
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(length)
    weights = np.minimum(high, pixels + 1) - np.maximum(low, pixels)
    weights = np.clip(weights, 0, None)
    weights[:, 0] += np.clip(np.minimum(high, 0) - low, 0, None)[:, 0]
    weights[:, -1] += np.clip(high - np.maximum(low, length), 0, None)[:, 0]
    return (weights * (size / side)).astype(np.float32)


def crop(regions: np.ndarray, maps: np.ndarray, size: int) -> np.ndarray:
    """Network input taken out of face regions.

    Args:
        regions: `(N, R, R, 3)` uint8; R a multiple of the region size that goes with
            `size`.
        maps: `(N, 2, 3)`, region pixels -> crop pixels.
        size: side of the crops, pixels.

    Returns:
        `(N, size, size, 3)` float32 in [0, 255].
    """
    factor = regions.shape[1] // round(REGION_FACTOR * size)
    inverses = geometry.invert(geometry.shrink_maps(maps, factor))
    result = np.empty((len(regions), size, size, 3), np.float32)
    # One by one, regions stay in the processor's cache: twice as fast as all together.
    for region, inverse, target in zip(regions, inverses, result, strict=True):
        if factor > 1:
            region, inverse = sampling.shrink_seen(region, inverse, size, factor)
        sampling.sample(region, inverse, target)
    return result


def add_flipped(crops: np.ndarray) -> np.ndarray:
    """Crops `(N, S, S, 3)` and, after them, their mirror images: `(2 N, S, S, 3)`."""
    both = np.empty((2 * len(crops), *crops.shape[1:]), crops.dtype)
    both[: len(crops)] = crops
    for crop, target in zip(crops, both[len(crops) :], strict=True):
        cv2.flip(crop, 1, dst=target)
    return both
