"""What became of faults: records, their table, and the line that counts them."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from documents.marked import markdown
from faults.kinds import OUTCOMES, Tally
from wingkeras.storage.files import atomic_write
from wingkeras.storage.json_files import read_json

_HEADINGS = (
    *("kind", "attempted", "right", "undocumented exceptions", "crashes"),
    *("hangs over 10 s", "wrong results", "commit"),
)
_SHOWN = 5
_USUAL_LIMIT = 10.0


def describe(tally: Tally, machine: dict, minutes: float) -> dict:
    """A record of one kind's attempts, ready for JSON."""
    return {
        "kind": tally.kind.name,
        "limit": tally.kind.limit,
        "counts": {outcome: tally.counts[outcome] for outcome in OUTCOMES},
        "failures": tally.failures[:_SHOWN],
        "minutes": round(minutes, 1),
        "machine": machine,
    }


def merge(path: Path, record: dict) -> None:
    """Write a record into a file of them, in place of an older one of its kind."""
    records = read_json(path) if path.exists() else []
    known = {each["kind"]: each for each in records} | {record["kind"]: record}
    with atomic_write(path) as scratch:
        scratch.write_text(json.dumps(list(known.values()), indent=1) + "\n")


def table(records: Iterable[dict]) -> str:
    """Markdown: a row per kind."""
    rows = [
        (
            _title(record["kind"], record["limit"]),
            f"{sum(record['counts'].values()):,}",
            *(f"{record['counts'][outcome]:,}" for outcome in OUTCOMES),
            record["machine"]["commit"],
        )
        for record in records
    ]
    return markdown(_HEADINGS, rows)


def failures(records: Iterable[dict]) -> str:
    """A line for each of the first failures of every kind."""
    return "\n".join(
        f"- {record['kind']}, seed {seed}: {outcome}, {reason}"
        for record in records
        for seed, outcome, reason in record["failures"]
    )


def _title(kind: str, limit: float) -> str:
    return kind if limit == _USUAL_LIMIT else f"{kind} (hangs over {limit:g} s)"


class Progress:
    """A line on standard error for each kind; on a terminal it counts the attempts."""

    def __init__(self, name: str, total: int):
        self._name, self._total, self._done, self._failed = name, total, 0, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        start = "\r" if sys.stderr.isatty() else ""
        print(f"{start}{self}", file=sys.stderr)

    def __str__(self) -> str:
        done = f"{self._done} of {self._total}"
        return f"{self._name}: {done} attempted, {self._failed} not right"

    def __call__(self, tally: Tally) -> None:
        """Show how many attempts were made, and how many were not right."""
        self._done, self._failed = sum(tally.counts.values()), len(tally.failures)
        if sys.stderr.isatty():
            print(f"\r{self}", end="", file=sys.stderr, flush=True)
