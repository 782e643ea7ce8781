"""What happens after every epoch of a training: validation, checkpoint, progress."""

import csv
from pathlib import Path

import h5py
import keras
import numpy as np

from wingkeras import geometry
from wingkeras.data import pipeline
from wingkeras.metrics import measurable, nme, usual_normalizers
from wingkeras.storage.files import atomic_write
from wingkeras.training.distribution import Strategy

# The optimizer's own step counter leaves out the steps that float16 skips.
_EPOCHS = "wingkeras_epochs"


class Checkpoint(keras.callbacks.Callback):
    """Everything needed to go on, in one file, after every epoch.

    One file, replaced atomically: there is no moment at which a kill leaves two halves
    that do not belong together (as with `keras.callbacks.BackupAndRestore`).
    """

    def __init__(self, path: Path, strategy: Strategy):
        super().__init__()
        self._path, self._strategy = path, strategy

    def on_epoch_end(self, epoch, logs=None):
        """Write it."""
        with self._strategy.alone(), atomic_write(self._path) as scratch:
            self.model.save_weights(scratch)
            with h5py.File(scratch, "a") as file:
                file.attrs[_EPOCHS] = epoch + 1

    @staticmethod
    def restore(path: Path, model: keras.Model) -> int:
        """Load a checkpoint into a compiled model; the epochs it has behind it."""
        model.load_weights(path)
        with h5py.File(path) as file:
            return int(file.attrs[_EPOCHS])


class Validation(keras.callbacks.Callback):
    """NME of the averaged weights on the faces held out; keeps the best.

    `keras.callbacks.SwapEMAWeights` swaps by adding and subtracting, which does not
    give back the same bits; a resumed run would drift from an uninterrupted one.
    """

    def __init__(
        self,
        network: keras.Model,
        copy: keras.Model,
        regions: pipeline.FaceRegions,
        scheme,
        folder: Path,
        strategy: Strategy,
    ):
        """What to validate, and with what.

        Faces whose normaliser is unlabelled are left out.

        Args:
            network: being trained.
            copy: of the same architecture, to predict with on this process alone.
            regions: the faces held out, one of them labelled so.
            scheme: of their landmarks.
            folder: of the run.
            strategy: that the network is spread over.
        """
        super().__init__()
        self._network, self._copy = network, copy
        truth = pipeline.crop_landmarks(regions)
        self._batches = list(pipeline.evaluation_batches(regions).as_numpy_iterator())
        self._scheme, self._strategy = scheme, strategy
        self._normalizer = usual_normalizers(scheme)[0]
        self._kept = measurable(truth, scheme, self._normalizer)
        self._truth = truth[self._kept]
        self._path = folder / "best.weights.h5"
        self._log = folder / "metrics.csv"

    def on_train_begin(self, logs=None):
        """Find the best error so far."""
        self._best = np.inf
        if self._log.exists():
            with self._log.open(newline="") as file:
                values = [float(row["val_nme"]) for row in csv.DictReader(file)]
            self._best = min(values, default=np.inf)

    def on_epoch_end(self, epoch, logs=None):
        """Validate; report `val_nme` and `learning_rate`.

        Raises:
            FloatingPointError: if the network has diverged.
        """
        trained = self._network.get_weights()
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        optimizer.finalize_variable_values(self.model.trainable_variables)
        averaged = self._network.get_weights()
        self._network.set_weights(trained)
        with self._strategy.alone():
            self._copy.set_weights(averaged)
            vectors = [self._copy.predict_on_batch(crops) for crops, _ in self._batches]
        predictions = geometry.from_shape_vectors(np.concatenate(vectors))[self._kept]
        if not np.isfinite(predictions).all():
            raise FloatingPointError(
                f"The network has diverged: after epoch {epoch + 1} its predictions "
                "are no longer finite. Start again with a lower learning rate."
            )
        errors = nme(self._truth, predictions, self._scheme, self._normalizer)
        logs["val_nme"] = float(np.mean(errors))
        # The head's, where the backbone has another.
        head = getattr(optimizer, "optimizers", [optimizer])[0]
        logs["learning_rate"] = float(head.learning_rate)
        if logs["val_nme"] < self._best:
            self._best = logs["val_nme"]
            if self._strategy.process == 0:
                with atomic_write(self._path) as scratch:
                    self._copy.save_weights(scratch)


class Progress(keras.callbacks.Callback):
    """One bar for the whole run, with the time left."""

    def __init__(self, steps: int, epochs: int):
        super().__init__()
        self._bar = keras.utils.Progbar(
            steps * epochs, stateful_metrics=["epoch", "loss", "val_nme"]
        )
        self._step, self._values = 0, []

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar."""
        self._step += 1
        if self._step < self._bar.target:
            self._bar.update(self._step, [*self._values, ("loss", logs["loss"])])

    def on_epoch_end(self, epoch, logs=None):
        """Show the epoch and its error."""
        self._values = [("epoch", epoch + 1), ("val_nme", logs["val_nme"])]
        self._bar.update(self._step, [*self._values, ("loss", logs["loss"])])
