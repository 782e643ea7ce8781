"""Time localizers on so many cores; `tools/benchmark.py latency` calls this.

    python tools/time_localizers.py THREADS NAME [NAME ...] [--peers FOLDER]
        [--calibration PATH_TO_300W]

Prints a JSON list of `wingkeras.latency.Row`. A process of its own, since runtimes
look at the number of cores once.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_INT8_ENDINGS = {"onnx": ".onnx", "openvino": ".onnx", "litert": ".tflite"}
_FACES = (1, 32)


def main() -> int:
    """Restrict this process, load, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("threads", type=int)
    parser.add_argument("models", nargs="+", metavar="NAME")
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--calibration", type=Path)
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])

    from wingkeras import latency, runtimes, zoo
    from wingkeras.export import samples

    localizers = {}
    for name in options.models:
        label = Path(name).name
        keras_run = zoo.load(name)
        localizers[label, "keras"] = keras_run
        for runtime in runtimes.RUNTIMES:
            localizers[label, runtime] = zoo.load(name, runtime=runtime)
        if options.calibration:
            for runtime, localizer in whole_numbers(keras_run, options.calibration):
                localizers[label, f"{runtime} int8"] = localizer
    if options.peers:
        from peers import find_peers

        for name, (runtime, localizer) in find_peers(options.peers).items():
            localizers[name, runtime] = localizer
    image, boxes = samples.portrait(keras_run, 1)[0]
    rows = latency.measure(localizers, image, boxes[0], _FACES, options.threads)
    result = []
    for row in rows:
        print(row, file=sys.stderr, flush=True)
        result.append(row._asdict())
    print(json.dumps(result))
    return 0


def whole_numbers(localizer, data: Path):
    """The localizer with int8 networks, in each runtime."""
    from wingkeras import export, runtimes
    from wingkeras.data.datasets import load_300w
    from wingkeras.export import samples
    from wingkeras.localizer import Localizer

    pictures = samples.pictures_of(load_300w(data, "train"), 100)
    with tempfile.TemporaryDirectory() as folder:
        stages = {runtime: [] for runtime in _INT8_ENDINGS}
        for number, stage in enumerate(localizer.stages, start=1):
            part = f"stage{number}"
            inputs = [samples.graph_inputs(localizer, part, *p) for p in pictures]
            for ending in sorted(set(_INT8_ENDINGS.values())):
                export.convert(
                    export.build_graph(localizer, part),
                    Path(folder) / f"{part}{ending}",
                    quantize="int8",
                    samples=inputs,
                )
            for runtime, ending in _INT8_ENDINGS.items():
                run = runtimes.load_file(
                    Path(folder) / f"{part}{ending}", runtime, exact=False
                )
                stages[runtime].append(
                    runtimes.FileStage(
                        lambda crops, run=run: run(crops=crops),
                        stage.mean_shape,
                        stage.size,
                    )
                )
        for runtime in _INT8_ENDINGS:
            yield (
                runtime,
                Localizer(stages[runtime], localizer.scheme, localizer.box_scale),
            )


if __name__ == "__main__":
    sys.exit(main())
