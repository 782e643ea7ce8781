"""From the results of another machine to those in `results/`."""

import json
import shutil
from pathlib import Path

from reproduction.results import EXPERIMENTS, read_table
from wingkeras.storage.files import atomic_write


def merge(output: Path, results: Path) -> list[str]:
    """Take tables and speeds over.

    A table of a dataset is taken as a whole, so that all of it is from one machine: if
    it holds every experiment that the one here does.

    Args:
        output: of `running.run`.
        results: folder with a folder per table.

    Returns:
        A line for each table and file.
    """
    lines = []
    for path in sorted((output / "results").glob(f"table*/*{EXPERIMENTS}")):
        lines.append(_take(path, results / path.parent.name))
    speeds = {
        path.stem.removeprefix("speed_"): json.loads(path.read_text())
        for path in sorted((output / "done").glob("speed_*.json"))
    }
    if speeds:
        target = results / "benchmark_accelerator.json"
        known = json.loads(target.read_text()) if target.exists() else {}
        with atomic_write(target) as scratch:
            scratch.write_text(
                json.dumps(known | speeds, indent=1, allow_nan=False) + "\n"
            )
        lines.append(f"{target.name}: {', '.join(speeds)}")
    return lines


def _take(path: Path, table: Path) -> str:
    dataset = path.name.removesuffix(EXPERIMENTS)
    lacks = _experiments(table, dataset) - _experiments(path.parent, dataset)
    if lacks:
        return f"{table.name}, {dataset}: not taken, {len(lacks)} experiments to come"
    table.mkdir(parents=True, exist_ok=True)
    # The file that says which experiments there are comes last.
    files = sorted(path.parent.glob(f"{dataset}_*"), key=lambda file: file == path)
    for file in files:
        with atomic_write(table / file.name) as scratch:
            shutil.copyfile(file, scratch)
    return f"{table.name}, {dataset}: {len(_experiments(table, dataset))} experiments"


def _experiments(folder: Path, dataset: str) -> set[tuple]:
    names = ("method", "loss", "hsm", "w", "epsilon", "seed", "training")
    return {
        tuple(str(getattr(result, name)) for name in names)
        for result in read_table(folder)
        if result.dataset == dataset
    }
