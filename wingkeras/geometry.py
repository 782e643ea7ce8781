"""Boxes and affine maps: the only place that knows the pixel convention.

Coordinates are continuous pixels, x to the right and y down, and the centre of
the top-left pixel is (0, 0): an image of width W covers [-0.5, W - 0.5]. A box is
`(left, top, right, bottom)`, an affine map `(2, 3)` takes `(x, y, 1)` to `(x, y)`.

Functions that are also needed inside graphs take `xp`, the namespace to compute
with: `numpy` (the default), `keras.ops` or `tensorflow`.
"""

import numpy as np


def landmark_boxes(landmarks: np.ndarray) -> np.ndarray:
    """Square boxes around landmarks: the protocol's box of a face.

    Args:
        landmarks: `(..., L, 2)`, image pixels; NaN points are left out.

    Returns:
        `(..., 4)` float32: centre = that of the landmarks' bounding box, side =
        its longer side.
    """
    low = np.nanmin(landmarks, axis=-2)
    high = np.nanmax(landmarks, axis=-2)
    half = (high - low).max(axis=-1, keepdims=True) / 2
    centre = (low + high) / 2
    return np.concatenate([centre - half, centre + half], axis=-1).astype(np.float32)


def square_boxes(boxes: np.ndarray) -> np.ndarray:
    """The squares of the longer sides of boxes, about their centres.

    Args:
        boxes: `(N, 4)` left, top, right, bottom, any unit.

    Returns:
        `(N, 4)` float32; what is square but for rounding comes back bit by bit.
    """
    boxes = np.asarray(boxes, np.float32)
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    square = np.isclose(width, height, rtol=1e-5, atol=0)[:, None]
    return np.where(square, boxes, landmark_boxes(boxes.reshape(-1, 2, 2)))


def scale_boxes(boxes: np.ndarray, factor: float) -> np.ndarray:
    """Boxes `(..., 4)` grown by `factor` about their centres, same units."""
    boxes = np.asarray(boxes, np.float32)
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    half = (boxes[..., 2:] - boxes[..., :2]) * (factor / 2)
    return np.concatenate([centre - half, centre + half], axis=-1)


def box_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union in [0, 1] of boxes `(..., 4)` that broadcast."""
    boxes, others = np.asarray(boxes, np.float32), np.asarray(others, np.float32)
    low = np.maximum(boxes[..., :2], others[..., :2])
    high = np.minimum(boxes[..., 2:], others[..., 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=-1)
    areas = [np.prod(b[..., 2:] - b[..., :2], axis=-1) for b in (boxes, others)]
    return common / (areas[0] + areas[1] - common)


def crop_maps(boxes, size: int, xp=np):
    """Affine maps that take each box onto a `size` x `size` crop.

    Args:
        boxes: `(N, 4)` float, image pixels.
        size: side of the crop, pixels.
        xp: namespace to compute with.

    Returns:
        `(N, 2, 3)`, image pixels -> crop pixels; the box's edges land on the
        crop's outer edges, -0.5 and `size - 0.5`.
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


def transform(maps, points, xp=np):
    """Points `(N, L, 2)` taken through affine maps `(N, 2, 3)`: `(N, L, 2)`."""
    x, y = points[..., 0], points[..., 1]
    rows = [
        maps[:, i, 0:1] * x + maps[:, i, 1:2] * y + maps[:, i, 2:3] for i in range(2)
    ]
    return xp.stack(rows, axis=-1)


def compose(outer, inner, xp=np):
    """The maps `(N, 2, 3)` that apply `inner` first, then `outer`."""
    entries = []
    for i in range(2):
        a, b = outer[:, i, 0], outer[:, i, 1]
        entries += [a * inner[:, 0, j] + b * inner[:, 1, j] for j in range(2)]
        entries.append(a * inner[:, 0, 2] + b * inner[:, 1, 2] + outer[:, i, 2])
    return _stack_map(entries, xp)


def invert(maps, xp=np):
    """The inverses `(N, 2, 3)` of affine maps `(N, 2, 3)`."""
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
        target: `(N, L, 2)` or `(L, 2)` points they should come to lie on.
        xp: namespace to compute with, NumPy's or `keras.ops`.

    Returns:
        `(N, 2, 3)` maps, source -> target.
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


def to_shape_vectors(landmarks, xp=np):
    """Landmarks `(N, L, 2)` as shape vectors `(N, 2L)`, all x first (Eq. 1)."""
    pair = xp.stack([landmarks[..., 0], landmarks[..., 1]], axis=-2)
    return xp.reshape(pair, (-1, 2 * landmarks.shape[-2]))


def from_shape_vectors(vectors, xp=np):
    """Shape vectors `(N, 2L)` as landmarks `(N, L, 2)`."""
    half = vectors.shape[-1] // 2
    return xp.stack([vectors[..., :half], vectors[..., half:]], axis=-1)


def _stack_map(entries, xp):
    rows = [xp.stack(entries[:3], axis=-1), xp.stack(entries[3:], axis=-1)]
    return xp.stack(rows, axis=-2)
