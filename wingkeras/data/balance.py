"""Hard sample mining: faces in rare head poses are repeated (the paper's Section 5).

arXiv versions 1 to 3 of the paper call this Hard Sample Mining, the CVPR text
Pose-based Data Balancing. Shapes are aligned to their mean, PCA finds the component
that varies with head pose (yaw), the coefficients along it are counted in K bins, and
the faces in sparse bins are repeated. The pipeline augments each repetition
differently.
"""

import logging

import numpy as np

from wingkeras.data.faces import FaceDataset
from wingkeras.schemes import LandmarkScheme

_CANDIDATES = 3

_log = logging.getLogger("wingkeras")


def epoch_plan(
    faces: FaceDataset, hsm_bins: int = 0, hsm_cap: int | None = None
) -> np.ndarray:
    """The faces that an epoch shows, for `order.index_batches`.

    Args:
        faces: the training faces.
        hsm_bins: K of hard sample mining; 0 shows every face once.
        hsm_cap: most copies of a face; unlimited by default, as in the paper.

    Returns:
        `(M,)` indices; faces in rare poses are repeated.

    Raises:
        ValueError: with mining, if fewer than 3 faces are completely labelled.
    """
    if not hsm_bins:
        return np.arange(len(faces))
    poses = pose_coefficients(faces.landmarks, faces.scheme)
    indices = plan(copies(poses, hsm_bins, hsm_cap))
    _log.info("Hard sample mining: %d faces come %d times", len(poses), len(indices))
    return indices


def pose_coefficients(shapes: np.ndarray, scheme: LandmarkScheme) -> np.ndarray:
    """How far every face is turned, judged by its shape alone.

    The coefficient is that of the first of three principal components that changes its
    sign when the faces are mirrored, as yaw does. The authors chose the component by
    eye (the second for AFLW's 19 points, the first for 68).

    Args:
        shapes: `(N, L, 2)`, any units; faces with NaN points are left out of the
            fit.
        scheme: of the shapes.

    Returns:
        `(N,)` float64 coefficients, relative to the shapes' size; NaN for faces with
        NaN points. The sign is arbitrary, but the same for all faces.

    Raises:
        ValueError: for fewer than 3 complete shapes, or a scheme without a mirror.
    """
    if scheme.mirror is None:
        raise ValueError(
            "Hard sample mining tells poses by the mirror image of a shape; scheme "
            f"{scheme.name!r} has no `mirror`. Set `hsm_bins` to 0."
        )
    shapes = np.asarray(shapes, np.float64)
    complete = np.isfinite(shapes).all(axis=(1, 2))
    if complete.sum() < 3:
        raise ValueError(
            f"Expected at least 3 complete shapes, received {int(complete.sum())} "
            f"among {len(shapes)}."
        )
    aligned = _align(shapes[complete], scheme.mirror)
    centred = (aligned - aligned.mean(axis=0)).reshape(len(aligned), -1)
    _, components = np.linalg.eigh(centred.T @ centred)
    components = components[:, ::-1].T
    component = _yaw_component(components, scheme.mirror)
    coefficients = np.full(len(shapes), np.nan)
    coefficients[complete] = centred @ components[component]
    return coefficients


def copies(
    coefficients: np.ndarray, bins: int = 9, cap: int | None = None
) -> np.ndarray:
    """How often to show every face, so that the histogram's sparse bins are filled.

    Args:
        coefficients: `(N,)`; a face with NaN has no known pose, and is not repeated.
        bins: K, of equal width over the range (the paper: 9 for 300-W, 17 for AFLW).
        cap: most copies of a face; unlimited by default, as in the paper.

    Returns:
        `(N,)` int, 1 or more: the count of the fullest bin divided by that of the
        face's own bin, rounded.

    Raises:
        ValueError: for `bins` or `cap` below 1.
    """
    for name, value in (("bins", bins), ("cap", 1 if cap is None else cap)):
        if value < 1:
            raise ValueError(f"Expected `{name}` >= 1, received {value}.")
    values = np.asarray(coefficients)
    known = np.isfinite(values)
    result = np.ones(len(values), int)
    if known.any():
        counts, edges = np.histogram(values[known], bins)
        own = bin_of(values[known], edges)
        result[known] = _round_half_up(counts.max() / counts[own])
    return result if cap is None else np.minimum(result, cap)


def bin_of(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The histogram bin of each value, `(N,)` int, as `numpy.histogram` counts."""
    return np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2)


def official_copies(
    shapes: np.ndarray, bins: int = 9, component: int = 0
) -> np.ndarray:
    """Exactly the copies that the authors' released `pdb.m` makes.

    It differs from the paper's text: shapes are aligned once, to the mean of the
    unaligned shapes, reflections allowed; the coefficient's absolute value is used; and
    both edges belong to a bin, so a face on an inner edge is repeated for two bins.
    Coefficients are in the units of the shapes.

    Args:
        shapes: `(N, L, 2)` without NaN, pixels.
        bins: K.
        component: index of the principal component (authors: 1 for AFLW, else 0).

    Returns:
        `(N,)` int, 1 or more.
    """
    shapes = np.asarray(shapes, np.float64)
    aligned = _align_with_reflection(shapes, shapes.mean(axis=0))
    centred = (aligned - aligned.mean(axis=0)).reshape(len(aligned), -1)
    _, components = np.linalg.eigh(centred.T @ centred)
    values = np.abs(centred @ components[:, ::-1][:, component])
    edges = np.linspace(values.min(), values.max(), bins + 1)
    inside = (values >= edges[:-1, None]) & (values <= edges[1:, None])
    counts = inside.sum(axis=1)
    repeats = _round_half_up(counts.max() / np.maximum(counts, 1))
    return (inside * repeats[:, None]).sum(axis=0)


def plan(copies: np.ndarray) -> np.ndarray:
    """Face indices of an epoch that shows face i `copies[i]` times."""
    return np.repeat(np.arange(len(copies)), copies)


def _round_half_up(values: np.ndarray) -> np.ndarray:
    return np.floor(values + 0.5).astype(int)


def _align(shapes: np.ndarray, mirror: tuple[int, ...]) -> np.ndarray:
    """Procrustes alignment to the mean shape, which is made upright and symmetric.

    Complex numbers turn "rotate and scale" into one multiplication.
    """
    points = shapes[..., 0] + 1j * shapes[..., 1]
    points = points - points.mean(axis=1, keepdims=True)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    mean = points.mean(axis=0)
    for _ in range(3):
        mean = mean - mean[list(mirror)].conj()
        mean /= np.linalg.norm(mean)
        turned = points * (points.conj() @ mean)[:, None]
        mean = turned.mean(axis=0)
    return np.stack([turned.real, turned.imag], axis=-1)


def _yaw_component(components: np.ndarray, mirror: tuple[int, ...]) -> int:
    vectors = components[:_CANDIDATES].reshape(-1, len(mirror), 2)
    flipped = vectors[:, list(mirror)] * [-1, 1]
    symmetry = (vectors * flipped).sum(axis=(1, 2))
    odd = np.flatnonzero(symmetry < -0.5)
    return int(odd[0] if len(odd) else symmetry.argmin())


def _align_with_reflection(shapes: np.ndarray, mean: np.ndarray) -> np.ndarray:
    target = mean - mean.mean(axis=0)
    centred = shapes - shapes.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=(1, 2), keepdims=True)
    size = np.linalg.norm(target)
    u, s, vt = np.linalg.svd(np.swapaxes(centred / norms, 1, 2) @ (target / size))
    scale = s.sum(axis=1)[:, None, None] * size
    return scale * (centred / norms) @ u @ vt + mean.mean(axis=0)
