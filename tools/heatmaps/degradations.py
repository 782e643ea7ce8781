"""Training faces as bad pictures show them: dark, bright, blurred, small, covered.

Networks lose most on such pictures, and `wingkeras.data.augment` is milder. This runs
on the host, face by face, with NumPy and OpenCV.
"""

import cv2
import numpy as np

from heatmaps.jpeg import compressed

_NOISE = np.random.default_rng(7).normal(0, 1, 3_000_017).astype(np.float32)


def perturb(
    rng: np.random.Generator,
    region: np.ndarray,
    to_crop: np.ndarray,
    landmarks: np.ndarray,
    mirror: tuple[int, ...],
    size: int,
    offset: np.ndarray,
    strength: float = 1.0,
    shifts: tuple[float, float] = (0.0, 0.0),
    movement: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """One face, cropped at random and degraded.

    Args:
        rng: source of the randomness.
        region: `(R, R, 3)` uint8 face region.
        to_crop: `(2, 3)`, region pixels -> unperturbed crop pixels.
        landmarks: `(L, 2)`, region pixels; NaN = unlabelled.
        mirror: the scheme's mirror permutation.
        size: S, side of the crop, pixels.
        offset: `(2,)` crop pixels by which a third of the crops are shifted, for faces
            of which a detector might see one half; zeros for none.
        strength: of the perturbation, about 1.
        shifts: of the landmarks to the right, crop pixels: in the face, and in its
            mirror image; see `side_bias.shifts`.
        movement: how far the face is turned, scaled and shifted, about 1.

    Returns:
        The `(S, S, 3)` uint8 crop, and its `(L, 2)` float32 landmarks, crop pixels.
    """
    maps, flipped = _random_map(rng, size, offset, strength * movement)
    whole = maps @ np.vstack([to_crop, [0, 0, 1]])
    crop = cv2.warpAffine(region, whole, (size, size), borderMode=cv2.BORDER_REPLICATE)
    # Before the perturbation, whose mirroring comes last.
    shift = np.array([-shifts[1] if flipped else shifts[0], 0.0])
    upright = landmarks @ to_crop[:, :2].T + to_crop[:, 2] + shift
    points = upright @ maps[:, :2].T + maps[:, 2]
    if flipped:
        points = points[list(mirror)]
    return _degrade(rng, crop, strength), points.astype(np.float32)


def _random_map(rng, size, offset, strength):
    wide = rng.random() >= 0.8
    degrees = rng.uniform(-40, 40) if wide else rng.normal(0, 14)
    angle = np.deg2rad(degrees * strength)
    # A network that sees badly framed faces shows by its landmarks where the frame
    # should have been, see `wingkeras.inference.recropping`.
    badly_framed = rng.random() < 0.15
    spread = rng.uniform(-0.4, 0.4) if badly_framed else rng.normal(0, 0.07)
    scale = np.exp(spread * strength)
    aspect = np.exp(rng.normal(0, 0.025 * strength))
    shift = rng.normal(0, 0.035 * strength * size, 2)
    if offset.any() and rng.random() < 0.35:
        shift = shift + offset
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    linear = np.array([[cos * aspect, -sin / aspect], [sin * aspect, cos / aspect]])
    centre = np.full(2, (size - 1) / 2)
    maps = np.column_stack([linear, centre + shift - linear @ centre])
    flipped = rng.random() < 0.5
    if flipped:
        maps[0] *= -1
        maps[0, 2] += size - 1
    return maps, flipped


def _degrade(rng, crop, strength):
    chance = rng.random
    if chance() < 0.25 * strength:
        crop = _shrunk(rng, crop)
    if chance() < 0.15 * strength:
        crop = _moved(rng, crop)
    elif chance() < 0.15 * strength:
        crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.5, 2.5))
    if chance() < 0.3 * strength:
        crop = _covered(rng, crop)
    crop = _lit(rng, crop.astype(np.float32), strength)
    if chance() < 0.2 * strength:
        start = int(rng.integers(0, len(_NOISE) - crop.size))
        noise = _NOISE[start : start + crop.size].reshape(crop.shape)
        crop = crop + noise * np.float32(rng.uniform(3, 28))
    crop = np.clip(crop, 0, 255).astype(np.uint8)
    if chance() < 0.15 * strength:
        crop = compressed(crop, int(rng.integers(8, 50)))
    return crop


def _shrunk(rng, crop):
    side, size = int(np.exp(rng.uniform(np.log(22), np.log(80)))), crop.shape[:2]
    small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    linear = rng.random() < 0.7
    kind = cv2.INTER_LINEAR if linear else cv2.INTER_CUBIC
    return cv2.resize(small, size, interpolation=kind)


def _moved(rng, crop):
    length, angle = int(rng.integers(3, 17)), rng.uniform(0, np.pi)
    kernel, middle = np.zeros((length, length), np.float32), (length - 1) / 2
    half = np.array([np.cos(angle), np.sin(angle)]) * middle
    ends = (
        tuple(np.rint(middle + sign * half).astype(int).tolist()) for sign in (-1, 1)
    )
    cv2.line(kernel, *ends, 1.0, 1)
    kernel /= kernel.sum()
    return cv2.filter2D(crop, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def _covered(rng, crop):
    crop, size = crop.copy(), len(crop)
    for _ in range(1 if rng.random() < 0.7 else 2):
        spans = rng.uniform(0.12, 0.45, 2) * size
        centre = rng.uniform(0.08, 0.92, 2) * size
        left, top = np.clip(centre - spans / 2, 0, size).astype(int)
        right, bottom = np.clip(centre + spans / 2, 0, size).astype(int)
        window = crop[top:bottom, left:right]
        if not window.size:
            continue
        cover, height, width = _cover(rng, crop, window.shape), *window.shape[:2]
        if rng.random() < 0.3:
            mask = np.zeros((height, width), np.uint8)
            middle = (width // 2, height // 2)
            cv2.ellipse(mask, middle, middle, 0, 0, 360, 1, -1)
            cover = np.where(mask[..., None] > 0, cover, window)
        crop[top:bottom, left:right] = cover
    return crop


def _cover(rng, crop, shape):
    """A colour, a grey level, noise, or another part of the picture."""
    kind, size = rng.random(), len(crop)
    if kind < 0.4:
        return np.broadcast_to(rng.integers(0, 256, 3), shape)
    if kind < 0.55:
        return np.broadcast_to(rng.integers(0, 256, 1), shape)
    if kind < 0.7:
        return rng.integers(0, 256, shape)
    top = rng.integers(0, size - shape[0] + 1)
    left = rng.integers(0, size - shape[1] + 1)
    return crop[top : top + shape[0], left : left + shape[1]][::-1, ::-1].copy()


def _lit(rng, crop, strength):
    """Colours, contrast and light of a `(S, S, 3)` float32 crop."""
    if rng.random() < 0.12 * strength:
        crop = np.repeat(crop.mean(axis=2, keepdims=True), 3, axis=2)
    elif rng.random() < 0.5:
        grey = crop.mean(axis=2, keepdims=True)
        crop = grey + (crop - grey) * np.float32(rng.uniform(0.6, 1.4))
        crop = crop * rng.uniform(0.9, 1.1, 3).astype(np.float32)
    if rng.random() < 0.6:
        contrast, gain = rng.uniform(0.65, 1.35), rng.uniform(0.75, 1.25)
        level = crop.mean() * (1 - contrast) * gain
        crop = crop * np.float32(contrast * gain) + np.float32(level)
    kind = rng.random()
    if kind < 0.3 * strength:
        gamma = np.exp(rng.uniform(-0.9, 1.1))
        curve = (255 * (np.arange(256) / 255) ** gamma).astype(np.float32)
        return curve[np.clip(crop, 0, 255).astype(np.uint8)]
    if kind < 0.42 * strength:
        return crop * np.float32(rng.uniform(1.1, 1.8))
    if kind < 0.5 * strength:
        angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.7)
        steps = np.linspace(-1, 1, len(crop), dtype=np.float32)
        ramp = np.cos(angle) * steps[None] + np.sin(angle) * steps[:, None]
        return crop * np.clip(1 + slope * ramp, 0.15, 2)[..., None].astype(np.float32)
    return crop
