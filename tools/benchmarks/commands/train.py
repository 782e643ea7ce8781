"""What a training step loses to its input."""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

HELP = "what a training step loses to its input"

_TRAINING_SECONDS = 15
_STEPS, _WARM_UP = 5, 3


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, required=True, help="300-W folder")
    parser.add_argument("--precision", default="float32")


def run(options: argparse.Namespace, results: Path) -> dict:
    """Faces per second of training steps: on one batch, by `tf.data`, on the device.

    The share lost to input is what a step takes longer than on one synthetic batch.
    """
    import tensorflow as tf

    from wingkeras.data import pipeline
    from wingkeras.data.balance import epoch_plan
    from wingkeras.data.datasets import load_faces
    from wingkeras.data.regions import crop_landmarks, load_regions
    from wingkeras.training import on_device, recipes
    from wingkeras.training.building import build_network

    rows = []
    faces = load_faces(options.data, split="train")
    for name in ("modern_cnn6", "modern_cnn7", "finetuned_resnet50"):
        recipe = dataclasses.replace(
            recipes.RECIPES[name],
            precision=options.precision,
            weights=None,
            freeze_fraction=0.0,
        )
        plan = epoch_plan(faces, recipe.hsm_bins)
        regions = load_regions(faces, recipe.size, recipe.box_scale)
        order = (recipe.batch_size, recipe.seed)
        batches = pipeline.training_batches(regions, recipe.augmentation, *order)
        network = build_network(
            recipe, len(faces.scheme), crop_landmarks(regions).mean(axis=0)
        )
        attached = on_device.attach(network, regions, recipe.augmentation, recipe.seed)
        synthetic = tf.data.Dataset.from_tensors(next(iter(batches))).repeat()
        rates = {
            "synthetic": _fit_rate(network, recipe.loss, synthetic, recipe),
            "tf.data": _fit_rate(network, recipe.loss, batches, recipe),
            "device": _fit_rate(
                attached,
                on_device.ResidentLoss(recipe.loss),
                on_device.training_batches(plan, *order),
                recipe,
            ),
        }
        best = max(rates["tf.data"], rates["device"])
        rows.append(
            {"network": recipe.network, "batch_size": recipe.batch_size}
            | {f"{k}_faces_per_second": round(v, 1) for k, v in rates.items()}
            | {"percent_lost_to_input": round(100 * (1 - best / rates["synthetic"]), 1)}
        )
        print(rows[-1], file=sys.stderr, flush=True)
    return {"benchmark": "train", "precision": options.precision, "rows": rows}


def _fit_rate(model, loss, batches, recipe) -> float:
    """Faces per second of `fit`, once it is under way."""
    import keras

    from wingkeras.training.optimizers import build_optimizer

    ends = []

    def note(epoch, logs):
        ends.append(time.perf_counter())
        model.stop_training = (
            ends[-1] > ends[min(len(ends), _WARM_UP) - 1] + _TRAINING_SECONDS
        )

    model.compile(build_optimizer(recipe, 10_000), loss, jit_compile="auto")
    model.fit(
        batches,
        steps_per_epoch=_STEPS,
        epochs=10_000,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=note)],
        verbose=0,
        shuffle=False,
    )
    steps = _STEPS * (len(ends) - _WARM_UP)
    return recipe.batch_size * steps / (ends[-1] - ends[_WARM_UP - 1])
