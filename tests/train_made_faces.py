"""A tiny training run in a process of its own, for tests that kill it.

Usage: train_made_faces.py FACES_FOLDER RUN_FOLDER [EPOCH_TO_DIE_IN]
"""

import os
import signal
import sys
from pathlib import Path

import keras

from faces_on_disk import make_faces
from wingkeras.recipes import Recipe
from wingkeras.training import train

RECIPE = Recipe("tiny", epochs=4, batch_size=4, held_out=0.2, ema=0.9, warmup=0.25)


class _Killer(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations.numpy() == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    faces = make_faces(Path(sys.argv[1]), 15)
    if len(sys.argv) > 3:
        killer, fit = _Killer(), keras.Model.fit
        killer.step = int(sys.argv[3])

        def fit_and_die(self, *args, callbacks, **options):
            return fit(self, *args, callbacks=[*callbacks, killer], **options)

        keras.Model.fit = fit_and_die
    train(RECIPE, faces, sys.argv[2], verbose=False)
