"""Measure speed here and now: rates and their ratios, all from one run.

    python tools/benchmark.py pipeline --data PATH

Every result names hardware, versions and commit, and is also written as JSON to
`results/benchmark_NAME.json`. Nothing else should run meanwhile.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

REPOSITORY = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="BENCHMARK")
    pipeline = commands.add_parser("pipeline", help="input rate beside training rate")
    pipeline.add_argument("--data", type=Path, required=True, help="300-W folder")
    pipeline.add_argument("--precision", default="float32")
    pipeline.set_defaults(run=benchmark_pipeline)
    options = parser.parse_args()
    result = {"machine": describe_machine(), **options.run(options)}
    text = json.dumps(result, indent=1)
    print(text)
    folder = REPOSITORY / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"benchmark_{result['benchmark']}.json").write_text(text + "\n")
    return 0


def describe_machine() -> dict:
    """Hardware, versions and commit."""
    import keras
    import tensorflow as tf

    def ask(*command: str) -> str:
        try:
            return subprocess.run(
                command, cwd=REPOSITORY, capture_output=True, text=True, check=True
            ).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return "unknown"

    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((x.split(": ")[1] for x in lines if x.startswith("model name")), cpu)
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "gpus": [gpu.name for gpu in tf.config.list_physical_devices("GPU")],
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "commit": ask("git", "describe", "--always", "--dirty"),
    }


def measure_rate(step: Callable[[], object], faces: int, seconds: float) -> float:
    """Faces per second of a step that handles `faces`, after a warm-up."""
    for _ in range(10):
        step()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        step()
        steps += 1
    return faces * steps / (time.perf_counter() - start)


def benchmark_pipeline(options) -> dict:
    """CNN-6 crops per second from the pipeline alone, and trained on."""
    import dataclasses

    import numpy as np

    from wingkeras import models, recipes
    from wingkeras.data import pipeline
    from wingkeras.data.datasets import load_faces

    recipe = dataclasses.replace(
        recipes.RECIPES["modern_cnn6"], precision=options.precision
    )
    faces = load_faces(options.data, split="train")
    regions = pipeline.load_regions(faces, models.CNN6_SIZE, recipe.box_scale)
    batches = pipeline.training_batches(
        regions, recipe.augmentation, recipe.batch_size, recipe.seed
    )
    pipeline_rate = measure_rate(iter(batches).__next__, recipe.batch_size, 20)

    network = recipes.build_network(
        recipe, len(faces.scheme), pipeline.crop_landmarks(regions).mean(axis=0)
    )
    network.compile(recipes.build_optimizer(recipe, 10_000), recipe.loss)
    batch = [np.asarray(part) for part in next(iter(batches))]
    training_rate = measure_rate(
        lambda: network.train_on_batch(*batch), recipe.batch_size, 20
    )
    return {
        "benchmark": "pipeline",
        "augmentation": dataclasses.asdict(recipe.augmentation),
        "precision": recipe.precision,
        "pipeline_faces_per_second": round(pipeline_rate),
        "training_faces_per_second": round(training_rate),
        "ratio": round(pipeline_rate / training_rate, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
