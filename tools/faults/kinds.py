"""What a kind of fault is: a number of attempts, each with a seed of its own."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Attempt = Callable[[int], None]
"""Makes the fault of a seed. It returns if the package did as documented, raises
`WrongResultError` if the package went on with a wrong result, and lets any exception
pass that is not documented."""


class WrongResultError(AssertionError):
    """What the package did is not what its documentation says."""


@dataclass(frozen=True)
class Kind:
    """Faults of one kind.

    Attributes:
        name: a line, for the table.
        prepare: from an empty folder to the function that makes an attempt.
        attempts: how many in the long run.
        quick: how many when it is only tried.
        limit: seconds after which an attempt counts as hanging.
    """

    name: str
    prepare: Callable[[Path], Attempt]
    attempts: int
    quick: int
    limit: float = 10.0


OUTCOMES = ("right", "undocumented", "crash", "hang", "wrong")


@dataclass
class Tally:
    """What became of the attempts at a kind.

    Attributes:
        kind: of faults.
        counts: by outcome, of `OUTCOMES`.
        failures: seed, outcome and reason of each attempt that did not end right.
    """

    kind: Kind
    counts: Counter = field(default_factory=Counter)
    failures: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, seed: int, outcome: str, reason: str = "") -> None:
        """Count an attempt."""
        self.counts[outcome] += 1
        if outcome != "right":
            self.failures.append((seed, outcome, reason))


def attempt_all(kind: Kind, folder: Path, seeds) -> None:
    """Make attempts in this process, for tests.

    Args:
        kind: of faults.
        folder: an empty one.
        seeds: of the attempts.

    Raises:
        AssertionError: at the first one that does not end as documented; it names the
            seed.
    """
    attempt = kind.prepare(folder)
    for seed in seeds:
        try:
            attempt(seed)
        except Exception as error:
            raise AssertionError(f"{kind.name}, seed {seed}: {error!r}") from error
