"""Fit the head pose model, and choose its constants by cross-validation.

    python tools/fit_head_pose.py --shapes POSES.npz

POSES.npz holds SET_landmarks (N, 68, 2) and SET_pose (N, 3): yaw, pitch and roll in
degrees, see `wingkeras.head_pose` for their signs. The constants are those with the
least mean absolute error in five-fold cross-validation, on shapes as labelled and with
noise like that of a network. `tools/benchmark.py head_pose` measures the result.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from wingkeras import head_pose
from wingkeras.schemes import IBUG68
from wingkeras.storage.files import atomic_write

DISTURBANCE = 0.025
"""Standard deviation of a network's landmarks, along x and along y, as a share of the
eye distance. It makes an NME of 3.1 %, 1.25 times as much."""

_COMPONENTS, _NOISES = (0, 2, 3, 5, 8), (0.003, 0.01, 0.025, 0.04)
_FOLDS = 5
_LEAST_RIDGE = 0.01
"""Least ridge penalty, for products of scores, whose variance is about 1."""


def main(arguments: list[str] | None = None) -> int:
    """Choose the constants, fit the model and write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shapes", type=Path, required=True, help="the NPZ file")
    parser.add_argument("--set", default="300wpublic", help="prefix of the arrays")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(head_pose.__file__).with_name("head_pose.npz"),
        help="file of the model (default: that of the package)",
    )
    options = parser.parse_args(arguments)
    shapes, poses = load_shapes(options.shapes, options.set)
    print("components  noise  yaw   pitch roll, degrees; the same, disturbed")
    errors = {}
    for components in _COMPONENTS:
        for noise in _NOISES:
            mae = cross_validate(shapes, poses, components, noise)
            errors[components, noise] = mae.sum()
            figures = "  ".join(f"{value:.2f}" for value in mae.ravel())
            print(f"{components:10}  {noise:.3f}  {figures}")
    components, noise = min(errors, key=errors.__getitem__)
    print(f"Chosen: {components} components, noise {noise}")
    model = fit(shapes, poses, components, noise)
    with atomic_write(options.output) as scratch, scratch.open("wb") as file:
        arrays = {k: v.astype(np.float32) for k, v in model._asdict().items()}
        np.savez(file, **arrays)  # type: ignore[arg-type]
    print(f"Model: {options.output} ({options.output.stat().st_size} bytes)")
    return 0


def load_shapes(path: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks `(N, 68, 2)` and poses `(N, 3)` of a set, float64."""
    with np.load(path) as file:
        arrays = [file[f"{name}_{part}"] for part in ("landmarks", "pose")]
    return arrays[0].astype(np.float64), arrays[1].astype(np.float64)


def fold_of(count: int) -> np.ndarray:
    """The fold in which each shape is held out, `(count,)` int."""
    return np.random.default_rng(0).permutation(count) % _FOLDS


def cross_validate(
    shapes: np.ndarray, poses: np.ndarray, components: int, noise: float
) -> np.ndarray:
    """Mean absolute errors `(2, 3)`, degrees, of shapes held out: as labelled, and
    with noise."""
    rng = np.random.default_rng(1)
    first, last = IBUG68.outer_eye_corners or (0, 0)
    eyes = np.linalg.norm(shapes[:, last] - shapes[:, first], axis=1)
    offsets = rng.normal(0, DISTURBANCE, shapes.shape) * eyes[:, None, None]
    folds, errors = fold_of(len(shapes)), np.empty((2, *poses.shape))
    for fold in range(_FOLDS):
        out = folds == fold
        model = fit(shapes[~out], poses[~out], components, noise)
        for i, given in enumerate((shapes, shapes + offsets)):
            errors[i, out] = np.abs(model(given[out]) - poses[out])
    return errors.mean(axis=1)


def fit(
    shapes: np.ndarray, poses: np.ndarray, components: int = 3, noise: float = 0.025
) -> head_pose.HeadPoseModel:
    """Fit the model to shapes and their mirror images.

    Args:
        shapes: `(N, 68, 2)`, any unit.
        poses: `(N, 3)` yaw, pitch and roll, degrees.
        components: Q, principal components whose products are features.
        noise: standard deviation of the points that the ridge expects, as a share of
            the eye distance.
    """
    shapes = np.concatenate([shapes, IBUG68.flip(shapes, 0)])
    poses = np.concatenate([poses, poses * [-1, 1, -1]])
    mean = _mean_shape(shapes)
    aligned, rolls = head_pose.align(shapes, mean)
    distances = (aligned - mean).reshape(len(shapes), -1)
    variances, vectors = np.linalg.eigh(distances.T @ distances / len(shapes))
    chosen = slice(None, -components - 1, -1)
    scaled = vectors[:, chosen] / np.sqrt(variances[chosen])
    values = head_pose.features(aligned, mean, scaled)
    targets = poses.copy()
    targets[:, 2] -= rolls
    middle, centre = targets.mean(axis=0), values.mean(axis=0)
    centred = values - centre
    ridge = np.diag(_noise_variances(mean, scaled, noise))
    covariance = centred.T @ centred / len(values)
    weights = np.linalg.solve(
        covariance + ridge, centred.T @ (targets - middle) / len(values)
    )
    return head_pose.HeadPoseModel(mean, scaled, weights, middle - centre @ weights)


def _noise_variances(mean: np.ndarray, scaled: np.ndarray, noise: float) -> np.ndarray:
    """The variance that errors of the points add to each feature.

    Ridge regression with these penalties is least squares on points with such errors.
    """
    first, last = IBUG68.outer_eye_corners or (0, 0)
    of_points = (noise * np.linalg.norm(mean[last] - mean[first])) ** 2
    of_scores = of_points * (scaled**2).sum(axis=0)
    one, other = np.triu_indices(len(of_scores))
    # (u + du)(v + dv) is off by u dv + v du, u squared by 2 u du; scores have
    # variance 1.
    of_products = (of_scores[one] + of_scores[other]) * np.where(one == other, 2, 1)
    return np.concatenate([np.full(len(scaled), of_points), of_products + _LEAST_RIDGE])


def _mean_shape(shapes: np.ndarray) -> np.ndarray:
    """The symmetric Procrustes mean `(68, 2)` of shapes and their mirror images."""
    mean = shapes.mean(axis=0)
    for _ in range(10):
        mean = mean - mean.mean(axis=0)
        mean = mean / np.sqrt((mean**2).sum())
        aligned, _ = head_pose.align(shapes, mean)
        mean = (aligned.mean(axis=0) + IBUG68.flip(aligned.mean(axis=0), 1)) / 2
    return mean


if __name__ == "__main__":
    sys.exit(main())
