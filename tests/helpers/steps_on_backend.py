"""Loss of two training steps, compiled and not, on KERAS_BACKEND.

Usage: steps_on_backend.py NETWORK SIZE LEARNING_RATE LOSS...

NETWORK is one of `wingkeras.models`, or `Dense` for a single layer.

Prints a JSON object: by loss, the losses of the compiled steps and of the others.
"""

import json
import sys

import keras
import numpy as np

from wingkeras import losses, models

BATCH = 4


def main(name: str, size: int, rate: float, names: list[str]) -> None:
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (BATCH, size, size, 3)).astype(np.float32)
    targets = rng.uniform(0, size, (BATCH, 10)).astype(np.float32)
    targets[0, [2, 7]] = np.nan
    found = {}
    for loss in names:
        found[loss] = [
            steps(name, size, rate, getattr(losses, loss)(), compiled, images, targets)
            for compiled in (True, False)
        ]
    print(json.dumps(found))


def build(name, size):
    if name == "Dense":
        return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
    return models.build(name, 5, np.full((5, 2), size / 2), size)


def steps(name, size, rate, loss, compiled, images, targets):
    keras.utils.set_random_seed(0)
    network = build(name, size)
    optimizer = keras.optimizers.SGD(rate)
    network.compile(optimizer, loss, jit_compile=compiled)
    return [float(network.train_on_batch(images, targets)) for _ in range(2)]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
