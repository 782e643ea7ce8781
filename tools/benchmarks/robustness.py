"""How localizers stand boxes that are off, faces that are tilted, heads that turn."""

import csv
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from wingkeras import geometry
from wingkeras.data import balance
from wingkeras.data.faces import FaceDataset
from wingkeras.imaging.images import read_image
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.stages import Stage
from wingkeras.metrics import failure_rate, nme
from wingkeras.storage.files import atomic_write

CONDITIONS = {
    "box scale": (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5),
    "box shift, share of its side": (0.0, 0.05, 0.1, 0.15, 0.2),
    "rotation, degrees": (0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0),
}
POSE = "pose coefficient, centre of the bin"

_SCALE, _SHIFT, _ROTATION = CONDITIONS
_GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True)
class Row:
    """A line of the table: one model under one condition.

    Attributes:
        condition: key of `CONDITIONS`, or `POSE`.
        amount: of it.
        model: name.
        faces: their number.
        nme: mean, a fraction.
        failure_rate: share of the faces with an NME over 10 %.
    """

    condition: str
    amount: float
    model: str
    faces: int
    nme: float
    failure_rate: float


def robustness(
    localizers: dict[str, Localizer],
    faces: FaceDataset,
    normalizer: str = "inter_ocular",
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, dict[str, np.ndarray]]:
    """Errors of several localizers on the same faces under the same conditions.

    The box is the square around the true landmarks, scaled by a factor of 0.7 to
    1.5; shifted by 0 to 20 % of its side, in directions spread over the circle from
    face to face; or the picture is rotated by 0 to 90 degrees, left and right by
    turns, and the box is that of the rotated landmarks.

    Args:
        localizers: by name.
        faces: with labels in their scheme.
        normalizer: of the NME, see `metrics.nme`.
        progress: called with the number of faces done.

    Returns:
        Per localizer and condition, `(N, amounts)` NME as fractions; the amounts are
        those of `CONDITIONS`.
    """
    errors = {
        name: {c: np.empty((len(faces), len(a))) for c, a in CONDITIONS.items()}
        for name in localizers
    }
    for i, path in enumerate(faces.images):
        image, truth = read_image(path), faces.landmarks[i]
        for condition, views in _views(image, truth, i).items():
            for name, localizer in localizers.items():
                found, true = [], []
                for picture, landmarks, boxes in views:
                    found.append(localizer(picture, boxes))
                    true.append(np.broadcast_to(landmarks, found[-1].shape))
                errors[name][condition][i] = nme(
                    np.concatenate(true),
                    np.concatenate(found),
                    faces.scheme,
                    normalizer,
                )
        progress(i + 1)
    return errors


def _views(image: np.ndarray, landmarks: np.ndarray, number: int) -> dict:
    """Per condition, a list of (picture, its landmarks, boxes to start from)."""
    box = geometry.landmark_boxes(landmarks)[None]
    scales = CONDITIONS[_SCALE]
    scaled = np.concatenate([geometry.scale_boxes(box, s) for s in scales])
    angle = number * _GOLDEN_ANGLE
    side = box[0, 2] - box[0, 0]
    step = side * np.array([np.cos(angle), np.sin(angle)] * 2)
    shifted = box + np.array(CONDITIONS[_SHIFT])[:, None] * step
    sign = -1 if number % 2 else 1
    turns = CONDITIONS[_ROTATION]
    rotated = [rotate_picture(image, landmarks, sign * turn) for turn in turns]
    return {
        _SCALE: [(image, landmarks, scaled)],
        _SHIFT: [(image, landmarks, shifted)],
        _ROTATION: [(p, q, geometry.landmark_boxes(q)[None]) for p, q in rotated],
    }


def rotate_picture(
    image: np.ndarray, landmarks: np.ndarray, degrees: float
) -> tuple[np.ndarray, np.ndarray]:
    """A picture and its landmarks rotated about the face.

    Args:
        image: `(H, W, 3)` uint8.
        landmarks: `(L, 2)`, image pixels.
        degrees: counter-clockwise as seen on the screen.

    Returns:
        The picture, of the same size, its border pixels repeated; and the landmarks
        in it.
    """
    left, top, right, bottom = geometry.landmark_boxes(landmarks)
    centre = (float(left + right) / 2, float(top + bottom) / 2)
    turn = cv2.getRotationMatrix2D(centre, degrees, 1.0)
    picture = cv2.warpAffine(
        image, turn, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE
    )
    points = geometry.transform(turn[None], landmarks[None])[0]
    return picture, points.astype(np.float32)


def summarise(errors: dict, faces: FaceDataset, bins: int = 9) -> list[Row]:
    """The table: means over the faces, and over those of each pose.

    Args:
        errors: from `robustness`.
        faces: the same; complete shapes.
        bins: K, in which hard sample mining counts poses, of equal width over the
            range of the coefficient.

    Returns:
        Its rows, condition by condition; bins without faces are left out.
    """
    rows = []
    for condition, amounts in CONDITIONS.items():
        for model, of_model in errors.items():
            for amount, values in zip(amounts, of_model[condition].T, strict=True):
                rows.append(_row(condition, amount, model, values))
    poses = balance.pose_coefficients(faces.landmarks, faces.scheme)
    edges = np.histogram_bin_edges(poses, bins)
    own = balance.bin_of(poses, edges)
    undisturbed = CONDITIONS[_SCALE].index(1.0)
    for model, of_model in errors.items():
        for number in np.unique(own):
            values = of_model[_SCALE][own == number, undisturbed]
            centre = float(edges[number : number + 2].mean())
            rows.append(_row(POSE, centre, model, values))
    return rows


def _row(condition: str, amount: float, model: str, values: np.ndarray) -> Row:
    nme, failures = float(values.mean()), failure_rate(values, 0.1)
    return Row(condition, amount, model, len(values), nme, failures)


def write_csv(rows: list[Row], path: Path) -> None:
    """Write the table; its columns are the attributes of `Row`."""
    with atomic_write(path) as scratch, scratch.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([field.name for field in dataclasses.fields(Row)])
        for row in rows:
            values = dataclasses.astuple(row)
            writer.writerow([f"{v:.5g}" if isinstance(v, float) else v for v in values])


def box_scale(stage: Stage) -> float:
    """The box scale at which a cascade's later network sees what it was trained on,
    alone and on upright faces.
    """
    left, _, right, _ = geometry.landmark_boxes(stage.mean_shape)
    return float(stage.size / (right - left))
