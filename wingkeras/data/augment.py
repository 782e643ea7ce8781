"""Random geometry and appearance for training, batched.

The geometric part of an augmentation is one affine map per face, so a face is always
resampled only once. All randomness comes from numbers drawn uniformly from [0, 1),
`DRAWS` for each face. Their effect is computed with a namespace of the caller's choice:
`keras.ops`, the default, in a compiled train step, TensorFlow's NumPy in a `tf.data`
pipeline.
"""

import dataclasses
import functools
import math
import operator
from dataclasses import dataclass

import numpy as np
from keras import ops

from wingkeras import geometry
from wingkeras.imaging import graph_crops

_GEOMETRY_DRAWS, _APPEARANCE_DRAWS = 9, 10

DRAWS = _GEOMETRY_DRAWS + _APPEARANCE_DRAWS
"""How many random numbers perturb a face."""

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
        translate: largest shift of the whole box, as a fraction of its size.
        colour: largest change of brightness, contrast and saturation, as a
            fraction, either way.
        random_erasing: probability that a rectangle of up to half the crop's side is
            filled with one grey level.

    Raises:
        ValueError: for a rotation outside [0, 180], another value outside [0, 1], or
            changes of size that could leave nothing of a box.

    Example:

    ```python
    wingkeras.Recipe("mine", augmentation=Augmentation(rotation=60, colour=0.3))
    ```
    """

    rotation: float = 30.0
    flip: float = 0.5
    corner_jitter: float = 0.05
    blur: float = 0.5
    scale: float = 0.0
    translate: float = 0.0
    colour: float = 0.0
    random_erasing: float = 0.0

    def __post_init__(self):
        for name, value in dataclasses.asdict(self).items():
            limit = 180 if name == "rotation" else 1
            if not 0 <= value <= limit:
                raise ValueError(
                    f"Expected `{name}` of an augmentation to lie in [0, {limit}], "
                    f"received {value!r}."
                )
        if self.scale + 2 * self.corner_jitter >= 1:
            raise ValueError(
                "Expected `scale` and twice `corner_jitter` of an augmentation to add "
                "up to less than 1, since nothing of a box may be left otherwise; "
                f"received {self.scale!r} and {self.corner_jitter!r}."
            )


def perturb(
    augmentation: Augmentation,
    images,
    maps,
    landmarks,
    draws,
    size: int,
    mirror: tuple[int, ...] | None,
    xp=ops,
    sample=graph_crops.sample,
):
    """One batch of perturbed crops with their shape vectors.

    Args:
        augmentation: how far to perturb.
        images: `(B, R, R, 3)` uint8 face regions.
        maps: `(B, 2, 3)`, region pixels -> unperturbed crop pixels.
        landmarks: `(B, L, 2)`, region pixels; NaN = unlabelled.
        draws: `(B, DRAWS)` float32 in [0, 1).
        size: S, side of the crops, pixels.
        mirror: the scheme's mirror permutation; `None` for no flips.
        xp: namespace to compute with.
        sample: `graph_crops.sample`, or `tf_crops.warp` in `tf.data`.

    Returns:
        `(B, S, S, 3)` float32 crops in [0, 255], `(B, 2L)` float32 shape vectors,
        crop pixels.
    """
    if mirror is None:
        augmentation = dataclasses.replace(augmentation, flip=0.0)
    perturbation, flips = random_maps(
        augmentation, draws[:, :_GEOMETRY_DRAWS], size, xp
    )
    maps = geometry.compose(perturbation, maps, xp=xp)
    crops = sample(images, maps, size)
    crops = random_appearance(augmentation, crops, draws[:, _GEOMETRY_DRAWS:], xp)
    landmarks = geometry.transform(maps, landmarks, xp=xp)
    if mirror is not None:
        landmarks = flip_landmarks(landmarks, flips, mirror, xp)
    return crops, geometry.to_shape_vectors(landmarks, xp=xp)


def random_maps(augmentation: Augmentation, draws, size: int, xp=ops):
    """Perturbations of whole crops: jittered corners, rotated, mirrored.

    Args:
        augmentation: how far to perturb.
        draws: `(N, 9)` float32 in [0, 1).
        size: side of the crops, pixels.
        xp: namespace to compute with.

    Returns:
        `(N, 2, 3)` maps from unperturbed to perturbed crop pixels, and `(N,)` bool,
        which of them mirror the crop (see `flip_landmarks` for its landmarks).
    """
    signed = 2 * draws - 1
    shift = signed[:, 0:2] * augmentation.translate
    growth = signed[:, 2:3] * (augmentation.scale / 2)
    jitter = signed[:, 3:7] * augmentation.corner_jitter
    start = shift - growth + jitter[:, :2]
    end = shift + growth + jitter[:, 2:] + 1
    boxes = geometry.from_pixel_edges(xp.concatenate([start, end], axis=1) * size)
    crop = geometry.crop_maps(boxes, size, xp=xp)
    angles = signed[:, 7] * math.radians(augmentation.rotation)
    turn = geometry.rotation_maps(angles, size, xp=xp)
    flips = draws[:, 8] < augmentation.flip
    mirror = geometry.flip_maps(flips, size, xp=xp)
    maps = geometry.compose(mirror, geometry.compose(turn, crop, xp=xp), xp=xp)
    return maps, flips


def flip_landmarks(landmarks, flips, mirror: tuple[int, ...], xp=ops):
    """Swap left and right points of the faces that `flips` selects.

    Args:
        landmarks: `(N, L, 2)`, already mapped by the mirroring maps.
        flips: `(N,)` bool.
        mirror: the scheme's mirror permutation.
        xp: namespace to compute with.

    Returns:
        `(N, L, 2)`.
    """
    swapped = xp.take(landmarks, np.array(mirror, np.int32), axis=1)
    return xp.where(flips[:, None, None], swapped, landmarks)


def gaussian_blur(images, xp=ops):
    """Gaussian blur with sigma 1 pixel, 5 x 5 taps, reflected borders.

    Args:
        images: `(N, H, W, C)` float32.
        xp: namespace to compute with.

    Returns:
        `(N, H, W, C)` float32.
    """
    offsets = np.arange(-_BLUR_RADIUS, _BLUR_RADIUS + 1)
    taps = np.exp(-(offsets**2) / (2 * _BLUR_SIGMA**2))
    taps = [float(tap) for tap in taps / taps.sum()]
    height, width = images.shape[1:3]
    margin = [_BLUR_RADIUS, _BLUR_RADIUS]
    images = xp.pad(images, [[0, 0], margin, margin, [0, 0]], mode="reflect")
    down = [tap * images[:, i : i + height] for i, tap in enumerate(taps)]
    images = functools.reduce(operator.add, down)
    across = [tap * images[:, :, i : i + width] for i, tap in enumerate(taps)]
    return functools.reduce(operator.add, across)


def random_appearance(augmentation: Augmentation, crops, draws, xp=ops):
    """Blur, colour and occlusion.

    Args:
        augmentation: how far to perturb.
        crops: `(N, S, S, 3)` float32 in [0, 255].
        draws: `(N, 10)` float32 in [0, 1).
        xp: namespace to compute with.

    Returns:
        `(N, S, S, 3)` float32 in [0, 255].
    """
    draws = draws[:, :, None, None, None]
    if augmentation.blur:
        chosen = draws[:, 0] < augmentation.blur
        crops = xp.where(chosen, gaussian_blur(crops, xp), crops)
    if augmentation.colour:
        factors = 1 + (2 * draws[:, 1:4] - 1) * augmentation.colour
        crops = _change_colour(crops, factors, xp)
    if augmentation.random_erasing:
        chosen = draws[:, 4] < augmentation.random_erasing
        crops = _occlude(crops, chosen, draws[:, 5:], xp)
    return crops


def _change_colour(crops, factors, xp):
    brightness, contrast, saturation = (factors[:, i] for i in range(3))
    grey = xp.mean(crops, axis=3, keepdims=True)
    crops = grey + (crops - grey) * saturation
    mean = xp.mean(grey, axis=(1, 2), keepdims=True)
    crops = (mean + (crops - mean) * contrast) * brightness
    return xp.clip(crops, 0.0, 255.0)


def _occlude(crops, chosen, draws, xp):
    side = crops.shape[1]
    level, x, y, width, height = (draws[:, i] for i in range(5))
    steps = np.arange(side, dtype=np.float32) + 0.5
    across = xp.abs(steps[None, None, :, None] - x * side) < width * side / 4
    down = xp.abs(steps[None, :, None, None] - y * side) < height * side / 4
    covered = xp.logical_and(xp.logical_and(chosen, across), down)
    return xp.where(covered, level * 255.0, crops)
