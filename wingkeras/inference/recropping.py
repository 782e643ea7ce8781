"""A second crop for faces that were not well framed in the first one."""

from collections.abc import Callable

import numpy as np

from wingkeras import geometry
from wingkeras.inference.stages import Stage

# Chosen on faces held out of the training of heatmap_300w: less lowers the error in the
# boxes of a detector hardly further.
_LARGEST_DISTANCE = 0.06
"""Between corners of both crops, a share of the crop's side."""

_ROUNDS = 2


def localize_again(
    localize: Callable[[np.ndarray, np.ndarray], np.ndarray],
    regions: np.ndarray,
    maps: np.ndarray,
    landmarks: np.ndarray,
    stage: Stage,
    box_scale: float,
) -> np.ndarray:
    """Repeat the localisation of faces whose crop was tilted, too large, too small or
    beside the face, as the landmarks found in it show; twice at most.

    Args:
        localize: the networks: regions and maps -> landmarks, region pixels.
        regions: `(N, R, R, 3)` uint8.
        maps: `(N, 2, 3)`, region pixels -> pixels of the first crop.
        landmarks: `(N, L, 2)` float32 found in the first crop, region pixels.
        stage: the first network; its mean shape shows which way is up.
        box_scale: side of the crop over that of the square around the landmarks.

    Returns:
        `(N, L, 2)` float32, region pixels; of a well-framed face the same as before.
    """
    landmarks, maps = landmarks.copy(), maps.copy()
    candidates = np.arange(len(landmarks))
    for _ in range(_ROUNDS):
        # Landmarks that all lie in one place have no crop.
        candidates = candidates[np.ptp(landmarks[candidates], axis=1).any(axis=1)]
        with np.errstate(all="ignore"):  # what is not finite is left alone below
            found = landmarks[candidates].astype(np.float64)
            better = upright_crop_maps(found, stage.mean_shape, stage.size, box_scale)
            distances = crop_distances(maps[candidates], better, stage.size)
        again = (distances > _LARGEST_DISTANCE) & np.isfinite(distances)
        if not again.any():
            break
        candidates = candidates[again]
        maps[candidates] = better[again]
        landmarks[candidates] = localize(regions[candidates], maps[candidates])
    return landmarks


def upright_crop_maps(
    landmarks: np.ndarray, mean_shape: np.ndarray, size: int, box_scale: float
) -> np.ndarray:
    """The maps to crops in which faces stand upright, framed by their landmarks.

    The direction comes from the best similarity to the mean shape. The frame does not:
    in a profile the similarity would enlarge the face.

    Args:
        landmarks: `(N, L, 2)`, pixels of any picture, not all in one place.
        mean_shape: `(L, 2)` upright landmarks, any unit.
        size: side of the crop, pixels.
        box_scale: side of the crop over that of the square around the landmarks.

    Returns:
        `(N, 2, 3)`, pixels of the picture -> crop pixels.

    Example:

    ```python
    mean_shape = np.array([[20.0, 20], [44, 20], [32, 44]])
    upright_crop_maps(mean_shape[None] + 100, mean_shape, size=64, box_scale=1.0)
    ```
    """
    similarity = geometry.fit_similarity(landmarks, mean_shape)
    turn = similarity / np.linalg.norm(similarity[:, :, :1], axis=1, keepdims=True)
    turn[:, :, 2] = 0
    boxes = geometry.landmark_boxes(geometry.transform(turn, landmarks))
    to_crop = geometry.crop_maps(geometry.scale_boxes(boxes, box_scale), size)
    return geometry.compose(to_crop, turn)


def crop_distances(maps: np.ndarray, others: np.ndarray, size: int) -> np.ndarray:
    """How far apart two crops of each picture are.

    Args:
        maps, others: `(N, 2, 3)`, pixels of a picture -> pixels of either crop.
        size: side of both, pixels.

    Returns:
        `(N,)` largest distance between a corner of `others` and the same corner of
        `maps`, a share of the side of the latter.

    Example:

    ```python
    unchanged = np.array([[[1.0, 0, 0], [0, 1, 0]]])
    shifted = np.array([[[1.0, 0, 16], [0, 1, 0]]])
    crop_distances(unchanged, shifted, size=64)  # [0.25]
    ```
    """
    left, top, right, bottom = geometry.image_box(size, size)
    corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]])
    corners = np.repeat(corners[None], len(maps), axis=0)
    in_picture = geometry.transform(geometry.invert(others), corners)
    distances = np.linalg.norm(geometry.transform(maps, in_picture) - corners, axis=2)
    return distances.max(axis=1) / size
