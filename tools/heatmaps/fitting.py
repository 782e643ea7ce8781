"""The fit: batches of several sources, a recipe, the best weights and a log out."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from heatmaps.batches import Batches
from heatmaps.faces import Source
from heatmaps.upright import Upright
from wingkeras import serialized_names, zoo
from wingkeras.data import regions as face_regions
from wingkeras.data.faces import FaceDataset
from wingkeras.inference import saving
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.storage.registry import is_model
from wingkeras.training.building import build_network
from wingkeras.training.callbacks import Records, Validation
from wingkeras.training.distribution import Strategy
from wingkeras.training.optimizers import build_optimizer
from wingkeras.training.preparing import digest
from wingkeras.training.recipe import Recipe
from wingkeras.training.run_folder import RunFolder


def fit(
    recipe: Recipe,
    sources: Sequence[Source],
    validation_faces: FaceDataset,
    steps: int,
    folder: Path,
    upright: Upright | None = None,
) -> Localizer:
    """Train a network; started again with the same arguments, it resumes.

    Args:
        recipe: of the network and its optimizer; its augmentation does not count.
        sources: of the faces, those of 300-W first.
        validation_faces: faces to validate on after every epoch.
        steps: in an epoch.
        folder: of the run, see `wingkeras.train`.
        upright: of the sources, if the network is the second one of a cascade.

    Returns:
        The localizer with the weights of the best epoch; also saved in the folder.
    """
    box_scale = upright.first.box_scale if upright else recipe.box_scale
    validation = face_regions.load_regions(validation_faces, recipe.size, box_scale)
    if upright:
        validation, mean_shape = upright.regions(validation), upright.mean_shape
    else:
        mean_shape = np.nanmean(face_regions.crop_landmarks(sources[0].regions), axis=0)
    points = len(validation_faces.scheme)
    network, copy = (build_network(recipe, points, mean_shape) for _ in range(2))
    network.compile(
        build_optimizer(recipe, steps * recipe.epochs), recipe.loss, jit_compile=False
    )
    network.optimizer.build(network.trainable_variables)
    run = RunFolder(folder)
    with run.claimed(_described(recipe, sources, upright)):
        first = run.restore_checkpoint(network)
        run.cut_log(first)
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
                Validation(
                    network, copy, validation, validation_faces.scheme, run, one
                ),
                Records(run, one),
            ],
        )
        run.load_best(copy)
    before = upright.first.keras_stages if upright else ()
    stage = KerasStage(copy, mean_shape.astype(np.float32))
    localizer = Localizer([*before, stage], validation_faces.scheme, box_scale)
    saving.save(localizer, folder, recipe.name)
    return localizer


def _described(
    recipe: Recipe, sources: Sequence[Source], upright: Upright | None
) -> dict[str, Any]:
    """What identifies a run, JSON-ready, under the names used in files."""
    start = None
    if recipe.weights and is_model(recipe.weights):
        start = digest(zoo.load(recipe.weights).keras_stages[-1].network.get_weights())
    values = {
        # The place of the weights is this machine's own.
        "recipe": recipe.describe()
        | {"weights": recipe.weights and Path(recipe.weights).name},
        "faces": len(sources[0].regions),
        "num_extra_faces": sum(len(source.regions) for source in sources[1:]),
        "init_from": start,
        "first_stages": [
            digest(stage.network.get_weights())
            for stage in (upright.first.keras_stages if upright else ())
        ],
        "sources": [
            {
                "faces": len(source.regions),
                "landmarks": digest([source.regions.landmarks]),
                "shares": [source.first, source.last],
                "shifts": [round(shift, 4) for shift in source.shifts],
                "movement": source.movement,
            }
            for source in sources
        ],
    }
    return serialized_names.to_file(values, serialized_names.RUN)


def _told(batches: Batches, step: int, steps: int) -> Iterator:
    """The batches, which are told how far the training is."""
    while True:
        batches.done = step / steps
        yield batches.take()
        step += 1
