"""The lengths that errors are divided by, for arrays and in graphs."""

import numpy as np

from wingkeras.schemes import LandmarkScheme, get_scheme

NORMALIZERS = ("inter_ocular", "inter_pupil", "box")
"""Names of all normalizers; see `metrics`."""


def check_normalizer(scheme: str | LandmarkScheme, normalizer: str) -> LandmarkScheme:
    """The scheme, if it has the points for a normalizer.

    Raises:
        ValueError: for an unknown scheme or normalizer, or a scheme without the points.
    """
    scheme = get_scheme(scheme)
    if normalizer not in NORMALIZERS:
        raise ValueError(
            f"Expected `normalizer` to be one of {NORMALIZERS}, "
            f"received {normalizer!r}."
        )
    if not has_points(scheme, normalizer):
        usable = [name for name in NORMALIZERS if has_points(scheme, name)]
        raise ValueError(
            f"Scheme {scheme.name!r} has no points for {normalizer}; choose "
            f"{' or '.join(usable)}."
        )
    return scheme


def has_points(scheme: LandmarkScheme, normalizer: str) -> bool:
    """Whether a scheme has the points that a normalizer needs."""
    if normalizer == "inter_ocular":
        return scheme.outer_eye_corners is not None
    return normalizer == "box" or bool(scheme.left_eye and scheme.right_eye)


def measure(landmarks, scheme: LandmarkScheme, normalizer: str, xp=np):
    """The lengths that errors are divided by.

    Args:
        landmarks: `(N, L, 2)`, any unit; NaN = unlabelled.
        scheme: of the landmarks, with the points for the normalizer.
        normalizer: one of `NORMALIZERS`.
        xp: namespace to compute with.

    Returns:
        `(N,)`, unit of the landmarks; NaN where a needed point is unlabelled.
    """
    if normalizer == "box":
        known = xp.logical_not(xp.isnan(landmarks))
        highest = xp.max(xp.where(known, landmarks, -np.inf), axis=1)
        lowest = xp.min(xp.where(known, landmarks, np.inf), axis=1)
        sides = xp.maximum(highest - lowest, 0.0)
        return xp.sqrt(sides[:, 0] * sides[:, 1])
    ends = (scheme.left_eye, scheme.right_eye)
    if normalizer == "inter_ocular":
        ends = [(i,) for i in scheme.outer_eye_corners or ()]
    left, right = (
        sum(landmarks[:, i] for i in indices) / len(indices) for indices in ends
    )
    return xp.sqrt(xp.sum((left - right) ** 2, axis=-1))
