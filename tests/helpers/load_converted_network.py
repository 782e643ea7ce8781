"""Loads a converted network in a process of its own; prints what that took.

Usage: `python load_converted_network.py RUNTIME [blocked] [slow]`. "blocked" forbids to
import Keras and TensorFlow, "slow" never ends converting.
"""

import json
import logging
import sys
import time

import numpy as np


class _Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("keras", "tensorflow"):
            raise AssertionError(f"{name} imported")


def _build():
    import keras

    from made_localizers import make_localizer

    keras.utils.set_random_seed(0)
    return make_localizer(1).stages[0]


def _never_end(*arguments):
    print("converting", flush=True)
    time.sleep(600)


def main(runtime: str, *options: str) -> None:
    """Load it, run it, and print the sum of what it gives."""
    if "blocked" in options:
        sys.meta_path.insert(0, _Blocked())
    logging.basicConfig(level="INFO", format="%(message)s")
    from wingkeras.export.converted import load_converted

    if "slow" in options:
        from wingkeras.export import conversion

        conversion.serialize = _never_end
    mean_shape = np.zeros((5, 2), np.float32)
    stage = load_converted("made-0123", _build, runtime, mean_shape, 64)
    crops = np.full((2, 64, 64, 3), 100, np.float32)
    landmarks = stage.run(crops)
    modules = [name for name in ("keras", "tensorflow") if name in sys.modules]
    print(json.dumps({"sum": float(landmarks.sum()), "modules": modules}))


if __name__ == "__main__":
    main(*sys.argv[1:])
