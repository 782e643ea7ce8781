"""Several models on the same faces, side by side."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wingkeras.data.faces import FaceDataset
from wingkeras.evaluation import Evaluation
from wingkeras.evaluation_files import write_skipped
from wingkeras.evaluation_summary import THRESHOLDS, describe_lack
from wingkeras.storage.files import atomic_write

_PERCENTS = [round(100 * threshold) for threshold in THRESHOLDS]
_FIGURES = ["nme_percent"] + [
    figure for x in _PERCENTS for figure in (f"auc_{x}", f"failure_rate_{x}_percent")
]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """The evaluations of several models on the same faces in the same boxes.

    Attributes:
        evaluations: by the name of the model, in the order of the table.

    Raises:
        ValueError: if there are no evaluations, or their data sets, boxes or
            normalizers differ.

    Example:

    ```python
    names = ["cnn6_300w", "cnn67_300w"]
    comparison = Comparison(
        {name: wingkeras.evaluate(wingkeras.zoo.load(name), faces) for name in names}
    )
    print(comparison.table())
    comparison.save("comparison")
    ```
    """

    evaluations: Mapping[str, Evaluation]

    def __post_init__(self):
        if not self.evaluations:
            raise ValueError("Expected at least one evaluation, received none.")
        (first, one), *others = self.evaluations.items()
        for name, other in others:
            same = {
                "faces": one.faces.images == other.faces.images
                and np.array_equal(
                    one.faces.landmarks, other.faces.landmarks, equal_nan=True
                ),
                "boxes": one.boxes == other.boxes,
                "normalizers": list(one.errors) == list(other.errors),
            }
            for what, holds in same.items():
                if not holds:
                    raise ValueError(
                        f"Expected evaluations on the same {what}; those of {first!r} "
                        f"and {name!r} differ."
                    )

    @property
    def faces(self) -> FaceDataset:
        """The faces that all models were evaluated on."""
        return self._first.faces

    @property
    def _first(self) -> Evaluation:
        return next(iter(self.evaluations.values()))

    @property
    def normalizers(self) -> tuple[str, ...]:
        """Names of what the errors are divided by, the usual one first."""
        return tuple(self._first.errors)

    def rows(self) -> list[dict[str, Any]]:
        """A row per model: what `Evaluation.summary` says, with flat names.

        Returns:
            `model`, `faces`, `found`, `boxes`, `flip_tta`, `recrop` and, after the name
            of each normalizer, `nme_percent`, `auc_8`, `failure_rate_8_percent`,
            `auc_10` and `failure_rate_10_percent`; see `Evaluation.summary`.
        """
        rows = []
        for name, evaluation in self.evaluations.items():
            summary = evaluation.summary()
            row: dict[str, Any] = {"model": name}
            row |= {x: summary[x] for x in ("faces", "found", "boxes", "flip_tta")}
            row["recrop"] = evaluation.recrop
            for normalizer in self.normalizers:
                row |= {
                    f"{normalizer}_{figure}": summary[normalizer][figure]
                    for figure in _FIGURES
                }
            rows.append(row)
        return rows

    def table(self) -> str:
        """The rows as a text table, errors with two digits.

        The first line names the faces, with what the data set lacks, and the boxes.
        """
        first, *others = self.normalizers
        titles = {"model": "model", "found": "found", f"{first}_nme_percent": "NME %"}
        for threshold in _PERCENTS:
            titles[f"{first}_auc_{threshold}"] = f"AUC {threshold} %"
            titles[f"{first}_failure_rate_{threshold}_percent"] = (
                f"failed (> {threshold} %), %"
            )
        for other in others:
            titles[f"{other}_nme_percent"] = f"NME {other} %"
        cells = [list(titles.values())]
        cells += [[_cell(key, row[key]) for key in titles] for row in self.rows()]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lack = describe_lack(self.faces)
        faces = f"{len(self.faces)} faces" + (f" ({lack})" if lack else "")
        lines = [f"{faces}, boxes {self._first.boxes!r}, errors over {first}"]
        for name, *values in cells:
            padded = [f"{x:>{w}}" for x, w in zip(values, widths[1:], strict=True)]
            lines.append("  ".join([f"{name:<{widths[0]}}", *padded]))
        return "\n".join(lines)

    def save(self, folder: str | Path) -> None:
        """Write `comparison.csv`, the rows, and `ced.png`, a curve per model.

        The curves' errors are those of the first normalizer, which the axis names.
        `skipped.txt` has a line for every face that was skipped, where any was; table
        and figure say how many, and which subsets are missing.
        """
        from wingkeras import plots

        folder, rows = Path(folder), self.rows()
        with (
            atomic_write(folder / "comparison.csv") as scratch,
            scratch.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        write_skipped(folder / "skipped.txt", self.faces)
        first = self.normalizers[0]
        curves = {
            name: evaluation.errors[first][~np.isnan(evaluation.errors[first])]
            for name, evaluation in self.evaluations.items()
        }
        note = describe_lack(self.faces)
        figure = plots.cumulative_errors(curves, max(THRESHOLDS), first, note)
        plots.save_figure(figure, folder / "ced.png")

    def __repr__(self) -> str:
        return f"Comparison({', '.join(self.evaluations)})"


def _cell(key: str, value: Any) -> str:
    if value is None:
        return "-"
    if key.endswith("_percent"):
        return f"{value:.2f}"
    return f"{value:.3f}" if "_auc_" in key else str(value)
