"""Training: takes a recipe and faces, gives the best weights and a log."""

import contextlib
import logging
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np

from wingkeras.data import pipeline
from wingkeras.data.faces import FaceDataset
from wingkeras.inference import saving
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.models.folding import fold_batch_norm
from wingkeras.training import checks, on_device
from wingkeras.training.building import Built, build
from wingkeras.training.callbacks import Progress, Records, Validation
from wingkeras.training.distribution import Strategy
from wingkeras.training.preparing import Inputs, Prepared, prepare
from wingkeras.training.recipe import Recipe
from wingkeras.training.run_folder import RunFolder

_log = logging.getLogger("wingkeras")


def train(
    recipe: Recipe,
    faces: FaceDataset,
    folder: str | Path,
    *,
    first_stage: Localizer | None = None,
    init_from: Localizer | None = None,
    extra_faces: FaceDataset | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: bool = True,
    strategy: Strategy | None = None,
) -> Localizer:
    """Train a network; a second call with the same arguments resumes.

    The folder receives `recipe.json`, `metrics.csv` (one row per epoch),
    `checkpoint.weights.h5` (the newest epoch, with the optimizer),
    `best.weights.h5` (the epoch with the lowest validation error) and, where
    TensorBoard is installed and TensorFlow in use, its logs.

    Example:

    ```python
    faces = wingkeras.data.datasets.load_faces("faces.csv", scheme="ibug68")
    recipe = wingkeras.Recipe("mine", epochs=100)
    localizer = wingkeras.train(recipe, faces, "runs/mine")
    ```

    Args:
        recipe: describes the training.
        faces: the training faces; `recipe.validation_split` of them are kept for
            validation.
        folder: of this run.
        first_stage: in a cascade, the localizer that precedes the new network. The
            network is then trained on upright crops made from its predictions
            (Section 6).
        init_from: the localizer whose last network the training starts from, instead
            of random weights; after `first_stage`, the faces are aligned to its mean
            shape. If it finds other points than those of the faces, the layers below
            the output come from its last network that fits the recipe, and the output
            layer is new.
        extra_faces: more training faces, such as pseudo-labelled ones; each is shown
            once per epoch, none is used for validation.
        callbacks: Keras callbacks, called after those of the run, in process 0 only.
            Their `logs` hold `loss`, `val_nme` and `learning_rate`. Their own state is
            not part of the checkpoint.
        verbose: whether to show a progress bar with the time left.
        strategy: the devices to train on, see `distribution`; one device by default.
            If there are several processes, each calls this function, and all need
            access to the folder.

    Returns:
        A localizer of the stages of `first_stage` and the network, with the weights of
        the best epoch, by the NME on the faces held out; also saved in the folder. It
        has the licences of `first_stage` and `init_from`.

    Raises:
        ValueError: if the folder holds another run or a damaged file, there are fewer
            faces than a batch takes, a point is labelled on no face, no face held out
            can be measured, `first_stage`, `init_from` or `extra_faces` do not fit,
            `strategy` does not support the recipe, or a runtime other than Keras runs
            `first_stage` or `init_from`.
        LockedError: if another process trains in the folder.
        FloatingPointError: if the network diverges.
        ConnectionError: if another process of the run has ended.
        BrokenFileError: for a picture that cannot be decoded.
    """
    # The order matters. Arguments are checked before pictures are decoded, which takes
    # minutes. The folder is claimed once the network is built, since building may fail
    # too, and a refused run leaves no folder. The checkpoint is read after that, since
    # another process that held the folder may still have been writing it.
    strategy, run_folder = strategy or Strategy(), RunFolder(folder)
    training_faces, validation_faces = faces.split(
        recipe.validation_split, recipe.seed, recipe.group_by
    )
    inputs = Inputs(
        recipe, training_faces, validation_faces, first_stage, init_from, extra_faces
    )
    checks.check(inputs, strategy)
    described = inputs.describe() if strategy.process == 0 else {}
    if strategy.process == 0:
        run_folder.check(described)
    prepared = prepare(inputs)
    built = build(inputs, prepared, strategy)
    with _claimed(run_folder, described, strategy):
        first_epoch = _resume(built, run_folder, strategy)
        batches = _batches(inputs, prepared, first_epoch, strategy)
        validation = Validation(
            built.network,
            built.copy,
            prepared.validation,
            faces.scheme,
            run_folder,
            strategy,
        )
        del prepared  # The batches or the device hold a copy of the pictures.
        own = [validation, *_writers(inputs, run_folder, strategy)]
        loops = _loops(inputs, strategy)
        if verbose and strategy.process == 0:
            own.append(Progress(len(loops), recipe.epochs - first_epoch))
        users = callbacks if strategy.process == 0 else ()
        epochs = (first_epoch, recipe.epochs, len(loops))
        _fit(built.model, batches, epochs, own, users, strategy)
        return _finish(inputs, built, run_folder, strategy)


@contextlib.contextmanager
def _claimed(folder: RunFolder, described: dict, strategy: Strategy):
    """Claim the folder in process 0, on behalf of all processes."""
    if strategy.process > 0:
        yield
        return
    with folder.claimed(described):
        yield


def _resume(built: Built, folder: RunFolder, strategy: Strategy) -> int:
    """Restore the newest checkpoint, and return its number of epochs."""
    with strategy.building():
        epochs = folder.restore_checkpoint(built.model)
    if strategy.process == 0:
        folder.cut_log(epochs)
    if epochs:
        # Read now, so that damage shows at the start and not hours later.
        folder.load_best(built.copy)
        _log.info("Resuming after %d epochs.", epochs)
    return epochs


def _batches(
    inputs: Inputs, prepared: Prepared, first_epoch: int, strategy: Strategy
) -> Iterable:
    """The training data from an epoch on; this process's part only."""
    recipe = inputs.recipe
    order = (recipe.batch_size, recipe.seed, first_epoch)
    part = (strategy.process, strategy.processes)
    if recipe.augment_on == "device":
        loops = _loops(inputs, strategy)
        looped = loops if max(loops) > 1 else None
        return on_device.training_batches(inputs.plan, *order, part, looped)
    return pipeline.training_batches(
        prepared.regions, recipe.augmentation, *order, inputs.plan, part
    )


def _loops(inputs: Inputs, strategy: Strategy) -> list[int]:
    """How many steps of an epoch `fit` runs as one, for each call of the train step."""
    if inputs.recipe.augment_on == "device":
        return on_device.loop_lengths(inputs.steps, strategy.count)
    return [1] * inputs.steps


def _writers(
    inputs: Inputs, folder: RunFolder, strategy: Strategy
) -> list[keras.callbacks.Callback]:
    if strategy.process > 0:
        return []
    writers: list[keras.callbacks.Callback] = [Records(folder, strategy)]
    with_tensorflow = (
        keras.backend.backend() == "tensorflow" or inputs.recipe.augment_on == "host"
    )
    # TensorBoard adds a variable, which JAX requires to be equal in all processes.
    if strategy.processes == 1 and with_tensorflow and find_spec("tensorboard"):
        writers.insert(0, keras.callbacks.TensorBoard(str(folder.tensorboard)))
    return writers


def _fit(model, batches, epochs, own, users, strategy) -> None:
    first_epoch, last_epoch, steps = epochs
    try:
        with strategy.fitting():
            model.fit(
                batches,
                steps_per_epoch=steps,
                initial_epoch=first_epoch,
                epochs=last_epoch,
                callbacks=[*own, *users],
                verbose=0,
                shuffle=False,
            )
            strategy.wait()
    except FloatingPointError:
        for callback in own:  # `fit` would leave their files open
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


def _finish(
    inputs: Inputs, built: Built, folder: RunFolder, strategy: Strategy
) -> Localizer:
    """Save the localizer with the best weights, and return it."""
    recipe, network = inputs.recipe, built.copy
    folder.load_best(network)
    if recipe.batch_norm:
        network = fold_batch_norm(network)
    stages = (
        *inputs.first_stages,
        KerasStage(network, built.mean_shape.astype(np.float32)),
    )
    localizer = Localizer(
        stages,
        inputs.training_faces.scheme,
        inputs.box_scale,
        licence=inputs.licence,
    )
    if strategy.process == 0:
        saving.save(localizer, folder.path, recipe.name)
    return localizer
