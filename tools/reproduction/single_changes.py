"""What the report says of experiments that change one thing at a time."""

from pathlib import Path

import numpy as np

from documents.marked import markdown
from heatmaps import cfp
from reproduction.claims import HEAD_POSES
from reproduction.datasets import W300
from reproduction.experiments import LOSSES
from reproduction.long_trainings import TITLES
from reproduction.markdown import change
from reproduction.results import (
    EXPERIMENTS,
    SUBSETS,
    Result,
    read_experiments,
    select,
)

_CAUSES_NOTE = """\
300-W, CNN-6, 90,000 faces shown, one seed, NME in percent on the common / challenge
faces; each loss at the learning rate that table 1 has chosen for it. Table 1's
deviations over seeds say what counts as a difference on the common faces.

"""
_RATES_NOTE = """
The losses at each learning rate after 90,000 faces shown: error on the faces held out,
percent. The lowest one chose the rate; "-" diverged or was not tried.
"""
_MINING_NOTE = """\
300-W, CNN-6, wing loss, one seed; 90,000 faces shown. With equal passes, every face is
shown as often as without mining and the repetitions come on top: about 2.1 times as
many faces, and so in the last row. Profiles and frontal faces are those of CFP's
persons from 401 on, error over the box's side. The other columns are NME on test faces,
by subset and by the yaw of their labels, rounded to 30 degrees.

"""
_RETRAINED = """
Trained again with the same seed, in order to be measured, these moved on the common
faces: {}.
The held-out errors are of the first training. Differences of that size say nothing.
"""


def tabulate_causes(results: list[Result], folder: Path) -> str:
    """Errors by what is changed and loss, and by learning rate and loss.

    Args:
        results: of the table.
        folder: of all results; table 1 has tried the learning rates, at both lengths.
    """
    rows = []
    for variation in dict.fromkeys(result.variation for result in results):
        errors = {
            result.loss: [result.error(W300.normalizer, s) for s in SUBSETS[:2]]
            for result in select(results, variation=variation)
        }
        shown = [_both(errors[x]) if x in errors else "-" for x in LOSSES]
        against = change(errors["wing"][0], errors.get("L2", [np.nan])[0])
        rows.append([variation or "nothing", *shown, against])
    header = ["changed", *LOSSES, "wing against L2, common"]
    tables = [
        _tabulate_rates(read_experiments(folder / name, W300.name), training)
        for training, name in (("modern", "table1"), ("paper", "table1_long"))
        if (folder / name / f"{W300.name}{EXPERIMENTS}").exists()
    ]
    text = _CAUSES_NOTE + markdown(header, rows) + "\n"
    return text + _RATES_NOTE + "".join(tables) if any(tables) else text


def _tabulate_rates(tried: list[dict[str, str]], training: str) -> str:
    """Held-out errors by loss and learning rate; empty if there are none."""
    tried = [
        row
        for row in tried
        if row["seed"] == "0" and row.get("training", "modern") == training
    ]
    # The long trainings at the chosen rates stand among them.
    shortest = min((int(row["passes"]) for row in tried), default=0)
    errors = {
        (row["loss"], float(row["learning_rate"])): row["validation_nme_percent"]
        for row in tried
        if int(row["passes"]) == shortest
    }
    rates = sorted({rate for _, rate in errors})
    shown = {which: f"{float(error):.2f}" for which, error in errors.items()}
    rows = [
        [loss, *(shown.get((loss, rate), "-") for rate in rates)]
        for loss in LOSSES
        if any((loss, rate) in errors for rate in rates)
    ]
    header = [TITLES[training], *(f"{rate:g}" for rate in rates)]
    return "\n" + markdown(header, rows) + "\n" if errors else ""


def _both(errors: list[float]) -> str:
    return " / ".join(f"{error:.2f}" for error in errors)


def tabulate_mining(results: list[Result], before: list[Result]) -> str:
    """Errors by kind of hard sample mining.

    Args:
        results: of the table.
        before: of other tables; some are of the same experiments.
    """
    poses = sorted({pose for result in results for pose in result.poses})
    rows = []
    for result in results:
        title = "as in the paper" if result.hsm else "none"
        views = result.views
        of_views = [f"{100 * views[v]:.2f}" if v in views else "-" for v in cfp.VIEWS]
        rows.append(
            [
                result.variation or title,
                result.passes,
                f"{result.held_out:.2f}",
                *of_views,
                *(f"{result.error(W300.normalizer, s):.2f}" for s in SUBSETS),
                *(f"{100 * result.poses[pose]:.2f}" for pose in poses),
            ]
        )
    header = ["hard sample mining", "passes", "held out", *cfp.VIEWS, *SUBSETS]
    header += [f"yaw {HEAD_POSES[pose]}" for pose in poses]
    text = _MINING_NOTE + markdown(header, rows) + "\n"
    return text + _retrained(results, before)


def _retrained(results: list[Result], before: list[Result]) -> str:
    """How far errors moved where an experiment was trained again; empty if none was."""
    before = select(before, dataset=W300.name)
    first = {r.key: r.error(W300.normalizer) for r in before}
    moved = {
        r.variation or ("as in the paper" if r.hsm else "none"): abs(
            r.error(W300.normalizer) - first[r.key]
        )
        for r in results
        if r.key in first
    }
    if not moved:
        return ""
    return _RETRAINED.format(
        ", ".join(f'"{name}" by {points:.2f} points' for name, points in moved.items())
    )
