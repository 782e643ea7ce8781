"""Milliseconds of networks and whole calls in every runtime."""

import argparse
import csv
from pathlib import Path

from benchmarks.machine import runtime_versions
from benchmarks.time_localizers import time_in_processes

HELP = "milliseconds in every runtime"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("models", nargs="+", metavar="NAME", help="of the zoo")
    parser.add_argument("--peers", type=Path, help="folder, see benchmarks/peers.py")
    parser.add_argument("--calibration", type=Path, help="300-W folder, for int8")


def run(options: argparse.Namespace, results: Path) -> dict:
    """Networks alone and whole calls, one and two threads, one face and 32."""
    from wingkeras import plots
    from wingkeras.storage.files import atomic_write

    optional = [
        argument
        for name in ("peers", "calibration")
        if getattr(options, name)
        for argument in (f"--{name}", str(getattr(options, name)))
    ]
    rows = time_in_processes(options.models, *optional)
    table = results / "latency.csv"
    with atomic_write(table) as scratch, scratch.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    panels: dict = {}
    for row in rows:
        if row["what"] == "call":
            faces = "1 face" if row["faces"] == 1 else f"{row['faces']} faces"
            title = f"{faces}, {row['threads']} thread(s)"
            label = f"{row['model']} {row['runtime']}"
            panels.setdefault(title, {})[label] = row["ms"]
    plots.save_figure(plots.latencies(panels), results / "latency.png")
    return {
        "benchmark": "latency",
        "runtimes": runtime_versions(),
        "call_over_networks": _ratios(rows),
        "rows": rows,
    }


def _ratios(rows: list[dict]) -> dict[str, float]:
    """Time of a whole call over that of its networks alone."""
    ratios = {}
    for networks, call in zip(rows[::2], rows[1::2], strict=True):
        name = "{model} {runtime}, {faces} face(s), {threads} thread(s)".format(**call)
        ratios[name] = round(call["ms"] / networks["ms"], 2)
    return ratios
