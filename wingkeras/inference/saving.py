"""Saving localizers to folders that `zoo.load` reads."""

import hashlib
import json
from pathlib import Path

import numpy as np

from wingkeras import models
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.models.weights import serialize
from wingkeras.scheme_values import scheme_values
from wingkeras.schemes import is_known
from wingkeras.storage.entries import Entry, StageEntry, entry_values, parse_entry
from wingkeras.storage.files import atomic_write
from wingkeras.storage.registry import find_entry


def save(localizer: Localizer, folder: str | Path, name: str) -> Entry:
    """Save a localizer to a folder that `load` reads.

    If the folder holds a model already, that one can be loaded until the new one can:
    weight files have a part of their SHA-256 in their names, `model.json` is written
    after them, and the files of the old model are removed last.

    Args:
        localizer: to save.
        folder: receives `model.json` and a float16 weight file per stage.
        name: of the model; its files are called `NAME.stage1.HASH.weights.h5` and so
            on.

    Returns:
        The entry of the saved model.

    Raises:
        ValueError: if a runtime other than Keras runs it, a network is not one of
            `wingkeras.models` (one with `batch_norm` has to be folded) or has weights
            that are not finite, or `name` cannot be a file name.
        OSError: if a file cannot be written; the folder's old model is unchanged.

    Example:

    ```python
    wingkeras.zoo.save(localizer, "saved", "mine")
    localizer = wingkeras.zoo.load("saved")
    ```
    """
    folder = Path(folder)
    contents = [serialize(stage.network) for stage in localizer.keras_stages]
    scheme = localizer.scheme
    entry = Entry(
        name=name,
        scheme=scheme.name if is_known(scheme) else scheme_values(scheme),
        box_scale=localizer.box_scale,
        stages=tuple(
            _describe(stage, f"{name}.stage{i}", content)
            for i, (stage, content) in enumerate(
                zip(localizer.keras_stages, contents, strict=True), start=1
            )
        ),
        flip_tta=localizer.flip_tta,
        recrop=localizer.recrop,
        licence=localizer.licence,
    )
    described = folder / "model.json"
    text = json.dumps(entry_values(entry), allow_nan=False)
    parse_entry(json.loads(text), described)  # refuse to save what cannot be loaded
    before = _files_of(folder)
    for stage, content in zip(entry.stages, contents, strict=True):
        with atomic_write(folder / stage.file) as scratch:
            scratch.write_bytes(content)
    with atomic_write(described) as scratch:
        scratch.write_text(text)
    for file in before - {stage.file for stage in entry.stages}:
        (folder / file).unlink(missing_ok=True)
    return entry


def _describe(stage: KerasStage, name: str, content: bytes) -> StageEntry:
    sha256 = hashlib.sha256(content).hexdigest()
    network = models.network_name(stage.network)
    _check_loadable(stage, network)
    return StageEntry(
        network=network,
        input_size=stage.size,
        parameters=stage.network.count_params(),
        file=f"{name}.{sha256[:8]}.weights.h5",
        sha256=sha256,
        bytes=len(content),
        mean_shape=np.asarray(stage.mean_shape, float).round(4).tolist(),
    )


def _check_loadable(stage: KerasStage, network: str) -> None:
    """Refuse a network that differs from the one which loading would build."""
    built = models.build(network, stage.num_landmarks, size=stage.size)
    shapes, expected = (
        [weight.shape for weight in model.weights] for model in (stage.network, built)
    )
    if shapes != expected:
        raise ValueError(
            f"Expected the layers of a {network}, received others in "
            f"{stage.network.name!r}. If it was built with `batch_norm`, pass the "
            "result of `models.folding.fold_batch_norm`."
        )


def _files_of(folder: Path) -> set[str]:
    """Weight files of the model in a folder, if there is one."""
    try:
        entry, found = find_entry(folder)
    except (ValueError, OSError):
        return set()
    return {stage.file for stage in entry.stages} if found else set()
