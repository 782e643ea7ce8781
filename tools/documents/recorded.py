"""What was measured: the files in `results/` and the registry, read."""

import csv
import json
from functools import cached_property
from pathlib import Path

from wingkeras.storage.entries import Entry, parse_entry

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
        entries = [parse_entry(values, path) for values in json.loads(path.read_text())]
        entries.sort(key=_common_error)
        return {entry.name: entry for entry in entries}

    def rows(self, name: str) -> list[dict]:
        """Of a benchmark, by its name."""
        path = self._root / f"results/benchmark_{name}.json"
        return json.loads(path.read_text())["rows"]

    def values(self, name: str) -> dict:
        """Of a benchmark, by its name; the whole file."""
        return json.loads((self._root / f"results/benchmark_{name}.json").read_text())

    def table(self, name: str) -> list[dict[str, str]]:
        """Of a CSV file, by its name without the ending."""
        with (self._root / f"results/{name}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def error(self, model: str, split: str, boxes: str, flip_tta: bool | None = None):
        """The summary of one evaluation.

        Args:
            model: of the zoo, or one of `PEERS`.
            split: "common" or "challenge".
            boxes: "landmarks", "yunet" or "haar".
            flip_tta: with the flip test or without; by default as the model has it.
        """
        if flip_tta is None:
            flip_tta = model in self.entries and self.entries[model].flip_tta
        asked = (model, split, boxes, flip_tta)
        for row in self.rows("errors"):
            if (row["model"], row["split"], row["boxes"], row["flip_tta"]) == asked:
                return row
        raise ValueError(
            f"results/benchmark_errors.json has no row for {asked}; run "
            "`python tools/benchmark.py errors`"
        )


def _common_error(entry: Entry) -> float:
    for metric in entry.metrics:
        if "inter_ocular" in metric:
            return metric["inter_ocular"]["nme_percent"]
    return float("inf")
