"""Trains on JAX step by step and in compiled loops of several; prints both losses.

Usage: train_in_loops.py FACES_FOLDER
"""

import no_tensorflow  # noqa: F401, I001

import json
import sys
from pathlib import Path

import keras
import numpy as np

from faces_on_disk import make_faces
from wingkeras.data.augment import Augmentation
from wingkeras.data.regions import load_regions
from wingkeras.losses import WingLoss
from wingkeras.training import on_device

SIZE, LOOPS = 16, [3, 2]


def main(folder: str) -> None:
    regions = load_regions(make_faces(Path(folder), 20), SIZE, 1.1)
    results = []
    for looped in (False, True):
        keras.utils.set_random_seed(0)
        image = keras.Input((SIZE, SIZE, 3))
        x = keras.layers.Rescaling(1 / 255)(image)
        x = keras.layers.Dense(10)(keras.layers.Flatten()(x))
        network = keras.Model(image, x)
        model = on_device.attach(network, regions, Augmentation(), 0, looped)
        model.compile(keras.optimizers.SGD(1e-3), on_device.ResidentLoss(WingLoss()))
        batches = on_device.training_batches(
            np.arange(20), 4, 0, loops=LOOPS if looped else None
        )
        steps = len(LOOPS) if looped else sum(LOOPS)
        history = model.fit(
            batches, steps_per_epoch=steps, epochs=3, verbose=0, shuffle=False
        )
        iterations = int(model.optimizer.iterations)
        results.append([*history.history["loss"], iterations])
    print(json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
