"""Callbacks after every epoch of a training: validation, checkpoint, progress."""

import keras
import numpy as np

from wingkeras import geometry
from wingkeras.data.regions import FaceRegions, crop_landmarks, evaluation_batches
from wingkeras.metrics import measurable, nme, usual_normalizers
from wingkeras.schemes import LandmarkScheme
from wingkeras.training.distribution import Strategy
from wingkeras.training.run_folder import VALIDATION_ERROR, RunFolder


class Records(keras.callbacks.Callback):
    """Writes an epoch's row of the log, and then the checkpoint.

    The order ensures that the log has a row for every epoch of the checkpoint.
    `RunFolder.cut_log` removes a row that the checkpoint does not cover.
    """

    def __init__(self, folder: RunFolder, strategy: Strategy):
        super().__init__()
        self._folder, self._strategy = folder, strategy

    def on_epoch_end(self, epoch, logs=None):
        """Write the row and the checkpoint."""
        assert logs is not None and self.model is not None
        self._folder.log(epoch, logs)
        with self._strategy.alone():
            self._folder.save_checkpoint(self.model, epoch + 1)


class Validation(keras.callbacks.Callback):
    """Measures the NME of the averaged weights on the faces held out; keeps the best.

    `keras.callbacks.SwapEMAWeights` swaps by adding and subtracting, which does not
    restore the same bits; a resumed run would drift from an uninterrupted one.
    """

    def __init__(
        self,
        network: keras.Model,
        copy: keras.Model,
        regions: FaceRegions,
        scheme: LandmarkScheme,
        folder: RunFolder,
        strategy: Strategy,
    ):
        """Leave out faces whose normalizer is unlabelled.

        Args:
            network: the network being trained.
            copy: of the same architecture, to predict with in this process only.
            regions: the faces held out; at least one has a labelled normalizer.
            scheme: of their landmarks.
            folder: of the run.
            strategy: that the network is trained with.
        """
        super().__init__()
        self._network, self._copy = network, copy
        truth = crop_landmarks(regions)
        self._batches = [crops for crops, _ in evaluation_batches(regions)]
        self._scheme, self._strategy = scheme, strategy
        self._normalizer = usual_normalizers(scheme)[0]
        self._kept = measurable(truth, scheme, self._normalizer)
        self._truth = truth[self._kept]
        self._folder = folder

    def on_train_begin(self, logs=None):
        """Read the best error so far."""
        errors = self._folder.validation_errors() if self._strategy.process == 0 else ()
        self._best = min(errors, default=np.inf)

    def on_epoch_end(self, epoch, logs=None):
        """Validate; report `val_nme` and `learning_rate`.

        Raises:
            FloatingPointError: if the network has diverged.
        """
        assert logs is not None and self.model is not None
        trained = self._network.get_weights()
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        optimizer.finalize_variable_values(self.model.trainable_variables)
        averaged = self._network.get_weights()
        self._network.set_weights(trained)
        with self._strategy.alone():
            self._copy.set_weights(averaged)
            vectors = [self._copy.predict_on_batch(crops) for crops in self._batches]
        predictions = geometry.from_shape_vectors(np.concatenate(vectors))[self._kept]
        # Weights that are not finite may give finite predictions: ReLU hides them, on
        # some processors.
        if not all(np.isfinite(values).all() for values in (predictions, *averaged)):
            raise FloatingPointError(
                f"The network has diverged: after epoch {epoch + 1} its weights or "
                "predictions are no longer finite. Start again with a lower learning "
                "rate."
            )
        errors = nme(self._truth, predictions, self._scheme, self._normalizer)
        error = logs[VALIDATION_ERROR] = float(np.mean(errors))
        # The learning rate of the head, if the backbone has a different one.
        head = getattr(optimizer, "optimizers", [optimizer])[0]
        logs["learning_rate"] = float(head.learning_rate)
        if error < self._best:
            self._best = error
            if self._strategy.process == 0:
                self._folder.save_best(self._copy)


class Progress(keras.callbacks.Callback):
    """A progress bar for the whole run, with the time left."""

    def __init__(self, steps: int, epochs: int):
        super().__init__()
        self._bar = keras.utils.Progbar(
            steps * epochs, stateful_metrics=["epoch", "loss", VALIDATION_ERROR]
        )
        self._step, self._values = 0, []

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar."""
        assert logs is not None
        self._step += 1
        if self._step < self._bar.target:
            self._bar.update(self._step, [*self._values, ("loss", logs["loss"])])

    def on_epoch_end(self, epoch, logs=None):
        """Show the epoch and its error."""
        assert logs is not None
        error = (VALIDATION_ERROR, logs[VALIDATION_ERROR])
        self._values = [("epoch", epoch + 1), error]
        self._bar.update(self._step, [*self._values, ("loss", logs["loss"])])
