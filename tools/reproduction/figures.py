"""The paper's figures that need no training: 1, 3 and 5."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reproduction.datasets import DATASETS
from reproduction.experiments import BASELINES
from wingkeras import losses, plots
from wingkeras.data import balance

_WINGS = ((5, 0.5), (5, 2), (10, 0.5), (10, 2))


def draw_figures(folder: Path, data: Path, datasets: Sequence[str]) -> None:
    """Write `figure1.png`, `figure3.png` and, per dataset, `figure5_DATASET.png`.

    Args:
        folder: to write into.
        data: see `datasets.Dataset.training_faces`.
        datasets: names, for Figure 5.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wings = {
        f"w = {w:g}, epsilon = {epsilon:g}": losses.WingLoss(w=w, epsilon=epsilon)
        for w, epsilon in _WINGS
    }
    baselines = {name: loss() for name, loss in BASELINES.items()}
    for name, curves, limit in (("figure1", wings, 15), ("figure3", baselines, 3)):
        x = np.linspace(-limit, limit, 601)
        values = {label: _values(loss, x) for label, loss in curves.items()}
        plots.save_figure(plots.loss_curves(x, values), folder / f"{name}.png")
    for name in datasets:
        dataset = DATASETS[name]
        faces = dataset.training_faces(data)
        poses = balance.pose_coefficients(faces.landmarks, faces.scheme)
        copies = balance.copies(poses, dataset.hsm_bins)
        figure = plots.pose_histogram(poses, copies, dataset.hsm_bins)
        plots.save_figure(figure, folder / f"figure5_{name}.png")


def _values(loss, x: np.ndarray) -> np.ndarray:
    errors = x[:, None].astype(np.float32)
    return np.asarray(loss.call(errors, np.zeros_like(errors)))
