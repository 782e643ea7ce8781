"""Pictures a second: of the stages alone, one by one and in the pipeline."""

import argparse
import itertools
from pathlib import Path

from benchmarks.machine import runtime_versions

HELP = "pictures a second, one by one and overlapping"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", metavar="NAME", help="of the zoo, or a folder")
    parser.add_argument(
        "--pictures", type=Path, required=True, help="folder of pictures, of any depth"
    )
    parser.add_argument("--count", type=int, default=100, help="of pictures, at most")
    parser.add_argument("--runtime", default="fastest", help="any but keras")
    parser.add_argument(
        "--seconds", type=float, default=10, help="of each measurement, at least"
    )


def run(options: argparse.Namespace, results: Path) -> dict:
    """The rates of `benchmarks.bulk.measure`, on the cores of this process."""
    from benchmarks import bulk
    from wingkeras import zoo
    from wingkeras.inference.cores import available_cores
    from wingkeras.inference.sources import list_sources

    def refuse(error: Exception) -> None:
        raise error

    sources = list_sources(options.pictures, recursive=True, report=refuse)
    pictures = (source.origin for source in sources if not source.is_video)
    paths = list(itertools.islice(pictures, options.count))
    localizer = zoo.load(options.model, runtime=options.runtime)
    measured = bulk.measure(localizer, paths, options.seconds)
    return {
        "benchmark": "bulk",
        "model": Path(options.model).name,
        "runtime": localizer.stages[0].runtime,
        "runtimes": runtime_versions(),
        "available_cores": available_cores(),
        **measured,
    }
