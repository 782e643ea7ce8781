"""What the report says of experiments that change one thing at a time."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.profiles import profile_errors
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
    VIEWS,
    Result,
    read_experiments,
    read_rows,
    select,
)
from reproduction.trained import Trained
from wingkeras.data.datasets import load_faces
from wingkeras.inference.localizer import Localizer
from wingkeras.storage.files import atomic_write

_CAUSES_NOTE = """\
300-W, CNN-6, 90,000 faces shown, one seed, NME in percent on the full test set; each
loss at the learning rate that table 1 has chosen for it. Table 1's deviations over
seeds say what counts as a difference.

"""
_RATES_NOTE = """
The losses at each learning rate after 90,000 faces shown: error on the faces held out,
percent. The lowest one chose the rate.
"""
_MINING_NOTE = """\
300-W, CNN-6, wing loss, one seed; 90,000 faces shown, with equal passes more. "Held
out" are the training faces that choose the rates; where a recorded experiment was
trained again to be measured, that error is the recorded one. Profiles and frontal faces
are those of CFP's persons from 401 on, error over the box's side. The other columns are
NME on test faces, by subset and by the yaw of their labels, in degrees.

"""


def write_profiles(
    folder: Path,
    experiments: Sequence[Trained],
    load: Callable[[Trained], Localizer],
    data: Path,
) -> None:
    """Measure those experiments on CFP that were not yet, and write everything down.

    Args:
        folder: of the table.
        experiments: of 300-W.
        load: gives their localizers.
        data: folder that holds `cfp/cfp.csv`.
    """
    path = folder / f"{W300.name}{VIEWS}"
    rows = {row["view"]: row for row in read_rows(path)} if path.exists() else {}
    known = rows[cfp.VIEWS[0]].keys() if rows else ()
    missing = {t.key: load(t) for t in experiments if t.key not in known}
    if not missing:
        return
    faces = load_faces(data / "cfp" / "cfp.csv", scheme="ibug68")
    faces = cfp.for_validation(faces)
    errors, views = profile_errors(missing, faces), cfp.views(faces)
    for view in cfp.VIEWS:
        row = rows.setdefault(view, {"view": view, "faces": np.sum(views == view)})
        for key, values in errors.items():
            row[key] = f"{np.mean(values[views == view]):.6f}"
    with atomic_write(path) as scratch, scratch.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[cfp.VIEWS[0]])
        writer.writeheader()
        writer.writerows(rows.values())


def tabulate_causes(results: list[Result], folder: Path) -> str:
    """Errors by what is changed and loss, and by learning rate and loss.

    Args:
        results: of the table.
        folder: of all results; table 1 has tried the learning rates, at both lengths.
    """
    rows = []
    for variation in dict.fromkeys(result.variation for result in results):
        errors = {
            result.loss: result.error(W300.normalizer)
            for result in select(results, variation=variation)
        }
        shown = [f"{errors[x]:.2f}" if x in errors else "-" for x in LOSSES]
        against = change(errors["wing"], errors.get("L2", np.nan))
        rows.append([variation or "nothing", *shown, against])
    header = ["changed", *LOSSES, "wing against L2"]
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
    rows = [
        [loss, *(f"{float(errors[loss, rate]):.2f}" for rate in rates)]
        for loss in LOSSES
        if all((loss, rate) in errors for rate in rates)
    ]
    header = [TITLES[training], *(f"{rate:g}" for rate in rates)]
    return "\n" + markdown(header, rows) + "\n" if errors else ""


def tabulate_mining(results: list[Result]) -> str:
    """Errors by kind of hard sample mining."""
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
    return _MINING_NOTE + markdown(header, rows) + "\n"
