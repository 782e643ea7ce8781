"""Models of the zoo beside those of other people: error, size and speed in one run."""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.peers import find_localizers, measure_size
from benchmarks.time_localizers import THREADS, time_in_processes
from wingkeras.data.w300 import SPLITS


def compare(models: Sequence[str], peers: Path, data: Path, table: Path) -> list[dict]:
    """Measure and write a table, a row per model, the lowest error first.

    Errors are those on the test sets of 300-W with landmark boxes, the networks run by
    Keras (ours), ONNX Runtime or, where there is no ONNX file, OpenVINO. The speed is
    that of whole calls with one face, in the runtime that is fastest on as many
    threads.

    Args:
        models: of the zoo.
        peers: folder, see `find_peers`.
        data: folder of 300-W.
        table: CSV file to write.

    Returns:
        The rows.
    """
    from wingkeras import zoo
    from wingkeras.data.datasets import load_faces
    from wingkeras.evaluation import evaluate
    from wingkeras.storage.files import atomic_write

    faces = load_faces(data, "full", on_error="skip")
    localizers, sizes = find_localizers(models, peers), {}
    for name in localizers:
        if name in models:
            stages = zoo.model_info(name).stages
            parameters = sum(stage.parameters for stage in stages)
            sizes[name] = parameters, sum(stage.bytes for stage in stages)
        else:
            sizes[name] = measure_size(peers, name)
    speeds = time_in_processes(models, "--peers", str(peers))
    rows = []
    for name, localizer in localizers.items():
        errors = evaluate(localizer, faces).errors
        parameters, size = sizes[name]
        row = {
            "model": name,
            "faces": len(faces),
            **mean_errors(errors, np.array(faces.subsets)),
            "parameters": parameters,
            "megabytes": round(size / 1e6, 1),
        }
        for threads in THREADS:
            runtime, ms = _fastest(speeds, name, threads)
            noun = "thread" if threads == 1 else "threads"
            row[f"faces_per_second_{threads}_{noun}"] = round(1000 / ms)
            row[f"runtime_{threads}_{noun}"] = runtime
        rows.append(row)
        print(row, file=sys.stderr, flush=True)
    rows.sort(key=lambda row: row["common_inter_ocular_percent"])
    with atomic_write(table) as scratch, scratch.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return rows


def mean_errors(errors: dict[str, np.ndarray], subsets: np.ndarray) -> dict[str, float]:
    """Mean errors in percent on each test set, by set and normalizer.

    Args:
        errors: per normalizer, `(N,)` fractions.
        subsets: `(N,)`, the part of 300-W of every face.
    """
    tests = {name: SPLITS[name] for name in ("common", "challenge", "full")}
    chosen = {name: np.isin(subsets, parts) for name, parts in tests.items()}
    return {
        f"{split}_{normalizer}_percent": round(100 * float(values[rows].mean()), 4)
        for split, rows in chosen.items()
        for normalizer, values in errors.items()
    }


def _fastest(speeds: list[dict], model: str, threads: int) -> tuple[str, float]:
    calls = [
        (row["ms"], row["runtime"])
        for row in speeds
        if (row["model"], row["threads"]) == (model, threads)
        and (row["what"], row["faces"]) == ("call", 1)
    ]
    ms, runtime = min(calls)
    return runtime, ms
