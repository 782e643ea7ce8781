"""Errors of head poses: the packaged model's beside those of OpenCV's `solvePnP`."""

from pathlib import Path

import cv2
import numpy as np

from fit_head_pose import fit, fold_of, load_shapes
from wingkeras import geometry, zoo
from wingkeras.data.datasets import load_faces
from wingkeras.data.w300 import load_300w
from wingkeras.evaluation import evaluate
from wingkeras.head_pose import ANGLES, head_poses
from wingkeras.schemes import IBUG68

_POINTS = [30, 8, 36, 45, 48, 54]
# The generic model of LearnOpenCV (S. Mallick, Head Pose Estimation using OpenCV and
# Dlib, 2016): nose tip, chin, outer eye corners, mouth corners. Here y points down and
# z away from the camera.
_MODEL = np.array(
    [
        [0, 0, 0],
        [0, 330, 65],
        [-225, -170, 135],
        [225, -170, 135],
        [-150, 125, 125],
        [150, 125, 125],
    ],
    np.float64,
)
_FOCAL_LENGTHS = (0.75, 1, 1.5, 2, 4)
"""Over the side of the landmarks' box: no shape says what camera it was taken with."""


_PROFILES = 200
"""Faces in profile that are looked at."""


def measure(path: Path, fitted: str, tested: list[str]) -> list[dict]:
    """Errors on the sets tested.

    `solvePnP` has the focal length that is best for it on the fitted set. A second row
    has its mean error there taken off, so that a model that is built otherwise than the
    labels' own is not at a disadvantage.

    Args:
        path: of the NPZ file.
        fitted: the set that the model was fitted on.
        tested: names of other sets.
    """
    shapes, poses = load_shapes(path, fitted)
    focal = _best_focal_length(shapes, poses)
    offset = (solve_pnp(shapes, focal) - poses).mean(axis=0)
    rows = []
    for name in tested:
        shapes, poses = load_shapes(path, name)
        solved = solve_pnp(shapes, focal)
        for method, found in (
            ("wingkeras", head_poses(shapes, IBUG68)),
            (f"solvePnP, focal length {focal:g} boxes", solved),
            ("solvePnP, mean error on the fitted set taken off", solved - offset),
        ):
            rows.append(_row(name, "labelled", method, found, poses))
    return rows


def measure_detected(path: Path, fitted: str, data: Path, model: str) -> list[dict]:
    """Errors from the landmarks that a network finds in 300-W's own pictures.

    They are the pictures of the fitted set, so that the poses are those of models that
    were fitted without them, fold by fold. The box is the square of the landmarks.

    Args:
        path: of the NPZ file.
        fitted: its set of 300-W's pictures.
        data: folder of 300-W.
        model: that finds the landmarks.
    """
    shapes, poses = load_shapes(path, fitted)
    with np.load(path) as file:
        names = [Path(name).stem for name in file[f"{fitted}_image"]]
    faces = load_300w(data, "full", allow_missing=True)
    places = {image.stem: i for i, image in enumerate(faces.images)}
    known = np.array([name in places for name in names])
    found = evaluate(zoo.load(model), faces).predictions
    landmarks = shapes.copy()
    landmarks[known] = found[[places[name] for name in names if name in places]]
    focal, folds = _best_focal_length(shapes, poses), fold_of(len(shapes))
    rows = []
    for source, given in (("labelled", shapes), (f"found by {model}", landmarks)):
        estimates = np.empty_like(poses)
        for fold in np.unique(folds):
            out = folds == fold
            estimates[out] = fit(shapes[~out], poses[~out])(given[out])
        methods = {
            "wingkeras, folds": estimates[known],
            f"solvePnP, focal length {focal:g} boxes": solve_pnp(given[known], focal),
        }
        for method, values in methods.items():
            rows.append(_row(fitted, source, method, values, poses[known]))
    return rows


def _best_focal_length(shapes: np.ndarray, poses: np.ndarray) -> float:
    errors = {f: solve_pnp(shapes, f) - poses for f in _FOCAL_LENGTHS}
    return min(errors, key=lambda f: np.abs(errors[f]).mean())


def measure_profiles(path: Path, model: str) -> dict:
    """The yaw that the model gives heads turned by 90 degrees, far beyond its range.

    Args:
        path: of the CSV file.
        model: that finds the landmarks, in the square of the labelled ones.
    """
    faces = load_faces(path, scheme=IBUG68)
    profiles = [i for i, x in enumerate(faces.images) if "frontal" not in x.stem]
    profiles = profiles[:: max(1, len(profiles) // _PROFILES)]
    localizer = zoo.load(model)
    pictures = ((faces.images[i], faces.boxes[i : i + 1]) for i in profiles)
    landmarks = np.concatenate(list(localizer.localize_batch(pictures)))
    yaws = np.abs(head_poses(landmarks, IBUG68)[:, 0])
    given = yaws[np.isfinite(yaws)]
    quantiles = np.quantile(given, [0.05, 0.5, 0.95])
    return {
        "faces": len(yaws),
        "given": len(given),
        "yaw_quantiles_5_50_95_degrees": quantiles.round(1).tolist(),
    }


def solve_pnp(shapes: np.ndarray, focal: float) -> np.ndarray:
    """Yaw, pitch and roll `(N, 3)`, degrees, by OpenCV and a generic head.

    Args:
        shapes: `(N, 68, 2)`, image pixels.
        focal: focal length, over the side of the landmarks' box.
    """
    poses = np.empty((len(shapes), 3))
    for pose, shape in zip(poses, shapes.astype(np.float64), strict=True):
        left, top, right, bottom = geometry.landmark_boxes(shape).astype(np.float64)
        length = focal * (right - left)
        camera = np.array(
            [
                [length, 0, (left + right) / 2],
                [0, length, (top + bottom) / 2],
                [0, 0, 1],
            ]
        )
        # Started upright, at the distance the eyes tell: without, every other solution
        # is upside down.
        eyes = np.linalg.norm(shape[45] - shape[36])
        distance = length * (_MODEL[3, 0] - _MODEL[2, 0]) / eyes
        _, rotation, _ = cv2.solvePnP(
            *(_MODEL, shape[_POINTS], camera, None),
            rvec=np.zeros((3, 1)),
            tvec=np.array([[0.0], [0], [distance]]),
            useExtrinsicGuess=True,
            flags=cv2.SOLVEPNP_ITERATIVE,
        )
        pose[:] = _angles(cv2.Rodrigues(rotation)[0])
    return poses


def _angles(rotation: np.ndarray) -> tuple[float, float, float]:
    """Yaw, pitch and roll, degrees, of a rotation that applies roll first, yaw last."""
    pitch = np.arcsin(np.clip(rotation[1, 2], -1, 1))
    yaw = -np.arctan2(rotation[0, 2], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[1, 1])
    return np.degrees(yaw), np.degrees(pitch), np.degrees(roll)


def _row(name: str, landmarks: str, method: str, found, poses) -> dict:
    given = np.isfinite(found).all(axis=1)
    errors = found[given] - poses[given]
    row = {
        "set": name,
        "landmarks": landmarks,
        "method": method,
        "heads": len(poses),
        "given": int(given.sum()),
    }
    for i, angle in enumerate(ANGLES):
        row[f"{angle}_mae_degrees"] = round(float(np.abs(errors[:, i]).mean()), 2)
        row[f"{angle}_mean_error_degrees"] = round(float(errors[:, i].mean()), 2)
    return row
