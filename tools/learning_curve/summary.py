"""The curves: mean errors with their spread over seeds, as a table and a picture."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from learning_curve.tasks import SCRATCH, TASKS
from reproduction.results import Spread, spread
from wingkeras.plots import save_figure
from wingkeras.storage.files import atomic_write

Curves = dict[str, dict[str, dict[int, Spread]]]
"""By task, start and number of faces."""


def curves(rows: Sequence[dict[str, str]]) -> Curves:
    """The errors of recorded cells, in percent."""
    values: dict[str, dict[str, dict[int, list[float]]]] = {}
    for row in sorted(rows, key=lambda row: int(row["faces"])):
        starts = values.setdefault(row["task"], {})
        errors = starts.setdefault(row["start"], {}).setdefault(int(row["faces"]), [])
        errors.append(float(row["nme_percent"]))
    return {
        task: {
            start: {count: spread(errors) for count, errors in counts.items()}
            for start, counts in starts.items()
        }
        for task, starts in values.items()
    }


def write_summary(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    """Write `summary.csv` and `curves.png`."""
    found = curves(rows)
    with (
        atomic_write(folder / "summary.csv") as scratch,
        scratch.open("w", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["task", "start", "faces", "seeds", "nme_percent", "deviation"])
        for task, starts in found.items():
            for start, counts in starts.items():
                for count, errors in counts.items():
                    numbers = (f"{errors.mean:.4f}", f"{errors.deviation:.4f}")
                    writer.writerow([task, start, count, errors.seeds, *numbers])
    save_figure(draw(found), folder / "curves.png")


def draw(found: Curves) -> Figure:
    """A panel for each task: error against the number of faces, bars for the spread."""
    figure = Figure(figsize=(5.5 * len(found), 4.2), layout="constrained")
    panels = figure.subplots(1, len(found), squeeze=False)[0]
    for axes, (task, starts) in zip(panels, found.items(), strict=True):
        counts = sorted({count for errors in starts.values() for count in errors})
        for start in sorted(starts, key=lambda start: start != SCRATCH):
            errors = starts[start]
            label = start if start == SCRATCH else f"fine-tuned from {start}"
            if task in TASKS and start in TASKS[task].informed:
                label += ", which has seen them all"
            axes.errorbar(
                [*errors],
                [e.mean for e in errors.values()],
                np.nan_to_num([e.deviation for e in errors.values()]),
                marker="o",
                capsize=3,
                label=label,
            )
        axes.set(xlabel="faces learnt from", ylabel="NME, %", xscale="log")
        axes.set_yscale("log")
        axes.set_xticks(counts, [f"{count:,}" for count in counts])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
        axes.set_title(TASKS[task].title if task in TASKS else task, fontsize=9)
        axes.grid(alpha=0.3, which="both")
        axes.legend(fontsize=8)
    return figure
