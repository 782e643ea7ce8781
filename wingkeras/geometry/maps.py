"""Affine maps `(2, 3)`, which take `(x, y, 1)` to `(x, y)`, in batches."""

import numpy as np


def crop_maps(boxes, size: int, xp=np):
    """Affine maps that take each box onto a `size` x `size` crop.

    Args:
        boxes: `(N, 4)` float, image pixels.
        size: side of the crop, pixels.
        xp: namespace to compute with.

    Returns:
        `(N, 2, 3)`, image pixels -> crop pixels; the box's edges land on the
        crop's outer edges, -0.5 and `size - 0.5`.

    Example:

    ```python
    maps = crop_maps(np.array([[9.5, 9.5, 73.5, 73.5]]), size=64)
    transform(maps, np.array([[[10.0, 10.0]]]))  # [[[0, 0]]]
    ```
    """
    left, top, right, bottom = (boxes[:, i] for i in range(4))
    sx = size / (right - left)
    sy = size / (bottom - top)
    zero = xp.zeros_like(sx)
    return _stack_map(
        [sx, zero, -0.5 - left * sx, zero, sy, -0.5 - top * sy],
        xp,
    )


def rotation_maps(angles, size: int, xp=np):
    """Rotations of a `size` x `size` crop about its centre.

    Args:
        angles: `(N,)`, radians, counter-clockwise as seen on the screen.
        size: side of the crop, pixels.
        xp: namespace to compute with.

    Returns:
        `(N, 2, 3)`, crop pixels -> rotated crop pixels.

    Example:

    ```python
    maps = rotation_maps(np.array([np.pi / 2]), size=64)
    transform(maps, np.array([[[63.0, 31.5]]]))  # [[[31.5, 0]]]
    ```
    """
    centre = (size - 1) / 2
    cos, sin = xp.cos(angles), xp.sin(angles)
    return _stack_map(
        [
            cos,
            sin,
            centre * (1 - cos - sin),
            -sin,
            cos,
            centre * (1 + sin - cos),
        ],
        xp,
    )


def flip_maps(flips, size: int, xp=np):
    """Maps that mirror the crops selected by `flips` left to right.

    Args:
        flips: `(N,)` bool.
        size: width of the crop, pixels.
        xp: namespace to compute with.

    Returns:
        `(N, 2, 3)` float32, crop pixels -> pixels of the crop or of its mirror image.

    Example:

    ```python
    flip_maps(np.array([True]), 64)  # [[[-1, 0, 63], [0, 1, 0]]]
    ```
    """
    one = xp.ones_like(flips, dtype="float32")
    zero = xp.zeros_like(one)
    sign = xp.where(flips, -one, one)
    last = xp.where(flips, one * (size - 1), zero)
    return _stack_map([sign, zero, last, zero, one, zero], xp)


def shrink_maps(maps, factor: int, xp=np):
    """Adapt maps from images to the same images averaged down.

    Args:
        maps: `(N, 2, 3)`, image pixels -> crop pixels.
        factor: how many pixels become one, along each side.
        xp: namespace to compute with.

    Returns:
        `(N, 2, 3)`, pixels of the smaller image -> crop pixels.

    Example:

    ```python
    identity = np.array([[[1.0, 0, 0], [0, 1, 0]]])
    shrink_maps(identity, 2)  # [[[2, 0, 0.5], [0, 2, 0.5]]]
    ```
    """
    offset = (factor - 1) / 2
    shift = xp.sum(maps[:, :, :2], axis=2, keepdims=True) * offset
    linear = maps[:, :, :2] * factor
    return xp.concatenate([linear, maps[:, :, 2:] + shift], axis=2)


def transform(maps, points, xp=np):
    """Points `(N, L, 2)` taken through affine maps `(N, 2, 3)`: `(N, L, 2)`.

    Example:

    ```python
    maps = np.array([[[2.0, 0, 1], [0, 2, 3]]])
    transform(maps, np.array([[[5.0, 5.0]]]))  # [[[11, 13]]]
    ```
    """
    x, y = points[..., 0], points[..., 1]
    rows = [
        maps[:, i, 0:1] * x + maps[:, i, 1:2] * y + maps[:, i, 2:3] for i in range(2)
    ]
    return xp.stack(rows, axis=-1)


def compose(outer, inner, xp=np):
    """The maps `(N, 2, 3)` that apply `inner` first, then `outer`.

    Example:

    ```python
    twice = np.array([[[2.0, 0, 0], [0, 2, 0]]])
    shifted = np.array([[[1.0, 0, 10], [0, 1, 0]]])
    transform(compose(twice, shifted), np.array([[[1.0, 1.0]]]))  # [[[22, 2]]]
    ```
    """
    entries = []
    for i in range(2):
        a, b = outer[:, i, 0], outer[:, i, 1]
        entries += [a * inner[:, 0, j] + b * inner[:, 1, j] for j in range(2)]
        entries.append(a * inner[:, 0, 2] + b * inner[:, 1, 2] + outer[:, i, 2])
    return _stack_map(entries, xp)


def invert(maps, xp=np):
    """The inverses `(N, 2, 3)` of affine maps `(N, 2, 3)`.

    Example:

    ```python
    invert(np.array([[[2.0, 0, 10], [0, 2, 0]]]))  # [[[0.5, 0, -5], [0, 0.5, 0]]]
    ```
    """
    a, b, c = maps[:, 0, 0], maps[:, 0, 1], maps[:, 0, 2]
    d, e, f = maps[:, 1, 0], maps[:, 1, 1], maps[:, 1, 2]
    determinant = a * e - b * d
    return _stack_map(
        [
            e / determinant,
            -b / determinant,
            (b * f - e * c) / determinant,
            -d / determinant,
            a / determinant,
            (d * c - a * f) / determinant,
        ],
        xp,
    )


def fit_similarity(source, target, xp=np):
    """Least-squares similarities (rotation, scale, shift; no reflection).

    Args:
        source: `(N, L, 2)` points.
        target: `(N, L, 2)` or `(L, 2)` points to fit them to.
        xp: namespace to compute with, NumPy's or `keras.ops`.

    Returns:
        `(N, 2, 3)` maps, source -> target.

    Example:

    ```python
    source = np.array([[[0.0, 0], [1, 0], [0, 1]]])
    fit_similarity(source, 2 * source + 5)  # [[[2, 0, 5], [0, 2, 5]]]
    ```
    """
    target = target + xp.zeros_like(source)
    x, y = source[..., 0], source[..., 1]
    u, v = target[..., 0], target[..., 1]
    mean_x, mean_y = xp.mean(x, axis=1), xp.mean(y, axis=1)
    mean_u, mean_v = xp.mean(u, axis=1), xp.mean(v, axis=1)
    x, y = x - mean_x[:, None], y - mean_y[:, None]
    u, v = u - mean_u[:, None], v - mean_v[:, None]
    power = xp.mean(x * x + y * y, axis=1)
    a = xp.mean(x * u + y * v, axis=1) / power
    b = xp.mean(x * v - y * u, axis=1) / power
    return _stack_map(
        [
            a,
            -b,
            mean_u - a * mean_x + b * mean_y,
            b,
            a,
            mean_v - b * mean_x - a * mean_y,
        ],
        xp,
    )


def _stack_map(entries, xp):
    rows = [xp.stack(entries[:3], axis=-1), xp.stack(entries[3:], axis=-1)]
    return xp.stack(rows, axis=-2)
