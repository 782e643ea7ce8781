"""Localizers by name: their networks built, their weights found and checked."""

import functools
import json
from pathlib import Path

import numpy as np

from wingkeras import export, models
from wingkeras.inference.entries import Entry, StageEntry, parse_entry
from wingkeras.inference.localizer import Localizer, Stage
from wingkeras.models.weights import load_weights
from wingkeras.schemes import LandmarkScheme, get_scheme
from wingkeras.zoo.locating import locate_weights
from wingkeras.zoo.registry import model_info


def load(
    name: str | Path, path: str | Path | None = None, runtime: str = "keras"
) -> Localizer:
    """A trained localizer.

    Weight files are looked for in `path`; in the mirror that `WINGKERAS_ZOO` names,
    a folder or an http address; in the package; in the cache (`WINGKERAS_HOME`); at
    the entry's address; and on the Hugging Face Hub, if `huggingface_hub` is
    installed. All are checked against their SHA-256.

    Args:
        name: of a model in the zoo, or a folder that `save` or `train` wrote.
        path: folder with the weight files.
        runtime: what runs the networks: "keras", "onnx" (ONNX Runtime), "litert" or
            "openvino". For another than Keras they are converted on the first call,
            and kept in the cache. OpenVINO computes them in bfloat16 where the
            processor can.

    Returns:
        The localizer.

    Raises:
        ValueError: for an unknown name or runtime, or a weight file that is not the
            entry's.
        ImportError: if the runtime, or what converts for it, is not installed.
        FileNotFoundError: if `path` or a mirror folder lacks the file and no
            converted one is in the cache.
        OSError: if the cache, which another runtime needs, cannot be written to.
        FetchError: if the file is nowhere to be had; the message says how to go on
            offline.
    """
    folder = Path(name)
    if (folder / "model.json").is_file():
        entry = parse_entry(json.loads((folder / "model.json").read_text()), folder)
        return _build(entry, folder if path is None else Path(path), runtime)
    return _build(model_info(str(name)), None if path is None else Path(path), runtime)


def _build(entry: Entry, path: Path | None, runtime: str) -> Localizer:
    if isinstance(entry.scheme, dict):
        fields = {
            key: tuple(map(_tupled, value)) if isinstance(value, list) else value
            for key, value in entry.scheme.items()
        }
        scheme = LandmarkScheme(**fields)
    else:
        scheme = get_scheme(entry.scheme)
    stages = []
    for stage in entry.stages:
        build = functools.partial(_build_stage, entry, stage, path, len(scheme))
        if runtime == "keras":
            stages.append(build())
        else:
            mean_shape = np.asarray(stage.mean_shape, np.float32)
            key = f"{entry.name}-{stage.sha256[:16]}"
            size = stage.input_size
            stages.append(export.load_converted(key, build, runtime, mean_shape, size))
    return Localizer(stages, scheme, entry.box_scale, flip_tta=entry.flip_tta)


def _build_stage(
    entry: Entry, stage: StageEntry, path: Path | None, num_landmarks: int
) -> Stage:
    network = models.build(stage.network, num_landmarks, size=stage.input_size)
    if network.count_params() != stage.parameters:
        raise ValueError(
            f"Expected {stage.parameters} parameters for {entry.name!r}, its "
            f"{stage.network} has {network.count_params()}."
        )
    load_weights(network, locate_weights(entry, stage, path))
    return Stage(network, np.asarray(stage.mean_shape, np.float32))


def _tupled(value):
    return tuple(value) if isinstance(value, list) else value
