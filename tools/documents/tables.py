"""The tables by name, each a function of what was recorded and of words of its mark."""

from collections.abc import Callable
from pathlib import Path

from documents import speed, zoo_tables
from documents.recorded import Recorded
from faults import reporting

TABLES: dict[str, Callable[..., str]] = {
    "zoo": zoo_tables.zoo,
    "errors": zoo_tables.errors,
    "errors-of": zoo_tables.errors_of,
    "means": zoo_tables.means,
    "validation": zoo_tables.validation,
    "pose": zoo_tables.pose,
    "head-pose": zoo_tables.head_pose,
    "robustness": zoo_tables.robustness,
    "comparison": speed.comparison,
    "latency": speed.latency,
    "training-speed": speed.training_speed,
    "jitter": speed.jitter,
    "bulk": speed.bulk,
    "start": speed.start,
    "browser": speed.browser,
    "degradation": zoo_tables.degradation,
    "profiles": zoo_tables.profiles,
    "faults": lambda recorded: reporting.table(recorded.faults),
}
"""What may stand behind `table` in a mark; further words there are arguments."""


class Tables:
    """From the text of a mark to its table.

    Args:
        root: of the checkout that has the results.
    """

    def __init__(self, root: Path):
        self._recorded = Recorded(root)

    def __call__(self, mark: str) -> str:
        """The table, without a newline at the end.

        Raises:
            ValueError: for a name that there is not, or words that it does not take.
        """
        name, *words = mark.split() or [""]
        if name not in TABLES:
            raise ValueError(f"expected a table of {sorted(TABLES)}, received {name!r}")
        try:
            return TABLES[name](self._recorded, *words)
        except (TypeError, KeyError, FileNotFoundError) as error:
            raise ValueError(f"table {mark!r} cannot be made: {error}") from error
