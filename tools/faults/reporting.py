"""The table of what became of faults, and the line that counts them."""

import sys
from collections.abc import Iterable

from faults.running import OUTCOMES, Tally

_HEADINGS = (
    *("kind", "attempted", "right", "undocumented exceptions", "crashes"),
    *("hangs over 10 s", "wrong results"),
)
_SHOWN = 5
_USUAL_LIMIT = 10.0


def table(tallies: Iterable[Tally], machine: dict) -> str:
    """Markdown: a row per kind, the first failures of each below, and the machine."""
    tallies = list(tallies)
    rows = [_HEADINGS, ("---",) + ("--:",) * (len(_HEADINGS) - 1)]
    for tally in tallies:
        counts = [f"{tally.counts[outcome]:,}" for outcome in OUTCOMES]
        name, limit = tally.kind.name, tally.kind.limit
        name += "" if limit == _USUAL_LIMIT else f" (hangs over {limit:g} s)"
        rows.append((name, f"{sum(tally.counts.values()):,}", *counts))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    failures = [
        f"- {tally.kind.name}, seed {seed}: {outcome}, {reason}"
        for tally in tallies
        for seed, outcome, reason in tally.failures[:_SHOWN]
    ]
    names = ("commit", "cpu", "cores", "python", "tensorflow", "keras")
    made = "; ".join(f"{name} {machine[name]}" for name in names)
    return "\n".join([*lines, "", *failures, *[""] * bool(failures), made])


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
