"""How experiments do on profiles, written down beside a table."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.profiles import profile_errors
from heatmaps import cfp
from reproduction.datasets import W300
from reproduction.results import VIEWS, read_rows
from reproduction.trained import Trained
from wingkeras.data.datasets import load_faces
from wingkeras.inference.localizer import Localizer
from wingkeras.storage.files import atomic_write

CFP = Path("cfp") / "cfp.csv"
"""Where the folder of all data has the pictures."""


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
    faces = load_faces(data / CFP, scheme="ibug68")
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
