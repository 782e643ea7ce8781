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
from reproduction.markdown import change
from reproduction.results import SUBSETS, Result, read_experiments, read_rows, select
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
The same losses at each learning rate, in our training: error on the faces held out,
percent. The lowest one chose the rate.

"""
_MINING_NOTE = """\
300-W, CNN-6, wing loss, one seed; 90,000 faces shown, with equal passes more. "Held
out" are the training faces that choose the rates; where a recorded experiment was
trained again to be measured, that error is the recorded one. Profiles and frontal faces
are those of CFP's persons from 401 on, error over the box's side. The other columns are
NME on test faces, by subset and by the yaw of their labels, in degrees.

"""
_VIEWS = "300w_views.csv"


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
    path = folder / _VIEWS
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
        folder: of all results; table 1 has tried the learning rates.
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
    text = markdown(["changed", *LOSSES, "wing against L2"], rows) + "\n"
    if not (folder / "table1" / f"{W300.name}_cells.csv").exists():
        return _CAUSES_NOTE + text
    tried = {
        (row["loss"], float(row["learning_rate"])): row["validation_nme_percent"]
        for row in read_experiments(folder / "table1", W300.name)
        if row["seed"] == "0"
    }
    rates = sorted({rate for _, rate in tried})
    rows = [
        [loss, *(f"{float(tried[loss, rate]):.2f}" for rate in rates)]
        for loss in LOSSES
        if all((loss, rate) in tried for rate in rates)
    ]
    header = ["loss", *(f"{rate:g}" for rate in rates)]
    return _CAUSES_NOTE + text + _RATES_NOTE + markdown(header, rows) + "\n"


def tabulate_mining(results: list[Result], folder: Path) -> str:
    """Errors by kind of hard sample mining.

    Args:
        results: of the table.
        folder: of all results; that of the table holds what `write_profiles` writes.
    """
    path = folder / "mining" / _VIEWS
    views = {row["view"]: row for row in read_rows(path)} if path.exists() else {}
    poses = sorted({pose for result in results for pose in result.poses})
    rows = []
    for result in results:
        title = "as in the paper" if result.hsm else "none"
        of_views = [
            f"{100 * float(views[view][result.key]):.2f}"
            if result.key in views.get(view, ())
            else "-"
            for view in cfp.VIEWS
        ]
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
