"""Figures: error curves, pose histograms, latencies, training curves."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from wingkeras.metrics import cumulative_error_distribution
from wingkeras.storage.files import atomic_write


def cumulative_errors(
    errors: dict[str, np.ndarray],
    threshold: float,
    normalizer: str = "",
    note: str = "",
) -> Figure:
    """Cumulative error distribution curves (the paper's Figures 4 and 6).

    Args:
        errors: per curve, `(N,)` NME as fractions.
        threshold: right end of the error axis, a fraction.
        normalizer: of all curves, for the axis; omit it where the curves' names say it.
        note: what a reader must know about the faces; shown above the curves.

    Returns:
        A figure, error in percent against the share of faces.

    Example:

    ```python
    errors = {"mine": np.array([0.02, 0.03, 0.1])}
    figure = cumulative_errors(errors, threshold=0.08)
    ```
    """
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    steps = np.linspace(0, threshold, 501)
    for name, values in errors.items():
        share = cumulative_error_distribution(values, steps)
        axes.plot(100 * steps, share, label=name)
    label = f"NME ({normalizer}), %" if normalizer else "NME, %"
    axes.set(xlabel=label, ylabel="share of faces", ylim=(0, 1))
    axes.set_xlim(0, 100 * threshold)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    # A subset's name must not be read as mathematical markup.
    axes.set_title(note.replace("$", r"\$"), fontsize="small", wrap=True)
    return figure


def loss_curves(x: np.ndarray, values: dict[str, np.ndarray]) -> Figure:
    """Losses of one coordinate (the paper's Figures 1 and 3).

    Args:
        x: `(N,)` errors, pixels of the network's input.
        values: per curve, `(N,)`.

    Example:

    ```python
    x = np.linspace(-20, 20, 81)
    figure = loss_curves(x, {"L1": np.abs(x), "L2": x**2 / 2})
    ```
    """
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    for name, curve in values.items():
        axes.plot(x, curve, label=name)
    axes.set(xlabel="x, pixels", ylabel="loss")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def pose_histogram(coefficients: np.ndarray, copies: np.ndarray, bins: int) -> Figure:
    """Faces per pose before and after hard sample mining (the paper's Figure 5).

    Args:
        coefficients: `(N,)` from `data.balance.pose_coefficients`; NaN is left out.
        copies: `(N,)` int from `data.balance.copies`.
        bins: K.

    Returns:
        A figure, pose coefficient against number of faces.

    Example:

    ```python
    figure = pose_histogram(np.array([-1.0, 0, 0, 1]), np.array([2, 1, 1, 2]), bins=3)
    ```
    """
    known = np.isfinite(coefficients)
    values, weights = coefficients[known], copies[known]
    edges = np.histogram_bin_edges(values, bins).tolist()
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    after = f"after: {weights.sum():,}"
    axes.hist(values, edges, weights=weights, color="C1", alpha=0.5, label=after)
    axes.hist(values, edges, color="C0", label=f"before: {len(values):,} faces")
    axes.set(xlabel="pose coefficient", ylabel="faces")
    axes.legend()
    return figure


def error_curves(
    panels: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]],
) -> Figure:
    """Errors of several models against the strength of a disturbance.

    Args:
        panels: by the label of the horizontal axis, with its unit; in each, by model,
            the positions on that axis and the NME as fractions.

    Returns:
        A figure, at most two panels in a row; the vertical axis is the NME in percent,
        logarithmic. A model has one colour in all panels. Panels with the models of the
        first one have no legend of their own.

    Example:

    ```python
    turned = (np.array([0, 30, 60]), np.array([0.03, 0.04, 0.2]))
    figure = error_curves({"rotation, degrees": {"mine": turned}})
    ```
    """
    columns = min(len(panels), 2)
    rows = -(-len(panels) // 2)
    figure = Figure(figsize=(5 * columns, 4 * rows), layout="constrained")
    names = dict.fromkeys(name for curves in panels.values() for name in curves)
    colours = {name: f"C{i}" for i, name in enumerate(names)}
    first = next(iter(panels.values()))
    for i, (label, curves) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(rows, columns, i)
        for name, (positions, errors) in curves.items():
            style = "o-" if len(positions) < 20 else "-"
            percent, colour = 100 * np.asarray(errors), colours[name]
            axes.plot(positions, percent, style, label=name, color=colour)
        axes.set(xlabel=label, ylabel="NME, %", yscale="log")
        if i == 1 or curves.keys() != first.keys():
            axes.legend()
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
        axes.grid(alpha=0.3, which="both")
    return figure


def latencies(panels: dict[str, dict[str, float]]) -> Figure:
    """Horizontal bars, one panel per condition.

    Args:
        panels: by title, milliseconds by label, in the order of the bars.

    Example:

    ```python
    figure = latencies({"1 core": {"Keras": 4.0, "ONNX Runtime": 2.4}})
    ```
    """
    rows = max(len(bars) for bars in panels.values())
    figure = Figure(figsize=(5.5 * len(panels), 1 + 0.28 * rows), layout="constrained")
    for axes, (title, bars) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        drawn = axes.barh(list(bars), list(bars.values()))
        axes.bar_label(drawn, fmt="%.1f", padding=3, fontsize=8)
        axes.set_xscale("log")
        axes.invert_yaxis()
        axes.set(title=title, xlabel="milliseconds")
        axes.margins(x=0.15)
    return figure


def training_curves(*runs: tuple[np.ndarray, np.ndarray]) -> Figure:
    """Loss and validation error over the epochs of a run, or of successive ones.

    Args:
        runs: training loss and validation NME as a fraction, `(epochs,)` each, as
            from `training.run_folder.RunFolder.curves`; several if a run started from
            the network of the one before.

    Returns:
        A figure with the loss on the left axis, NME in percent on the right one; a
        vertical line where another run begins.

    Example:

    ```python
    figure = training_curves((np.array([90.0, 60]), np.array([0.09, 0.06])))
    ```
    """
    losses, errors = (np.concatenate(curves) for curves in zip(*runs, strict=True))
    epochs = range(1, len(losses) + 1)
    figure = Figure(figsize=(6, 4), layout="constrained")
    left = figure.add_subplot()
    for end in np.cumsum([len(loss) for loss, _ in runs[:-1]]):
        left.axvline(end + 0.5, color="0.7", linestyle="--")
    left.plot(epochs, losses, label="training loss")
    left.set(xlabel="epoch", ylabel="loss per face", yscale="log")
    right = left.twinx()
    right.plot(epochs, 100 * errors, color="C1", label="validation NME")
    right.set(ylabel="NME, %", yscale="log")
    for axes in (left, right):
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure; the ending of the path decides the file type.

    Example:

    ```python
    figure = latencies({"1 core": {"Keras": 4.0, "ONNX Runtime": 2.4}})
    save_figure(figure, "latencies.png")
    ```
    """
    with atomic_write(path) as scratch:
        figure.savefig(scratch, dpi=150)
