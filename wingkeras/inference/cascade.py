"""The cascade of networks that a face passes, for arrays or inside a graph."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wingkeras import geometry
from wingkeras.imaging import crops
from wingkeras.inference.stages import Stage
from wingkeras.schemes import LandmarkScheme


def localize_regions(
    stages: Sequence[Stage],
    regions: Any,
    maps: Any,
    flip_scheme: LandmarkScheme | None = None,
    xp: Any = np,
    crop: Callable = crops.crop,
) -> Any:
    """The landmarks of face regions, through one network after the other.

    From the second network on, a similarity between the landmarks found so far and the
    mean shape turns the face upright (Section 6).

    Args:
        stages: the networks, in their order.
        regions: `(N, R, R, 3)` face regions, see `crops.face_regions`.
        maps: `(N, 2, 3)`, region pixels -> pixels of the first network's crop.
        flip_scheme: scheme of the landmarks, if the last network is to see every crop
            flipped as well (flip test-time augmentation).
        xp: namespace to compute with, `numpy` or `keras.ops`.
        crop: `crops.crop`, or its twin for `xp`.

    Returns:
        `(N, L, 2)` float32 landmarks, region pixels.
    """
    landmarks = None
    for stage in stages:
        if landmarks is not None:
            maps = geometry.fit_similarity(landmarks, stage.mean_shape, xp)
        seen = crop(regions, maps, stage.size)
        if flip_scheme is not None and stage is stages[-1]:
            landmarks = _run_with_flip(stage, seen, flip_scheme, xp)
        else:
            landmarks = geometry.from_shape_vectors(stage.run(seen), xp)
        landmarks = geometry.transform(geometry.invert(maps, xp), landmarks, xp)
    return landmarks


def finite(
    localize: Callable[[np.ndarray, np.ndarray], np.ndarray],
    regions: np.ndarray,
    maps: np.ndarray,
) -> np.ndarray:
    """The landmarks of face regions, checked.

    Args:
        localize: computes them from the regions and maps.
        regions, maps: arrays, see `localize_regions`.

    Raises:
        FloatingPointError: if they are not finite.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # checked below
        landmarks = localize(regions, maps)
    if not np.isfinite(landmarks).all():
        raise FloatingPointError(
            "Expected finite landmarks, the localizer gave others: load it again."
        )
    return landmarks


def _run_with_flip(stage: Stage, seen, scheme: LandmarkScheme, xp):
    """Landmarks from crops and from the flipped crops, crop pixels.

    They are the means of both, moved sideways together, so that their mean stays where
    it is without the flip: annotators' labels lie a little to one side, and a network
    that has learnt this loses it in the mean with a mirror image.
    """
    if xp is np:
        both = crops.add_flipped(seen)
    else:
        both = xp.concatenate([seen, xp.flip(seen, axis=2)])
    vectors = stage.run(both)
    both = geometry.from_shape_vectors(vectors, xp)
    # In a graph the number of faces is unknown, but that of the halves is 2.
    both = xp.reshape(both, (2, -1, len(scheme), 2))
    means = (both[0] + scheme.flip(both[1], stage.size, xp)) / 2
    lost = xp.mean(both[0] - means, axis=1, keepdims=True)
    return means + lost * np.array([1, 0], np.float32)


def check_stages(
    stages: Sequence[Stage], scheme: LandmarkScheme, flip_tta: bool
) -> None:
    """Refuse networks that do not fit each other or the scheme.

    Args:
        stages, scheme, flip_tta: see `localizer.Localizer`.

    Raises:
        ValueError: see `localizer.Localizer`.
    """
    if not stages:
        raise ValueError("Expected at least one stage, received none.")
    for i, stage in enumerate(stages, start=1):
        if stage.num_landmarks != len(scheme):
            raise ValueError(
                f"Expected networks for the {len(scheme)} landmarks of scheme "
                f"{scheme.name!r}; that of stage {i} finds {stage.num_landmarks}."
            )
    crops.check_sizes([stage.size for stage in stages])
    by_keras = {stage.runtime == "keras" for stage in stages}
    if len(by_keras) > 1:
        raise ValueError("Expected all stages to be run by Keras, or none.")
    if flip_tta and scheme.mirror is None:
        raise ValueError(
            f"Expected flip_tta=False for scheme {scheme.name!r}, which has no "
            "`mirror`; received True."
        )
