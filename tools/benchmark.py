"""Measure speed, accuracy and jitter on this machine, each result in a single run.

    python tools/benchmark.py pipeline --data PATH_TO_300W
    python tools/benchmark.py train --data PATH_TO_300W
    python tools/benchmark.py balance --shapes POSES.npz
    python tools/benchmark.py head_pose --shapes POSES.npz --data PATH_TO_300W
    python tools/benchmark.py robustness NAME --data PATH_TO_300W
    python tools/benchmark.py jitter NAME
    python tools/benchmark.py latency NAME [NAME ...] --calibration PATH_TO_300W
    python tools/benchmark.py bulk NAME --pictures FOLDER
    python tools/benchmark.py start NAME
    python tools/benchmark.py browser NAME [NAME ...]
    python tools/benchmark.py compare NAME [NAME ...] --peers FOLDER --data PATH_TO_300W
    python tools/benchmark.py errors NAME [NAME ...] --data PATH_TO_300W
    python tools/benchmark.py validation NAME [NAME ...] --data PATH_TO_300W
    python tools/benchmark.py degradation NAME ... [--peers FOLDER] --data PATH_TO_300W
    python tools/benchmark.py profiles NAME ... [--peers FOLDER] --data CFP.csv

Every result names hardware, versions and commit. It is also written as JSON to
`results/`, with pictures and tables beside it. Nothing else should run while speed is
measured.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks.commands import (
    balance,
    browser,
    bulk,
    compare,
    degradation,
    errors,
    head_pose,
    jitter,
    latency,
    pipeline,
    profiles,
    robustness,
    start,
    train,
    validation,
)
from benchmarks.machine import REPOSITORY, describe_machine

COMMANDS = {
    "pipeline": pipeline,
    "train": train,
    "balance": balance,
    "robustness": robustness,
    "jitter": jitter,
    "latency": latency,
    "bulk": bulk,
    "start": start,
    "browser": browser,
    "compare": compare,
    "head_pose": head_pose,
    "errors": errors,
    "validation": validation,
    "degradation": degradation,
    "profiles": profiles,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--results", type=Path, default=REPOSITORY / "results", help="folder"
    )
    commands = parser.add_subparsers(required=True, metavar="BENCHMARK")
    for name, command in COMMANDS.items():
        subparser = commands.add_parser(name, help=command.HELP)
        command.add_options(subparser)
        subparser.set_defaults(run=command.run)
    options = parser.parse_args(arguments)

    from wingkeras.storage.files import atomic_write

    measured = options.run(options, options.results)
    result = {"machine": describe_machine(), **measured}
    text = json.dumps(result, indent=1, allow_nan=False)
    print(text)
    path = options.results / f"benchmark_{result['benchmark']}.json"
    with atomic_write(path) as scratch:
        scratch.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
