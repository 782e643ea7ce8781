"""How fast faces come from the input pipeline, and how fast they are trained on."""

import argparse
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

HELP = "input rate beside training rate"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, required=True, help="300-W folder")
    parser.add_argument("--precision", default="float32")


def run(options: argparse.Namespace, results: Path) -> dict:
    """CNN-6 crops per second from the pipeline alone, and trained on."""
    import numpy as np

    from wingkeras import models, serialized_names
    from wingkeras.data import pipeline
    from wingkeras.data.datasets import load_faces
    from wingkeras.data.regions import crop_landmarks, load_regions
    from wingkeras.training import recipes
    from wingkeras.training.building import build_network
    from wingkeras.training.optimizers import build_optimizer

    recipe = dataclasses.replace(
        recipes.RECIPES["modern_cnn6"], precision=options.precision
    )
    faces = load_faces(options.data, split="train")
    regions = load_regions(faces, models.CNN6_SIZE, recipe.box_scale)
    batches = pipeline.training_batches(
        regions, recipe.augmentation, recipe.batch_size, recipe.seed
    )
    pipeline_rate = _rate(iter(batches).__next__, recipe.batch_size, 20)

    network = build_network(
        recipe, len(faces.scheme), crop_landmarks(regions).mean(axis=0)
    )
    network.compile(build_optimizer(recipe, 10_000), recipe.loss)
    batch = [np.asarray(part) for part in next(iter(batches))]
    training_rate = _rate(lambda: network.train_on_batch(*batch), recipe.batch_size, 20)
    return {
        "benchmark": "pipeline",
        "augmentation": serialized_names.to_file(
            dataclasses.asdict(recipe.augmentation), serialized_names.AUGMENTATION
        ),
        "precision": recipe.precision,
        "pipeline_faces_per_second": round(pipeline_rate),
        "training_faces_per_second": round(training_rate),
        "ratio": round(pipeline_rate / training_rate, 1),
    }


def _rate(step: Callable[[], object], faces: int, seconds: float) -> float:
    """Faces per second of a step that handles `faces`, after a warm-up."""
    for _ in range(10):
        step()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        step()
        steps += 1
    return faces * steps / (time.perf_counter() - start)
