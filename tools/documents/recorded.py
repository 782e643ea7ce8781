"""What was measured: the files in `results/` and the registry, read."""

import csv
import json
import operator
from functools import cached_property
from pathlib import Path

from wingkeras.storage.entries import Entry, parse_entries
from wingkeras.storage.json_files import read_json

PEERS = {"mobilefacenet": "MobileFaceNet", "pfld": "PFLD"}
"""Models of other people, by the names that results have."""


class Recorded:
    """The recorded results of a checkout.

    Args:
        root: of the checkout.
    """

    def __init__(self, root: Path):
        self._root = root

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """The models of the zoo by name, the lowest error first, then the others."""
        path = self._root / "zoo/registry.json"
        entries = parse_entries(read_json(path), path)
        return dict(sorted(entries.items(), key=lambda item: _common_error(item[1])))

    def rows(self, name: str) -> list[dict]:
        """Of a benchmark, by its name."""
        return self.values(name)["rows"]

    def values(self, name: str) -> dict:
        """Of a benchmark, by its name; the whole file."""
        return json.loads(self._path(name).read_text())

    def _path(self, name: str) -> Path:
        return self._root / f"results/benchmark_{name}.json"

    @cached_property
    def faults(self) -> list[dict]:
        """Outcomes of `tools/inject_faults.py`, a record per kind."""
        return json.loads((self._root / "results/faults.json").read_text())

    def table(self, name: str) -> list[dict[str, str]]:
        """Of a CSV file, by its name without the ending."""
        with (self._root / f"results/{name}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    @cached_property
    def errors(self) -> dict[tuple[str, str, str, bool, bool], dict]:
        """Summaries of evaluations on 300-W by model, test set, boxes, flip test and
        whether faces are cropped again.

        Those that the registry has, and those of `tools/benchmark.py errors`, which
        also measures other boxes, the challenging subset and other people's models.
        """
        found = {
            (
                *(name, "common", metric["boxes"], metric["flip_tta"]),
                metric.get("recrop", False),
            ): metric
            for name, entry in self.entries.items()
            for metric in entry.metrics
            if metric["data"] == "300-W common subset"
        }
        measured = self.rows("errors") if self._path("errors").exists() else []
        keys = ("model", "split", "boxes", "flip_tta")
        return found | {
            (*(row[key] for key in keys), row.get("recrop", False)): row
            for row in measured
        }

    def error(self, model: str, split: str) -> dict | None:
        """The summary with boxes around the landmarks, as the model is loaded.

        Args:
            model: of the zoo, or one of `PEERS`.
            split: "common" or "challenge".

        Returns:
            `None` where this was not measured.
        """
        entry = self.entries.get(model)
        switches = (entry.flip_tta, entry.recrop) if entry else (False, False)
        return self.errors.get((model, split, "landmarks", *switches))

    def full_percent(self, model: str) -> float | None:
        """Inter-ocular NME on both test sets together, where both were measured.

        Args:
            model: of the zoo, or one of `PEERS`.
        """
        parts = [self.error(model, split) for split in ("common", "challenge")]
        measured = [part for part in parts if part is not None]
        if len(measured) < len(parts):
            return None
        found = [part["found"] for part in measured]
        means = [part["inter_ocular"]["nme_percent"] for part in measured]
        return sum(map(operator.mul, found, means)) / sum(found)


def _common_error(entry: Entry) -> float:
    for metric in entry.metrics:
        if "inter_ocular" in metric:
            return metric["inter_ocular"]["nme_percent"]
    return float("inf")
