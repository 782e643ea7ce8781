"""Damaged networks in the cache of converted ones: none is run, all are made again."""

import random
from pathlib import Path

import numpy as np

from faults.kinds import Attempt, Kind, WrongResultError
from faults.mutations import mutated_bytes
from wingkeras.inference import runtimes


class _AskedAgainError(Exception):
    """Instead of a conversion, which takes long."""


def _prepare(folder: Path) -> Attempt:
    import os

    from wingkeras import zoo
    from wingkeras.export.converted import load_converted

    runtime = runtimes.fastest()
    if runtime == "keras":
        raise ImportError("needs a runtime of converted networks")
    os.environ["WINGKERAS_HOME"] = str(folder)
    stage = zoo.load("cnn6_300w").keras_stages[0]
    arguments = runtime, np.asarray(stage.mean_shape, np.float32), stage.size
    load_converted("a-1", lambda: stage, *arguments)
    (path,) = (path for path in folder.rglob("a-1.*") if path.is_file())
    content = path.read_bytes()

    def fail():
        raise _AskedAgainError

    def attempt(seed: int) -> None:
        rng = random.Random(seed)
        data = mutated_bytes(content, rng, header=len(content))
        path.write_bytes(data)
        try:
            load_converted("a-1", fail, *arguments)
        except _AskedAgainError:
            return
        if data != content:
            raise WrongResultError("a damaged network was taken")

    return attempt


CONVERTED = Kind("networks converted before", _prepare, 1_000, 10)
