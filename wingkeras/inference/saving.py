"""Writing localizers into folders that `zoo.load` takes."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from wingkeras import models
from wingkeras.inference.localizer import Localizer
from wingkeras.models.weights import save_weights
from wingkeras.schemes import get_scheme
from wingkeras.storage.download import sha256_of
from wingkeras.storage.entries import Entry, StageEntry, entry_values
from wingkeras.storage.files import atomic_write


def save(localizer: Localizer, folder: str | Path, name: str) -> Entry:
    """Write a localizer into a folder that `load` takes.

    Args:
        localizer: to save.
        folder: receives `model.json` and a float16 weight file per stage.
        name: of the model.

    Returns:
        Its entry.

    Raises:
        ValueError: if another runtime than Keras runs it, or a network is not one of
            `wingkeras.models`.

    Example:

    ```python
    wingkeras.zoo.save(localizer, "saved", "mine")
    localizer = wingkeras.zoo.load("saved")
    ```
    """
    folder = Path(folder)
    stages = []
    for i, stage in enumerate(localizer.keras_stages, start=1):
        path = folder / f"{name}.stage{i}.weights.h5"
        save_weights(stage.network, path)
        stages.append(
            StageEntry(
                network=models.network_name(stage.network),
                input_size=stage.size,
                parameters=stage.network.count_params(),
                file=path.name,
                sha256=sha256_of(path),
                bytes=path.stat().st_size,
                mean_shape=np.asarray(stage.mean_shape, float).round(4).tolist(),
            )
        )
    scheme = localizer.scheme
    try:
        known = get_scheme(scheme.name) == scheme
    except ValueError:
        known = False
    entry = Entry(
        name=name,
        scheme=scheme.name if known else dataclasses.asdict(scheme),
        box_scale=localizer.box_scale,
        stages=tuple(stages),
        flip_tta=localizer.flip_tta,
    )
    with atomic_write(folder / "model.json") as scratch:
        scratch.write_text(json.dumps(entry_values(entry)))
    return entry
