"""How detectors' boxes relate to the squares around the landmarks."""

import numpy as np

from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.imaging.images import read_image
from wingkeras.inference.detectors import BoxCalibration
from wingkeras.schemes import FIVE, IBUG68, five_of_ibug68

SAME_FACE = 0.3
"""Least overlap (IoU) of a detector's box with the landmarks' square."""


def report(name: str, detector, faces: FaceDataset) -> None:
    """Print the calibrations of one detector and their quality."""
    found, landmarks, extra = match(detector, faces)
    missed = len(faces) - len(found)
    print(f"{name}: {len(found)} of {len(faces)} faces found, {extra} other boxes")
    print(f"  missed {100 * missed / len(faces):.2f} %")
    for scheme, points in ((IBUG68, landmarks), (FIVE, five_of_ibug68(landmarks))):
        in_use = type(detector).CALIBRATIONS[scheme.name]
        show_fit(scheme.name, in_use, found, geometry.landmark_boxes(points))


def show_fit(
    scheme: str, in_use: BoxCalibration, found: np.ndarray, truth: np.ndarray
) -> None:
    """Print the calibration to the squares of a scheme's landmarks."""
    calibration = fit(found, truth)
    print(f"  {scheme}: {calibration}")
    for label, boxes in (
        ("its own", found),
        ("in use", in_use(found)),
        ("fitted", calibration(found)),
    ):
        overlap = geometry.box_iou(boxes, truth)
        side = (truth[:, 2] - truth[:, 0])[:, None]
        shift = ((boxes[:, :2] + boxes[:, 2:]) - (truth[:, :2] + truth[:, 2:])) / 2
        ratio = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1)) / side[:, 0]
        spread = np.std(shift / side, axis=0)
        print(
            f"  boxes {label}: mean IoU {overlap.mean():.3f}, side "
            f"{ratio.mean():.3f} +- {ratio.std():.3f}, centre off by "
            f"{np.mean(shift / side, axis=0).round(3)} +- {spread.round(3)} sides"
        )


def match(detector, faces: FaceDataset) -> tuple[np.ndarray, np.ndarray, int]:
    """The detector's own boxes of faces, their landmarks, and how many other boxes."""
    found, landmarks, extra = [], [], 0
    for i, path in enumerate(faces.images):
        boxes = detector.raw(read_image(path)).boxes
        overlap = geometry.box_iou(boxes, faces.boxes[i : i + 1])
        hits = int((overlap >= SAME_FACE).sum())
        extra += len(boxes) - min(hits, 1)
        if hits:
            found.append(boxes[overlap.argmax()])
            landmarks.append(faces.landmarks[i])
    return np.array(found), np.array(landmarks), extra


def fit(found: np.ndarray, truth: np.ndarray) -> BoxCalibration:
    """Medians over the faces, which single false matches do not move."""
    side = np.sqrt((found[:, 2:] - found[:, :2]).prod(axis=1))
    shift = (truth[:, :2] + truth[:, 2:] - found[:, :2] - found[:, 2:]) / 2
    right, down = np.median(shift / side[:, None], axis=0)
    scale = np.median((truth[:, 2] - truth[:, 0]) / side)
    return BoxCalibration(*(round(float(v), 4) for v in (right, down, scale)))
