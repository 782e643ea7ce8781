"""A portrait made harder, one way at a time, and what a model makes of it."""

from collections.abc import Callable

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.robustness import rotate_picture
from wingkeras import geometry
from wingkeras.imaging import drawing
from wingkeras.inference.flip import localize_with_flip
from wingkeras.inference.localizer import Localizer
from wingkeras.metrics import nme, usual_normalizers

_COLUMNS = 4


def draw_failures(
    localizer: Localizer,
    portrait: np.ndarray,
    log: Callable[[str], None] = lambda line: None,
) -> Figure:
    """A panel per way, with the error and the flip error.

    Args:
        localizer: with its detector.
        portrait: `(H, W, 3)` uint8 RGB, showing one face.
        log: called with a line per panel.
    """
    plain = localizer.detect(portrait)[0].landmarks
    plain = localizer(portrait, geometry.landmark_boxes(plain)[None])[0]
    panels = harder(portrait, plain)
    normalizer = usual_normalizers(localizer.scheme)[0]
    rows = -(-len(panels) // _COLUMNS)
    figure = Figure(figsize=(3 * _COLUMNS, 3.3 * rows), layout="constrained")
    for i, (title, (image, truth, box)) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(rows, _COLUMNS, i)
        _, flip_errors = localize_with_flip(localizer, image, box[None])
        found = localizer(image, box[None])
        error = nme(truth[None], found, localizer.scheme, normalizer)[0]
        axes.imshow(_around(image, found, truth, box, localizer.scheme))
        axes.set_title(
            f"{title}\nNME {100 * error:.1f} %, flip error {flip_errors[0]:.3f}"
        )
        axes.set_axis_off()
        log(f"{title}: NME {100 * error:.2f} %, flip error {flip_errors[0]:.4f}")
    return figure


def harder(image: np.ndarray, landmarks: np.ndarray) -> dict:
    """By title: picture, its landmarks, and the box `(4,)` to start from."""
    box = geometry.landmark_boxes(landmarks)
    left, top, right, bottom = box.round().astype(int)
    side = right - left
    half, eyes = image.copy(), image.copy()
    half[top:bottom, left : left + side // 2] = 90
    eyes[top : top + side // 2, left:right] = 20
    small = cv2.resize(image, None, fx=20 / side, fy=20 / side)
    noise = np.random.default_rng(0).normal(0, 70, image.shape)
    noisy = np.clip(image / 4 + noise, 0, 255).astype(np.uint8)
    streaks = np.full((1, side // 2), 2 / side, np.float32)
    coarse = cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    panels = {
        "plain": (image, landmarks, box),
        "half hidden": (half, landmarks, box),
        "eyes hidden": (eyes, landmarks, box),
        "motion blur": (cv2.filter2D(image, -1, streaks), landmarks, box),
        "dark and noisy": (noisy, landmarks, box),
        "20 pixels wide": (coarse, landmarks, box),
        "box half the size": (image, landmarks, geometry.scale_boxes(box, 0.5)),
        "box twice the size": (image, landmarks, geometry.scale_boxes(box, 2.0)),
        "box beside the face": (image, landmarks, box + [0.4 * side, 0] * 2),
    }
    for degrees in (60, 90, 180):
        picture, points = rotate_picture(image, landmarks, degrees)
        turned_box = geometry.landmark_boxes(points)
        panels[f"turned by {degrees} degrees"] = (picture, points, turned_box)
    return panels


def _around(image, found, truth, box, scheme) -> np.ndarray:
    drawn = drawing.draw_landmarks(image, found, scheme, box[None])
    view = geometry.scale_boxes(geometry.landmark_boxes(truth), 1.9)
    left, top, right, bottom = np.maximum(view.round(), 0).astype(int)
    return drawn[top:bottom, left:right]
