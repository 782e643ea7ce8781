"""Time localizers on so many cores; `tools/benchmark.py latency` calls this.

    python -m benchmarks.time_localizers THREADS NAME [NAME ...] [--peers FOLDER]
        [--calibration PATH_TO_300W]

Prints a JSON list of `benchmarks.latency.Row`. A process of its own, since runtimes
look at the number of cores once.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

THREADS = (1, 2)
_FACES = (1, 32)


def time_in_processes(models: Sequence[str], *options: str) -> list[dict]:
    """Rows of `benchmarks.latency.Row`, in a process for each of `THREADS`.

    Args:
        models: of the zoo, or folders.
        options: of this script.
    """
    tools = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": tools}
    rows = []
    for threads in THREADS:
        program = [sys.executable, "-m", __spec__.name, str(threads), *models, *options]
        output = subprocess.run(
            program, stdout=subprocess.PIPE, check=True, text=True, env=environment
        )
        rows += json.loads(output.stdout.splitlines()[-1])
    return rows


def main() -> int:
    """Restrict this process, load, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("threads", type=int)
    parser.add_argument("models", nargs="+", metavar="NAME")
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--calibration", type=Path)
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])

    from benchmarks import latency
    from wingkeras import zoo
    from wingkeras.export import samples
    from wingkeras.inference import runtimes

    localizers = {}
    for name in options.models:
        label = Path(name).name
        by_keras = zoo.load(name)
        localizers[label, "keras"] = by_keras
        for runtime in runtimes.RUNTIMES:
            localizers[label, runtime] = zoo.load(name, runtime=runtime)
        if options.calibration:
            for runtime, localizer in load_int8(by_keras, options.calibration):
                localizers[label, f"{runtime} int8"] = localizer
    if options.peers:
        from benchmarks.peers import find_peers

        localizers |= find_peers(options.peers)
    image, boxes = samples.portrait(by_keras, 1)[0]
    rows = latency.measure(localizers, image, boxes[0], _FACES, options.threads)
    result = []
    for row in rows:
        print(row, file=sys.stderr, flush=True)
        result.append(row._asdict())
    print(json.dumps(result, allow_nan=False))
    return 0


def load_int8(localizer, data: Path):
    """The localizer with int8 networks, in each runtime."""
    from wingkeras import export
    from wingkeras.data.datasets import load_300w
    from wingkeras.export import samples
    from wingkeras.inference import runtimes

    pictures = samples.pictures_of(load_300w(data, "train"), 100)
    made = {runtime: [] for runtime in runtimes.RUNTIMES}
    with tempfile.TemporaryDirectory() as folder:
        for number, stage in enumerate(localizer.stages, start=1):
            part = f"stage{number}"
            inputs = [samples.graph_inputs(localizer, part, *p) for p in pictures]
            for runtime, (_, ending, _, _) in runtimes.RUNTIMES.items():
                path = Path(folder) / f"{part}{ending}"
                if not path.exists():
                    graph = export.build_graph(localizer, part)
                    export.convert(graph, path, None, "int8", inputs)
                made[runtime].append(
                    runtimes.load_stage(path, runtime, stage.mean_shape, stage.size)
                )
    for runtime, stages in made.items():
        yield runtime, localizer.replace(stages=stages)


if __name__ == "__main__":
    sys.exit(main())
