"""Face regions and crops inside a graph: `crops` in `keras.ops`, without OpenCV.

A pixel of a region is the mean of the picture over the window that it covers, or over
one pixel's width if the picture is enlarged: area averaging and bilinear interpolation
only differ in the width of the window. Such means are differences of cumulative sums,
along one axis and then the other. Every runtime supports them, while none has a
resizing operator that takes a box per face and does not alias.
"""

from typing import Any

import keras

from wingkeras import geometry
from wingkeras.imaging.crops import REGION_FACTOR

ops: Any = keras.ops  # whose functions are declared to return `None` as well

_GREY = 128.0
"""Subtracted before summing, so that float32 sums of long rows stay exact enough."""


def face_regions(image, boxes, size: int):
    """Square regions of a picture, anti-aliased, all of one size, in `keras.ops`.

    Args:
        image: `(H, W, 3)` RGB in [0, 255], any dtype; H and W may be dynamic.
        boxes: `(N, 4)` float32 squares, image pixels; rounded to whole pixels.
        size: side of the regions, pixels.

    Returns:
        `(N, size, size, 3)` float32 regions of whole grey levels and the `(N, 2, 3)`
        maps from image pixels to region pixels. They are those of
        `crops.face_regions`, with two exceptions: grey levels near a half may be
        rounded the other way, and if a box is enlarged, its outermost half pixel is
        interpolated with the picture beyond the box.
    """
    sides = ops.maximum(ops.round(boxes[:, 2:3] - boxes[:, 0:1]), 1.0)
    corners = ops.round(boxes[:, :2])
    edges = ops.concatenate([corners, corners + sides], axis=1)
    maps = geometry.crop_maps(geometry.from_pixel_edges(edges), size, xp=ops)
    # The windows below are counted from pixels' edges, as `corners` are.
    factor = sides / size
    offsets = (ops.arange(size, dtype="float32") + 0.5)[None] * factor
    half = ops.maximum(factor, 1.0) / 2
    height, width = ops.shape(image)[0], ops.shape(image)[1]
    count = ops.shape(boxes)[0]

    rows = ops.reshape(ops.cast(image, "float32") - _GREY, (1, height, width * 3))
    centres = corners[:, 1:2] + offsets
    rows = _window_means(rows, centres[None], half[None])
    rows = ops.reshape(rows, (count, size, width, 3))

    columns = ops.reshape(ops.transpose(rows, (0, 2, 1, 3)), (count, width, size * 3))
    centres = corners[:, 0:1] + offsets
    columns = _window_means(columns, centres[:, None], half[:, None])
    regions = ops.reshape(columns, (count, size, size, 3))
    regions = ops.transpose(regions, (0, 2, 1, 3)) + _GREY
    # OpenCV rounds halves to even numbers as well, but up where it shrinks by exactly
    # two.
    halved = (factor == 2)[:, :, None, None]
    regions = ops.where(halved, ops.floor(regions + 0.5), ops.round(regions))
    return regions, maps


def _window_means(signals, centres, half):
    """Means over windows along signals; beyond the ends, the end values continue.

    Args:
        signals: `(B, S, C)`, B signals of S samples.
        centres: `(B, N, R)` of the windows, edges of sample i are i and i + 1.
        half: `(B, N, 1)` of their width.

    Returns:
        `(B, N, R, C)`.
    """
    batch, samples = ops.shape(signals)[0], ops.shape(signals)[1]
    channels = ops.shape(signals)[2]
    last = ops.cast(samples, "float32")
    first = (ops.arange(batch, dtype="int32") * samples)[:, None, None]
    flat = ops.reshape(signals, (batch * samples, channels))
    sums = ops.cumsum(signals, axis=1) - signals
    sums = ops.reshape(sums, (batch * samples, channels))

    def integral(position):
        inside = ops.clip(position, 0.0, last)
        index = ops.minimum(ops.floor(inside), last - 1)
        rest = (position - index)[..., None]
        index = first + ops.cast(index, "int32")
        return ops.take(sums, index, axis=0), rest * ops.take(flat, index, axis=0)

    high_sum, high_rest = integral(centres + half)
    low_sum, low_rest = integral(centres - half)
    return (high_sum - low_sum + high_rest - low_rest) / (2 * half)[..., None]


def crop(regions, maps, size: int):
    """Network input taken out of face regions; `crops.crop` in `keras.ops`.

    Args:
        regions: `(N, R, R, 3)`, any dtype; R a multiple of the region size that goes
            with `size`.
        maps: `(N, 2, 3)`, region pixels -> crop pixels.
        size: side of the crops, pixels.

    Returns:
        `(N, size, size, 3)` float32 in [0, 255].
    """
    factor = regions.shape[1] // round(REGION_FACTOR * size)
    return sample(*shrink(regions, maps, factor), size)


def shrink(images, maps, factor: int):
    """Images averaged down by a whole factor, and the maps that go with them.

    Args:
        images: `(N, H, W, C)`, any dtype; H and W multiples of `factor`.
        maps: `(N, 2, 3)`, image pixels -> crop pixels.
        factor: how many pixels become one, along each side.

    Returns:
        `(N, H / factor, W / factor, C)` float32 images, `(N, 2, 3)` maps from their
        pixels to crop pixels.
    """
    images = ops.cast(images, "float32")
    if factor == 1:
        return images, maps
    images = ops.average_pool(images, factor, strides=factor)
    return images, geometry.shrink_maps(maps, factor, ops)


def sample(images, maps, size: int):
    """Bilinear crops, in `keras.ops`: runs inside graphs and exports everywhere.

    Args:
        images: `(N, H, W, C)`, any dtype; H and W static.
        maps: `(N, 2, 3)`, image pixels -> crop pixels.
        size: side of the crops, pixels.

    Returns:
        `(N, size, size, C)` float32.
    """
    height, width, channels = images.shape[1:]
    inverse = geometry.invert(maps, xp=ops)
    steps = ops.arange(size, dtype="float32")
    x, y = (
        inverse[:, i, 0][:, None, None] * steps[None, None, :]
        + inverse[:, i, 1][:, None, None] * steps[None, :, None]
        + inverse[:, i, 2][:, None, None]
        for i in range(2)
    )
    x = ops.clip(x, 0, width - 1)
    y = ops.clip(y, 0, height - 1)
    x0, y0 = ops.floor(x), ops.floor(y)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]
    x0, y0 = ops.cast(x0, "int32"), ops.cast(y0, "int32")
    x1, y1 = ops.minimum(x0 + 1, width - 1), ops.minimum(y0 + 1, height - 1)

    flat = ops.reshape(images, (-1, channels))
    count = ops.shape(images)[0]
    first = ops.arange(count, dtype="int32")[:, None, None] * (height * width)

    def pixels(rows, columns):
        index = first + rows * width + columns
        return ops.cast(ops.take(flat, index, axis=0), "float32")

    top = pixels(y0, x0) * (1 - fx) + pixels(y0, x1) * fx
    bottom = pixels(y1, x0) * (1 - fx) + pixels(y1, x1) * fx
    return top * (1 - fy) + bottom * fy
