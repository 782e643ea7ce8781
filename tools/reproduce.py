"""Reproduce a table of the paper on real faces; interrupted experiments resume.

    python tools/reproduce.py table1 --data FOLDER [--budget MINUTES]
    python tools/reproduce.py table1_long --data FOLDER [--seeds N]
    python tools/reproduce.py report

FOLDER holds `300w/` in its original layout and `mtfl5/` (five-point faces, `lfw.csv`
and `aflw.csv`). The settings of every experiment, its error and that of every test face
are written to `results/TABLE/`; an experiment found there is not trained again. Each
command also updates `results/README.md`, and `report` does only that. `table6` and
`figures` train nothing. `table1_long` is table 1 on 300-W at the paper's length,
960,000 faces shown, with the paper's training and with ours; `table2_long` has some of
table 2's settings at that length. `causes` and `mining` change one thing at a time on
300-W; `mining` also needs `cfp/cfp.csv` in FOLDER.
"""

import argparse
import functools
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# As in `wingkeras train`: off by default on processors without AVX-512.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from benchmarks.machine import REPOSITORY, describe_machine

# Repeated here, so that the help does not wait for TensorFlow.
TABLES = (
    "table1",
    "table1_long",
    "table2",
    "table2_long",
    "table3",
    "table4",
    "table5",
    "causes",
    "mining",
)
DATASETS = ("300w", "aflw")


def main(arguments: list[str] | None = None) -> int:
    """Run the missing experiments, and write their errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = (*TABLES, "table6", "figures", "report")
    parser.add_argument("table", choices=names)
    parser.add_argument("--data", type=Path, help="folder, see above")
    lengths = parser.add_mutually_exclusive_group()
    lengths.add_argument("--budget", type=float, metavar="MINUTES", help="on two cores")
    lengths.add_argument(
        "--length",
        type=float,
        help="multiple of the full length; 1 by default, the paper's for long tables",
    )
    parser.add_argument(
        "--seeds", type=int, default=1, help="of every experiment in table1_long"
    )
    parser.add_argument(
        "--datasets",
        nargs="+",
        choices=DATASETS,
        default=[*DATASETS],
        help="faces; the table keeps what it holds of others",
    )
    parser.add_argument(
        "--precision",
        help="of new trainings, instead of the recipe's: processors without bfloat16 "
        "instructions are several times faster in float32",
    )
    parser.add_argument("--cache", type=Path, default=Path("runs/reproduction"))
    parser.add_argument("--results", type=Path, default=REPOSITORY / "results")
    options = parser.parse_args(arguments)
    if options.table not in ("table6", "report") and options.data is None:
        parser.error(f"{options.table} needs --data")

    from reproduction.report import write_report

    if options.table in TABLES:
        from reproduction import durations, tables
        from reproduction.running import run_table

        of_table, usual = tables.TABLES[options.table], 1.0
        if options.table.endswith("_long"):
            usual = durations.PAPERS_LENGTH
        if options.table != "table1_long" and options.seeds != 1:
            parser.error("--seeds is for table1_long")
        if options.table == "table1_long":
            of_table = functools.partial(of_table, seeds=options.seeds)
        experiments = of_table(options.datasets)
        if not experiments:
            parser.error(f"{options.table} has no experiments on {options.datasets}")
        length = usual if options.length is None else options.length
        if options.budget is not None:
            try:
                length = durations.length_within(options.budget, experiments)
            except ValueError as error:
                parser.error(str(error))
        if length <= 0:
            parser.error(f"expected --length > 0, received {length:g}")
        further = {}
        if options.table == "mining":
            from reproduction.profiles import CFP, write_profiles

            if not (options.data / CFP).is_file():
                parser.error(f"mining needs {options.data / CFP}")
            further = {"further": functools.partial(write_profiles, data=options.data)}
        run_table(
            options.table,
            experiments,
            options.results,
            describe_machine(),
            # Progress should show in a log file as well.
            functools.partial(print, flush=True),
            data=options.data,
            cache=options.cache,
            length=length,
            changes={"precision": options.precision} if options.precision else {},
            **further,
        )
    elif options.table == "table6":
        from benchmarks.network_speed import write_speeds

        write_speeds(options.results / "table6")
    elif options.table == "figures":
        from reproduction.figures import draw_figures

        draw_figures(options.results / "figures", options.data, options.datasets)
    write_report(options.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
