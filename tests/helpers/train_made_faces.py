"""A tiny training run in a process of its own, for tests that kill it or add another.

Usage: train_made_faces.py FACES_FOLDER RUN_FOLDER [--augment-on device]
    [--optimizer sgd] [--strategy STRATEGY] [--process I --coordinator HOST:PORT]
    [--die-after STEP]
"""

import argparse
import dataclasses
import os
import signal
from pathlib import Path

import keras

from faces_on_disk import make_faces
from wingkeras.training import distribution
from wingkeras.training.recipe import Recipe
from wingkeras.training.run import train

RECIPE = Recipe(
    "tiny", epochs=4, batch_size=4, validation_split=0.2, ema=0.9, warmup=0.25
)


class _Killer(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self._step, self._count = step, 0

    def on_train_batch_end(self, batch, logs=None):
        self._count += 1
        if self._count == self._step:
            os.kill(os.getpid(), signal.SIGKILL)


def _devices(options):
    if options.strategy == "mirrored":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        halves = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
        tf.config.set_logical_device_configuration(cpu, halves)
        return distribution.Mirrored(["CPU:0", "CPU:1"])
    if options.strategy == "data-parallel":
        processes = 2 if options.coordinator else 1
        return distribution.DataParallel(
            options.coordinator, processes, options.process
        )
    return None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("faces", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--augment-on", default="host")
    parser.add_argument("--optimizer", default="adamw")
    parser.add_argument("--strategy")
    parser.add_argument("--process", type=int, default=0)
    parser.add_argument("--coordinator")
    parser.add_argument("--die-after", type=int)
    options = parser.parse_args()
    devices = _devices(options)
    if options.die_after:
        killer, fit = _Killer(options.die_after), keras.Model.fit

        def fit_and_die(self, *args, callbacks, **settings):
            return fit(self, *args, callbacks=[*callbacks, killer], **settings)

        keras.Model.fit = fit_and_die
    faces = make_faces(options.faces, 15)
    recipe = dataclasses.replace(
        RECIPE,
        augment_on=options.augment_on,
        optimizer=options.optimizer,
        learning_rate=1e-4,
    )
    train(recipe, faces, options.run, verbose=False, strategy=devices)


if __name__ == "__main__":
    main()
