"""Run a table of the paper again, on real faces; an interrupted one goes on.

    python tools/reproduce.py table1 --data FOLDER [--budget MINUTES]

FOLDER holds `300w/` in its original layout and `mtfl5/` (five-point faces, `lfw.csv`
and `aflw.csv`). What every cell was trained with, its error and that of every test face
go to `results/TABLE/`.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from machine import REPOSITORY, describe_machine

from wingkeras.reproduction import tables
from wingkeras.reproduction.bodies import BODIES


def main() -> int:
    """Train what is missing, measure, write it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", choices=tables.TABLES)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--budget", type=float, metavar="MINUTES")
    parser.add_argument("--bodies", nargs="+", choices=BODIES, default=[*BODIES])
    parser.add_argument("--cache", type=Path, default=Path("runs/reproduction"))
    parser.add_argument("--results", type=Path, default=REPOSITORY / "results")
    options = parser.parse_args()
    cells = tables.TABLES[options.table](options.bodies)
    full = tables.minutes(cells)
    length = options.budget / full if options.budget else 1.0
    print(f"{options.table}: about {full * length:.0f} minutes on two cores")
    trainer = tables.Trainer(options.data, options.cache, length)
    trained = [trainer.train(cell) for cell in cells]
    tables.write(
        options.results / options.table,
        trained,
        trainer.trials,
        options.data,
        describe_machine(),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
