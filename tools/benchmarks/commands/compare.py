"""Models of the zoo beside those of other people."""

import argparse
from pathlib import Path

from benchmarks.machine import runtime_versions

HELP = "error, size and speed beside others"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("models", nargs="+", metavar="NAME", help="of the zoo")
    parser.add_argument(
        "--peers", type=Path, required=True, help="folder, see benchmarks/peers.py"
    )
    parser.add_argument("--data", type=Path, required=True, help="300-W folder")


def run(options: argparse.Namespace, results: Path) -> dict:
    """Models of the zoo and of other people, see `comparison.compare`."""
    from benchmarks.comparison import compare

    table = results / "comparison.csv"
    rows = compare(options.models, options.peers, options.data, table)
    return {"benchmark": "compare", "runtimes": runtime_versions(), "rows": rows}
