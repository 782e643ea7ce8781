"""Random geometry and appearance for training, batched, in TensorFlow.

The geometric part of an augmentation is one affine map per face, so a face is
resampled once, whatever is asked for. All randomness is stateless: the same seed
gives the same batch.
"""

import math
from dataclasses import dataclass

import tensorflow as tf

from wingkeras import geometry

_BLUR_SIGMA = 1.0
_BLUR_RADIUS = 2


@dataclass(frozen=True)
class Augmentation:
    """How far training faces are perturbed; the paper's values by default.

    Attributes:
        rotation: largest in-plane rotation, degrees, either way (Section 7.1: 30
            for CNN-6, 10 for CNN-7).
        flip: probability of mirroring (Section 7.1: 0.5).
        corner_jitter: largest shift of the box's upper-left and bottom-right
            corners, as a fraction of its size (Section 7.1: 0.05).
        blur: probability of Gaussian blur, sigma 1 pixel of the input
            (Section 7.1: 0.5).
        scale: largest change of the box's size, as a fraction, either way.
        shift: largest shift of the whole box, as a fraction of its size.
        colour: largest change of brightness, contrast and saturation, as a
            fraction, either way.
        occlusion: probability that a rectangle of up to half the crop's side is
            filled with one grey level.
    """

    rotation: float = 30.0
    flip: float = 0.5
    corner_jitter: float = 0.05
    blur: float = 0.5
    scale: float = 0.0
    shift: float = 0.0
    colour: float = 0.0
    occlusion: float = 0.0


def random_maps(augmentation: Augmentation, count, size: int, seed):
    """Perturbations of whole crops: jittered corners, rotated, mirrored.

    Args:
        augmentation: how far to perturb.
        count: N, how many to draw.
        size: side of the crops, pixels.
        seed: `(2,)` int32.

    Returns:
        `(N, 2, 3)` maps from unperturbed to perturbed crop pixels, and `(N,)` bool,
        which of them mirror (their landmarks then swap places, see
        `flip_landmarks`).
    """
    seeds = tf.random.split(seed, 5)
    shift = _uniform(seeds[0], [count, 2], augmentation.shift)
    growth = _uniform(seeds[1], [count, 1], augmentation.scale) / 2
    jitter = _uniform(seeds[2], [count, 4], augmentation.corner_jitter)
    offset = tf.concat([shift - growth, shift + growth], axis=1) + jitter
    corners = tf.constant([0.0, 0.0, 1.0, 1.0])
    boxes = (corners + offset) * size - 0.5
    crop = geometry.crop_maps(boxes, size, xp=tf)
    angles = _uniform(seeds[3], [count], math.radians(augmentation.rotation))
    turn = geometry.rotation_maps(angles, size, xp=tf)
    flips = tf.random.stateless_uniform([count], seeds[4]) < augmentation.flip
    sign = tf.where(flips, -1.0, 1.0)
    last = tf.where(flips, float(size - 1), 0.0)
    zero, one = tf.zeros_like(sign), tf.ones_like(sign)
    mirror = tf.stack(
        [tf.stack([sign, zero, last], 1), tf.stack([zero, one, zero], 1)], axis=1
    )
    maps = geometry.compose(mirror, geometry.compose(turn, crop, xp=tf), xp=tf)
    return maps, flips


def flip_landmarks(landmarks, flips, mirror: tuple[int, ...]):
    """Swap the places of left and right points where `flips` says so.

    Args:
        landmarks: `(N, L, 2)`, already mapped by the mirroring maps.
        flips: `(N,)` bool.
        mirror: the scheme's mirror permutation.

    Returns:
        `(N, L, 2)`.
    """
    swapped = tf.gather(landmarks, list(mirror), axis=1)
    return tf.where(flips[:, None, None], swapped, landmarks)


def warp(images, maps, size: int):
    """Bilinear crops, border pixels repeated; `crops.sample` for `tf.data`.

    TensorFlow's own kernel, 3 times as fast on a CPU as the gathers that
    `crops.sample` needs to run on every backend; their results agree.

    Args:
        images: `(N, H, W, C)`, uint8 or float32.
        maps: `(N, 2, 3)`, image pixels -> crop pixels.
        size: side of the crops, pixels.

    Returns:
        `(N, size, size, C)` float32.
    """
    inverse = tf.reshape(geometry.invert(maps, xp=tf), [-1, 6])
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),
        transforms=tf.pad(inverse, [[0, 0], [0, 2]]),
        output_shape=[size, size],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )


def gaussian_blur(images):
    """Gaussian blur with sigma 1 pixel, 5 x 5 taps, reflected borders.

    Args:
        images: `(N, H, W, C)` float32.

    Returns:
        `(N, H, W, C)` float32.
    """
    offsets = tf.range(-_BLUR_RADIUS, _BLUR_RADIUS + 1, dtype=tf.float32)
    taps = tf.exp(-(offsets**2) / (2 * _BLUR_SIGMA**2))
    taps = tf.tile((taps / tf.reduce_sum(taps))[:, None], [1, images.shape[-1]])
    margin = [_BLUR_RADIUS, _BLUR_RADIUS]
    images = tf.pad(images, [[0, 0], margin, margin, [0, 0]], "REFLECT")
    for kernel in (taps[:, None, :, None], taps[None, :, :, None]):
        images = tf.nn.depthwise_conv2d(images, kernel, [1, 1, 1, 1], "VALID")
    return images


def random_appearance(augmentation: Augmentation, crops, seed):
    """Blur, colour and occlusion.

    Args:
        augmentation: how far to perturb.
        crops: `(N, S, S, 3)` float32 in [0, 255].
        seed: `(2,)` int32.

    Returns:
        `(N, S, S, 3)` float32 in [0, 255].
    """
    count = tf.shape(crops)[0]
    seeds = tf.random.split(seed, 3)
    if augmentation.blur:
        chosen = tf.random.stateless_uniform([count], seeds[0]) < augmentation.blur
        crops = tf.where(chosen[:, None, None, None], gaussian_blur(crops), crops)
    if augmentation.colour:
        crops = _random_colour(augmentation.colour, crops, seeds[1])
    if augmentation.occlusion:
        crops = _random_occlusion(augmentation.occlusion, crops, seeds[2])
    return crops


def _random_colour(strength: float, crops, seed):
    factors = 1 + _uniform(seed, [3, tf.shape(crops)[0], 1, 1, 1], strength)
    brightness, contrast, saturation = tf.unstack(factors)
    grey = tf.reduce_mean(crops, axis=3, keepdims=True)
    crops = grey + (crops - grey) * saturation
    mean = tf.reduce_mean(grey, axis=[1, 2], keepdims=True)
    crops = (mean + (crops - mean) * contrast) * brightness
    return tf.clip_by_value(crops, 0.0, 255.0)


def _random_occlusion(probability: float, crops, seed):
    count, side = tf.shape(crops)[0], crops.shape[1]
    values = tf.random.stateless_uniform([6, count, 1, 1, 1], seed)
    chosen, level, x, y, width, height = tf.unstack(values)
    steps = tf.range(side, dtype=tf.float32) + 0.5
    across = tf.abs(steps[None, None, :, None] - x * side) < width * side / 4
    down = tf.abs(steps[None, :, None, None] - y * side) < height * side / 4
    return tf.where((chosen < probability) & across & down, level * 255.0, crops)


def _uniform(seed, shape, limit: float):
    return tf.random.stateless_uniform(shape, seed, -limit, limit)
