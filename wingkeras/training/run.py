"""Training: a recipe and faces in, the best weights and a log out."""

import csv
import dataclasses
import hashlib
import json
import logging
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from wingkeras import geometry, models
from wingkeras.data import balance, pipeline
from wingkeras.data.faces import FaceDataset
from wingkeras.imaging import crops
from wingkeras.inference import saving
from wingkeras.inference.localizer import Localizer, Stage, localize_regions
from wingkeras.metrics import measurable, usual_normalizers
from wingkeras.models.folding import fold_batch_norm
from wingkeras.models.weights import load_weights
from wingkeras.storage.files import atomic_write
from wingkeras.training import on_device
from wingkeras.training.callbacks import Checkpoint, Progress, Validation
from wingkeras.training.distribution import Strategy
from wingkeras.training.recipes import Recipe, build_network, build_optimizer

_log = logging.getLogger("wingkeras")


def train(
    recipe: Recipe,
    faces: FaceDataset,
    folder: str | Path,
    first_stage: Localizer | None = None,
    init_from: Localizer | None = None,
    extra_faces: FaceDataset | None = None,
    verbose: bool = True,
    strategy: Strategy | None = None,
) -> Localizer:
    """Train a network; run again with the same arguments, it resumes.

    The folder receives `recipe.json`, `metrics.csv` (one row per epoch),
    `checkpoint.weights.h5` (the newest epoch, with the optimizer),
    `best.weights.h5` (the epoch with the lowest validation error) and, where
    TensorBoard is installed, its logs.

    Args:
        recipe: what to do.
        faces: the training faces; `recipe.validation_split` of them are kept for
            validation.
        folder: of this run.
        first_stage: what localises the faces before this network in a cascade; it is
            then trained on the upright crops that those predictions make
            (Section 6).
        init_from: whose last network the training starts from, instead of random
            weights; after `first_stage`, the faces are aligned to its mean shape.
        extra_faces: more training faces, such as those that a model labelled; each is
            shown once per epoch, none is used for validation.
        verbose: whether to show a progress bar with the time left.
        strategy: what to train on, see `distribution`; of several processes each runs
            this, and all need to see the folder.

    Returns:
        A localizer of the stages of `first_stage` and the network, with the weights of
        the best epoch, by the NME on the faces held out; also saved in the folder.

    Raises:
        ValueError: if the folder holds another run, there are fewer faces than a
            batch takes, a point is labelled on none of them, no face held out can be
            measured, `first_stage`, `init_from` or `extra_faces` are of another kind,
            the recipe asks for something that `strategy` cannot do, or another
            runtime than Keras runs `first_stage` or `init_from`.
        FloatingPointError: if the network diverges.
        ConnectionError: if another process of the run has ended.
        BrokenFileError: for a picture that cannot be decoded.
    """
    folder, strategy = Path(folder), strategy or Strategy()
    _check_strategy(recipe, strategy)
    training_faces, held_out = faces.split(recipe.validation_split, recipe.seed)
    first_stages = first_stage.keras_stages if first_stage else ()
    _check_kinds(recipe, faces, first_stage, init_from, extra_faces)
    _check_labels(training_faces, held_out)
    run = _describe(recipe, training_faces, first_stages, init_from, extra_faces)
    _check_folder(folder, run)
    box_scale = first_stage.box_scale if first_stage else recipe.box_scale
    plan = epoch_plan(recipe, training_faces)
    if extra_faces:
        plan = np.append(plan, len(training_faces) + np.arange(len(extra_faces)))
    steps = pipeline.steps_per_epoch(len(plan), recipe.batch_size)
    regions, validation, mean_shape = _load_regions(
        recipe, box_scale, training_faces, held_out, first_stage, init_from, extra_faces
    )
    copy = build_network(recipe, len(faces.scheme), mean_shape)
    with strategy.building():
        network = build_network(recipe, len(faces.scheme), mean_shape)
        if init_from:
            network.set_weights(init_from.stages[-1].network.get_weights())
        model = _compile(recipe, network, regions, steps, strategy)
        _claim(folder, run)
        first_epoch = _resume(model, folder, strategy)
    _log.info("jit_compile=%s, %s", model.jit_compile, recipe.precision)
    order = (recipe.batch_size, recipe.seed, first_epoch)
    part = (strategy.process, strategy.processes)
    if recipe.augment_on == "device":
        batches = on_device.training_batches(plan, *order, part)
    else:
        batches = pipeline.training_batches(
            regions, recipe.augmentation, *order, plan, part
        )
    callbacks = [Validation(network, copy, validation, faces.scheme, folder, strategy)]
    if strategy.process == 0:
        callbacks += _writers(folder, strategy)
    if verbose and strategy.process == 0:
        callbacks.append(Progress(steps, recipe.epochs - first_epoch))
    with strategy.fitting():
        _fit(model, batches, steps, first_epoch, recipe.epochs, callbacks, strategy)
    load_weights(copy, folder / "best.weights.h5")
    trained = fold_batch_norm(copy) if recipe.batch_norm else copy
    stages = (*first_stages, Stage(trained, mean_shape.astype(np.float32)))
    localizer = Localizer(stages, faces.scheme, box_scale)
    if strategy.process == 0:
        saving.save(localizer, folder, recipe.name)
    return localizer


def _load_regions(
    recipe, box_scale, training_faces, held_out, first_stage, init_from, extra_faces
):
    """Regions to train on and to validate on, and the mean shape in their crops."""
    regions, validation = (
        pipeline.load_regions(part, recipe.size, box_scale)
        for part in (training_faces, held_out)
    )
    mean_shape = np.nanmean(pipeline.crop_landmarks(regions), axis=0)
    if extra_faces:
        more = pipeline.load_regions(extra_faces, recipe.size, box_scale)
        regions = pipeline.join_regions(regions, more)
    if first_stage:
        mean_shape = geometry.scale_about_centre(
            mean_shape, recipe.size, box_scale / recipe.box_scale
        )
        if init_from:
            mean_shape = init_from.stages[-1].mean_shape
        regions, validation = (
            _align(part, first_stage.keras_stages, mean_shape)
            for part in (regions, validation)
        )
    return regions, validation, mean_shape


def _compile(recipe, network, regions, steps: int, strategy: Strategy) -> keras.Model:
    """The model to fit: the network, or that with its faces before it."""
    model, loss = network, recipe.loss
    if recipe.augment_on == "device":
        model = on_device.attach(network, regions, recipe.augmentation, recipe.seed)
        loss = on_device.ResidentLoss(recipe.loss)
    model.compile(
        optimizer=build_optimizer(recipe, steps * recipe.epochs),
        loss=loss,
        jit_compile=recipe.jit_compile if strategy.xla else False,
    )
    model.optimizer.build(model.trainable_variables)
    return model


def _fit(model, batches, steps, first_epoch, epochs, callbacks, strategy) -> None:
    try:
        model.fit(
            batches,
            steps_per_epoch=steps,
            initial_epoch=first_epoch,
            epochs=epochs,
            callbacks=callbacks,
            verbose=0,
            shuffle=False,
        )
        strategy.wait()
    except FloatingPointError:
        for callback in callbacks:  # `fit` leaves their files open
            callback.on_train_end()
        raise
    except Exception as error:
        if strategy.processes == 1:
            raise
        raise ConnectionError(
            f"Process {strategy.process} of {strategy.processes} cannot go on, another "
            "one has probably ended. Start all of them again with the same arguments; "
            f"they resume from the last epoch. The cause: {error}"
        ) from error


def _writers(folder: Path, strategy: Strategy) -> list[keras.callbacks.Callback]:
    callbacks = [
        keras.callbacks.CSVLogger(folder / "metrics.csv", append=True),
        Checkpoint(folder / "checkpoint.weights.h5", strategy),
    ]
    # It counts in a variable of its own, which JAX wants to be equal in all processes.
    if strategy.processes == 1 and find_spec("tensorboard"):
        callbacks.insert(0, keras.callbacks.TensorBoard(folder / "tensorboard"))
    return callbacks


def _check_strategy(recipe: Recipe, strategy: Strategy) -> None:
    if recipe.jit_compile is True and not strategy.xla:
        raise ValueError(
            "Expected `jit_compile` to be 'auto' or False for the strategy 'mirrored': "
            "TensorFlow does not compile its steps with XLA. Received True."
        )
    if recipe.augment_on == "device" and not strategy.resident:
        raise ValueError(
            "Expected `augment_on` to be 'host' for the strategy 'mirrored', received "
            "'device'."
        )
    if recipe.batch_size % strategy.count:
        raise ValueError(
            f"Expected a batch size that {strategy.count} devices can share evenly, "
            f"received {recipe.batch_size}."
        )


def _check_kinds(recipe, faces, first_stage, init_from, extra_faces) -> None:
    sizes = [stage.size for stage in first_stage.stages] if first_stage else []
    crops.check_sizes([*sizes, recipe.size])
    if first_stage and first_stage.scheme != faces.scheme:
        raise ValueError(
            "Expected `first_stage` to find the scheme "
            f"{faces.scheme.name!r} of the faces, "
            f"received a localizer of {first_stage.scheme.name!r}."
        )
    if extra_faces and extra_faces.scheme != faces.scheme:
        raise ValueError(
            f"Expected further faces of scheme {faces.scheme.name!r}, received "
            f"{extra_faces.scheme.name!r}."
        )
    if init_from and (
        init_from.scheme != faces.scheme
        or models.network_name(init_from.keras_stages[-1].network) != recipe.network
        or init_from.stages[-1].size != recipe.size
    ):
        raise ValueError(
            f"Expected to start from a {recipe.network} of {recipe.size} px for scheme "
            f"{faces.scheme.name!r}, received {init_from.stages[-1].network.name!r} of "
            f"{init_from.stages[-1].size} px for {init_from.scheme.name!r}."
        )
    if init_from and len(init_from.stages) != len(sizes) + 1:
        raise ValueError(
            f"Expected `init_from` with the {len(sizes)} stages of `first_stage` and "
            f"one more, received {len(init_from.stages)}: its last network has learnt "
            "to see the faces as those before it align them."
        )
    if init_from and recipe.batch_norm:
        raise ValueError(
            "Expected a recipe without `batch_norm` to start from a trained network, "
            f"which has none; received {recipe.name!r}."
        )


def _check_labels(training_faces: FaceDataset, held_out: FaceDataset) -> None:
    scheme = training_faces.scheme
    unknown = np.isnan(training_faces.landmarks).all(axis=(0, 2))
    if unknown.any():
        names = ", ".join(scheme.points[i] for i in np.flatnonzero(unknown))
        raise ValueError(
            "Expected every point to be labelled on some face; none of the "
            f"{len(training_faces)} training faces has {names}."
        )
    normalizer = usual_normalizers(scheme)[0]
    if not measurable(held_out.landmarks, scheme, normalizer).any():
        raise ValueError(
            f"Expected faces with a labelled {normalizer} distance to validate on; "
            f"none of the {len(held_out)} held out has one."
        )


def epoch_plan(recipe: Recipe, faces: FaceDataset) -> np.ndarray:
    """Which faces an epoch shows, `(M,)` indices: each once, or those in rare poses
    more often if the recipe says so.
    """
    if not recipe.pose_bins:
        return np.arange(len(faces))
    poses = balance.pose_coefficients(faces.landmarks, faces.scheme)
    plan = balance.plan(balance.copies(poses, recipe.pose_bins))
    _log.info("Hard sample mining: %d faces come %d times", len(poses), len(plan))
    return plan


def _align(
    regions: pipeline.FaceRegions, stages: Sequence[Stage], mean_shape: np.ndarray
) -> pipeline.FaceRegions:
    """The faces as the next network of a cascade sees them, upright."""
    to_first = pipeline.maps_to(regions, stages[0].size)
    maps = []
    for start in range(0, len(regions), 64):
        chunk = slice(start, start + 64)
        found = localize_regions(stages, regions.images[chunk], to_first[chunk])
        maps.append(geometry.fit_similarity(np.asarray(found), mean_shape))
    return dataclasses.replace(regions, maps=tf.constant(np.concatenate(maps)))


def _describe(recipe: Recipe, faces, first_stages, init_from, extra_faces) -> str:
    run = {
        "recipe": recipe.describe(),
        "faces": len(faces),
        "landmarks": digest([faces.landmarks]),
        "further_faces": len(extra_faces) if extra_faces else 0,
        "further_landmarks": digest([extra_faces.landmarks]) if extra_faces else None,
        "first_stages": [digest(s.network.get_weights()) for s in first_stages],
        "start": digest(init_from.stages[-1].network.get_weights())
        if init_from
        else None,
    }
    return json.dumps(run, indent=1)


def _check_folder(folder: Path, run: str) -> None:
    path = folder / "recipe.json"
    if path.exists() and path.read_text() != run:
        raise ValueError(
            f"{folder} holds the run of another recipe, of other faces or with "
            f"other networks before it: its {path.name} differs. Name another "
            "folder, or delete this one."
        )


def _claim(folder: Path, run: str) -> None:
    """Only now that all arguments have proved right: a folder takes no other run."""
    if not (folder / "recipe.json").exists():
        with atomic_write(folder / "recipe.json") as scratch:
            scratch.write_text(run)


def digest(arrays: Sequence[np.ndarray]) -> str:
    """SHA-256 by which a run knows faces and networks again, from their arrays."""
    sha256 = hashlib.sha256()
    for array in arrays:
        sha256.update(array.tobytes())
    return sha256.hexdigest()


def _resume(model, folder: Path, strategy: Strategy) -> int:
    """Restore the newest checkpoint; the number of epochs it has behind it."""
    epoch, path = 0, folder / "checkpoint.weights.h5"
    if path.exists():
        epoch = Checkpoint.restore(path, model)
        _log.info("Resuming after %d epochs.", epoch)
    log = folder / "metrics.csv"
    if strategy.process > 0 or not log.exists():
        return epoch
    with log.open(newline="") as file:
        rows = list(csv.reader(file))
    kept = [row for row in rows if row and (row[0] == "epoch" or int(row[0]) < epoch)]
    with atomic_write(log) as scratch, scratch.open("w", newline="") as file:
        csv.writer(file).writerows(kept)
    return epoch
