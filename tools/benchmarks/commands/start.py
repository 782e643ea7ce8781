"""Seconds that `wingkeras predict` takes for one picture, start included."""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import runtime_versions

HELP = "seconds of the command for one picture"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", metavar="NAME", help="of the zoo, or a folder")
    parser.add_argument("--count", type=int, default=7, help="of starts; median")


def run(options: argparse.Namespace, results: Path) -> dict:
    """Medians for every runtime, its networks converted before."""
    from matplotlib.cbook import get_sample_data

    from wingkeras.inference.runtimes import RUNTIMES

    portrait = get_sample_data("grace_hopper.jpg", asfileobj=False)
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(portrait, Path(folder) / "photo.jpg")
        for runtime in ("fastest", *RUNTIMES, "keras"):
            program = [sys.executable, "-m", "wingkeras", "predict", "photo.jpg"]
            program += ["--model", options.model, "--runtime", runtime]
            times = []
            for _ in range(options.count + 1):
                start = time.perf_counter()
                subprocess.run(program, cwd=folder, check=True, capture_output=True)
                times.append(time.perf_counter() - start)
            # The first one may have had to convert.
            seconds[runtime] = round(statistics.median(times[1:]), 2)
    return {
        "benchmark": "start",
        "model": Path(options.model).name,
        "runtimes": runtime_versions(),
        "starts": options.count,
        "median_seconds": seconds,
    }
