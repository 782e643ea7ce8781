"""Inject faults, each in a process of its own, and print a table of the outcomes.

    python tools/inject_faults.py [--quick] [--only NAME ...] [--output FILE.json]
    python tools/inject_faults.py --only pictures --seed 4711

Damaged annotations, pictures, models and weights are read; servers send wrong answers;
processes are killed and resumed; disks are full. An attempt is right if the package
does what its documentation says, and nothing is lost. Seeds are fixed: `--seed` repeats
the attempt of a failure. The full run takes some hours: `--output` saves the outcomes
of each kind as soon as its attempts are done, so that `--only` can add missing kinds.
The exit code is 1 if any attempt was not right.
"""

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(arguments: list[str] | None = None) -> int:
    """Run the attempts of every kind and print the table."""
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
