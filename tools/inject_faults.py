"""Make faults on purpose, in processes of their own, and print a table of what became.

    python tools/inject_faults.py [--quick] [--only NAME ...] [--output FILE]
    python tools/inject_faults.py --only pictures --seed 4711

Damaged annotations, pictures, models and weights are read; servers answer badly;
processes are killed and resumed; disks are full. An attempt is right if the package
does what its documentation says, and nothing is lost. Seeds are fixed: the attempt at a
failure is made again with its `--seed`. The long run takes some hours; the exit code is
1 if any attempt was not right.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(arguments: list[str] | None = None) -> int:
    """Attempt every kind and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few attempts of each")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="kinds; by default all of them"
    )
    parser.add_argument(
        "--seed", type=int, help="of a single attempt, with --only of a single kind"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="of the table")
    options = parser.parse_args(arguments)
    if options.seed is not None and len(options.only or ()) != 1:
        parser.error("--seed goes with --only of a single kind")

    from benchmarks.machine import describe_machine
    from faults import reporting, running, suite
    from wingkeras.storage.files import atomic_write

    unknown = sorted(set(options.only or ()) - set(suite.KINDS))
    if unknown:
        parser.error(f"expected --only of {', '.join(suite.KINDS)}; received {unknown}")
    tallies = []
    for name in options.only or suite.KINDS:
        kind = suite.KINDS[name]
        count = kind.quick if options.quick else kind.attempts
        seeds = range(count) if options.seed is None else [options.seed]
        with reporting.Progress(name, len(seeds)) as progress:
            tallies.append(running.run(kind, seeds, progress))
    text = reporting.table(tallies, describe_machine())
    print(text)
    if options.output:
        with atomic_write(options.output) as scratch:
            scratch.write_text(text + "\n")
    return 0 if all(not tally.failures for tally in tallies) else 1


if __name__ == "__main__":
    sys.exit(main())
