"""Make faults on purpose, in processes of their own, and print a table of what became.

    python tools/inject_faults.py [--quick] [--only NAME ...] [--output FILE.json]
    python tools/inject_faults.py --only pictures --seed 4711

Damaged annotations, pictures, models and weights are read; servers answer badly;
processes are killed and resumed; disks are full. An attempt is right if the package
does what its documentation says, and nothing is lost. Seeds are fixed: the attempt at a
failure is made again with its `--seed`. The long run takes some hours: `--output` keeps
what became of each kind as soon as its attempts are made, so that `--only` can make up
for the rest. The exit code is 1 if any attempt was not right.
"""

import argparse
import os
import sys
import time
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
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE.json",
        help="records by kind, merged with those that it has",
    )
    options = parser.parse_args(arguments)
    if options.seed is not None and len(options.only or ()) != 1:
        parser.error("--seed goes with --only of a single kind")

    from benchmarks.machine import describe_machine
    from faults import reporting, running, suite

    unknown = sorted(set(options.only or ()) - set(suite.KINDS))
    if unknown:
        parser.error(f"expected --only of {', '.join(suite.KINDS)}; received {unknown}")
    machine, records, right = describe_machine(), [], True
    for name in options.only or suite.KINDS:
        kind = suite.KINDS[name]
        count = kind.quick if options.quick else kind.attempts
        seeds = range(count) if options.seed is None else [options.seed]
        start = time.monotonic()
        with reporting.Progress(name, len(seeds)) as progress:
            tally = running.run(kind, seeds, progress)
        minutes = (time.monotonic() - start) / 60
        records.append(reporting.describe(tally, machine, minutes))
        right &= not tally.failures
        if options.output:
            reporting.merge(options.output, records[-1])
    print(reporting.table(records))
    if not right:
        print(f"\n{reporting.failures(records)}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
