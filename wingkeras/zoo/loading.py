"""Loading localizers by name: building their networks, finding and checking weights."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from wingkeras.export import converted
from wingkeras.inference import runtimes
from wingkeras.inference.localizer import Localizer
from wingkeras.scheme_values import scheme_from_values
from wingkeras.schemes import LandmarkScheme, get_scheme
from wingkeras.storage.entries import Entry, StageEntry
from wingkeras.storage.locating import check_places, locate_weights
from wingkeras.storage.registry import find_entry


def load(
    name: str | Path,
    path: str | Path | None = None,
    runtime: str = "keras",
    detector: Callable[[np.ndarray], np.ndarray] | None = None,
    load_weights: bool = True,
) -> Localizer:
    """A trained localizer.

    Weight files are looked for in `path`; in the mirror that `WINGKERAS_ZOO` names,
    a folder or an http address; in the package; in the cache (`WINGKERAS_HOME`); at
    the entry's address; and on the Hugging Face Hub, if `huggingface_hub` is
    installed. All are checked against their SHA-256.

    Args:
        name: of a model in the zoo; a folder that `save` or `train` wrote; or
            `hf://owner/repo`, such a folder on the Hugging Face Hub.
        path: folder with the weight files.
        runtime: runs the networks: "keras", "onnx" (ONNX Runtime), "litert" or
            "openvino"; or "fastest", the first one installed of OpenVINO, ONNX
            Runtime, LiteRT and Keras. For runtimes other than Keras, the first call
            converts the networks and keeps them in the cache; later calls do not even
            import Keras. OpenVINO uses bfloat16 where the processor supports it.
        detector: finds the faces for `Localizer.detect`; see `Localizer`.
        load_weights: whether to load the trained weights. Otherwise the networks have
            random weights, and no file is searched for.

    Returns:
        The localizer.

    Raises:
        ValueError: for an unknown name or runtime, a network that this version does
            not have, a weight file that is not the entry's, or `load_weights=False`
            with a runtime other than Keras.
        ImportError: if the runtime, its converter or the Hub's client is not
            installed.
        FileNotFoundError: if the folder `path`, or the one that `WINGKERAS_ZOO` names,
            does not exist, or lacks the file while no converted one is in the cache.
        OSError: if the cache, which runtimes other than Keras need, cannot be written
            to.
        FetchError: if the file is found nowhere; the message says how to continue
            offline.

    Example:

    ```python
    from wingkeras.inference import HaarDetector

    localizer = wingkeras.zoo.load("cnn67_300w")
    localizer = wingkeras.zoo.load("runs/mine", detector=HaarDetector())
    ```
    """
    entry, folder = find_entry(name)
    path = folder if path is None else Path(path)
    if not load_weights and runtime != "keras":
        raise ValueError(
            f"Expected runtime 'keras' with load_weights=False, received {runtime!r}: "
            "other runtimes have the weights in their files."
        )
    if load_weights:
        check_places(path)
    if runtime == "fastest":
        runtime = runtimes.fastest(partial(_is_converted, entry))
    scheme = _scheme(entry)
    stages = []
    for stage in entry.stages:
        build = partial(_build_stage, entry, stage, path, load_weights)
        if runtime == "keras":
            stages.append(build())
        else:
            stages.append(_converted(entry, stage, build, runtime))
    others = entry.flip_tta, entry.recrop, entry.licence
    return Localizer(stages, scheme, entry.box_scale, detector, *others)


def _scheme(entry: Entry) -> LandmarkScheme:
    if isinstance(entry.scheme, str):
        return get_scheme(entry.scheme)
    try:
        return scheme_from_values(entry.scheme)
    except ValueError as error:
        raise ValueError(f"Model {entry.name!r}: {error}") from error


def _key(entry: Entry, stage: StageEntry) -> str:
    return f"{entry.name}-{stage.sha256[:16]}"


def _is_converted(entry: Entry, ending: str) -> bool:
    return all(
        converted.is_converted(_key(entry, stage), ending) for stage in entry.stages
    )


def _converted(entry: Entry, stage: StageEntry, build, runtime: str):
    mean_shape = np.asarray(stage.mean_shape, np.float32)
    return converted.load_converted(
        _key(entry, stage), build, runtime, mean_shape, stage.input_size
    )


def _build_stage(
    entry: Entry, stage: StageEntry, path: Path | None, load_weights: bool
):
    # Imported here, since a network that is already converted does not need Keras.
    from wingkeras import models
    from wingkeras.inference.keras_stages import KerasStage
    from wingkeras.models.weights import load_weights as read_weights

    if stage.network not in models.NETWORKS:
        raise ValueError(
            f"Model {entry.name!r} expects network {stage.network!r}; this version has "
            f"{models.NETWORKS}. A newer one may have it."
        )
    mean_shape = np.asarray(stage.mean_shape, np.float32)
    network = models.build(stage.network, len(mean_shape), size=stage.input_size)
    if network.count_params() != stage.parameters:
        raise ValueError(
            f"Expected {stage.parameters} parameters for {entry.name!r}, its "
            f"{stage.network} has {network.count_params()}."
        )
    if load_weights:
        read_weights(network, locate_weights(entry, stage, path))
    return KerasStage(network, mean_shape)
