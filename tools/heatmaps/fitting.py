"""The fit: batches of several sources, a recipe, the best weights and a log out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np

from heatmaps.batches import Batches
from heatmaps.faces import Source
from wingkeras.data import pipeline
from wingkeras.data.faces import FaceDataset
from wingkeras.inference import saving
from wingkeras.inference.localizer import Localizer, Stage
from wingkeras.models.weights import load_weights
from wingkeras.training.callbacks import Checkpoint, Validation
from wingkeras.training.distribution import Strategy
from wingkeras.training.recipes import Recipe, build_network, build_optimizer


def fit(
    recipe: Recipe,
    sources: Sequence[Source],
    held_out: FaceDataset,
    steps: int,
    folder: Path,
) -> Localizer:
    """Train a network; started again with the same arguments, it resumes.

    Args:
        recipe: of the network and its optimizer; its augmentation does not count.
        sources: of the faces.
        held_out: faces to validate on after every epoch.
        steps: in an epoch.
        folder: of the run, see `wingkeras.train`.

    Returns:
        The localizer with the weights of the best epoch; also saved in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    validation = pipeline.load_regions(held_out, recipe.size, recipe.box_scale)
    mean_shape = np.nanmean(pipeline.crop_landmarks(sources[0].regions), axis=0)
    points = len(held_out.scheme)
    network, copy = (build_network(recipe, points, mean_shape) for _ in range(2))
    network.compile(
        build_optimizer(recipe, steps * recipe.epochs), recipe.loss, jit_compile=False
    )
    network.optimizer.build(network.trainable_variables)
    checkpoint, first = folder / "checkpoint.weights.h5", 0
    if checkpoint.exists():
        first = Checkpoint.restore(checkpoint, network)
    batches = Batches(sources, recipe.batch_size, recipe.seed + first)
    one = Strategy()
    network.fit(
        _told(batches, first * steps, recipe.epochs * steps),
        steps_per_epoch=steps,
        initial_epoch=first,
        epochs=recipe.epochs,
        verbose=2,
        shuffle=False,
        callbacks=[
            Validation(network, copy, validation, held_out.scheme, folder, one),
            keras.callbacks.CSVLogger(folder / "metrics.csv", append=True),
            Checkpoint(checkpoint, one),
        ],
    )
    load_weights(copy, folder / "best.weights.h5")
    stage = Stage(copy, mean_shape.astype(np.float32))
    localizer = Localizer([stage], held_out.scheme, recipe.box_scale)
    saving.save(localizer, folder, recipe.name)
    return localizer


def _told(batches: Batches, step: int, steps: int) -> Iterator:
    """The batches, which are told how far the training is."""
    while True:
        batches.done = step / steps
        yield batches.take()
        step += 1
