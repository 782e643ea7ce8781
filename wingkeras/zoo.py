"""The zoo: trained localizers by name.

A registry (`registry.json`) has an entry per model; a folder that `save` wrote has
one of its own (`model.json`) and loads the same way.
"""

import builtins
import dataclasses
import difflib
import functools
import importlib.resources
import importlib.util
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from wingkeras import export, models
from wingkeras.inference.localizer import Localizer, Stage
from wingkeras.models.weights import load_weights, save_weights
from wingkeras.schemes import LandmarkScheme, get_scheme
from wingkeras.storage.download import FetchError, cache_home, fetch, sha256_of
from wingkeras.storage.files import replacing


@dataclass(frozen=True)
class StageEntry:
    """One network of an entry.

    Attributes:
        network: its name in `wingkeras.models.NETWORKS`.
        input_size: side of its input, pixels.
        parameters: their number.
        file: name of its weight file.
        sha256: of that file, hexadecimal.
        bytes: size of that file.
        mean_shape: L pairs (x, y), pixels of the input.
    """

    network: str
    input_size: int
    parameters: int
    file: str
    sha256: str
    bytes: int
    mean_shape: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Entry:
    """Everything known of a model.

    Attributes:
        name: to load it by.
        scheme: name of a landmark scheme, or the definition of one's own.
        box_scale: side of the first network's crop over that of the square around
            the face's landmarks.
        stages: its networks, in their order.
        flip_test: whether the last one sees every face in the mirror as well.
        description: one line.
        recipe: what decided the trainings, in their order.
        training_data: name, number of faces, licence.
        licence: of the weights.
        metrics: measured errors; each names data, boxes and normaliser.
        card: name of its model card.
        url: http address of the folder its files are in.
        hub: `hf://owner/repo` its files are in.
    """

    name: str
    scheme: str | dict
    box_scale: float
    stages: tuple[StageEntry, ...]
    flip_test: bool = False
    description: str = ""
    recipe: tuple[dict, ...] = ()
    training_data: dict = field(default_factory=dict)
    licence: str = ""
    metrics: tuple[dict, ...] = ()
    card: str | None = None
    url: str | None = None
    hub: str | None = None


def list() -> builtins.list[str]:
    """The names of the models in the zoo."""
    return sorted(_registry())


def info(name: str) -> Entry:
    """Everything known of a model.

    Raises:
        ValueError: for an unknown name.
    """
    entries = _registry()
    if name not in entries:
        close = difflib.get_close_matches(name, entries, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"Expected a model of the zoo, one of {sorted(entries)}, or a folder with "
            f"a model.json; received {str(name)!r}.{hint}"
        )
    return entries[name]


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
        entry = _parse(json.loads((folder / "model.json").read_text()), folder)
        return _build(entry, folder if path is None else Path(path), runtime)
    return _build(info(str(name)), None if path is None else Path(path), runtime)


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
        flip_test=localizer.flip_test,
    )
    with replacing(folder / "model.json") as scratch:
        scratch.write_text(json.dumps(dataclasses.asdict(entry)))
    return entry


def _registry() -> dict[str, Entry]:
    path = _packaged() / "registry.json"
    entries = [_parse(values, path) for values in json.loads(path.read_text())]
    return {entry.name: entry for entry in entries}


def _packaged() -> Path:
    return Path(str(importlib.resources.files("wingkeras.pretrained")))


def _parse(values: dict, source: Path) -> Entry:
    try:
        stages = tuple(StageEntry(**stage) for stage in values["stages"])
        entry = Entry(**{**values, "stages": stages})
    except (KeyError, TypeError) as error:
        name = values.get("name", "without a name")
        raise ValueError(f"{source}: entry {name!r} does not fit: {error}") from error
    for stage in stages:
        if stage.network not in models.NETWORKS:
            raise ValueError(
                f"{source}: entry {entry.name!r} expects network {stage.network!r}; "
                f"this version has {models.NETWORKS}. A newer one may have it."
            )
    return entry


def _build(entry: Entry, path: Path | None, runtime: str) -> Localizer:
    if isinstance(entry.scheme, dict):
        fields = {
            key: tuple(map(_tupled, value))
            if isinstance(value, builtins.list)
            else value
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
    return Localizer(stages, scheme, entry.box_scale, flip_test=entry.flip_test)


def _build_stage(
    entry: Entry, stage: StageEntry, path: Path | None, num_landmarks: int
) -> Stage:
    network = models.build(stage.network, num_landmarks, size=stage.input_size)
    if network.count_params() != stage.parameters:
        raise ValueError(
            f"Expected {stage.parameters} parameters for {entry.name!r}, its "
            f"{stage.network} has {network.count_params()}."
        )
    load_weights(network, _locate(entry, stage, path))
    return Stage(network, np.asarray(stage.mean_shape, np.float32))


def _tupled(value):
    return tuple(value) if isinstance(value, builtins.list) else value


def _locate(entry: Entry, stage: StageEntry, path: Path | None) -> Path:
    if path is not None:
        return _checked(path / stage.file, stage)
    cached = cache_home() / stage.sha256[:16] / stage.file
    mirror = os.environ.get("WINGKERAS_ZOO")
    if mirror and mirror.startswith(("http://", "https://")):
        return fetch(f"{mirror.rstrip('/')}/{stage.file}", cached, stage.sha256)
    if mirror:
        return _checked(Path(mirror) / stage.file, stage)
    packaged = _packaged() / stage.file
    if packaged.is_file():
        return _checked(packaged, stage)
    if cached.is_file() and sha256_of(cached) == stage.sha256:
        return cached
    tried = [f"the package ({packaged})", f"the cache ({cached})"]
    if entry.url:
        try:
            return fetch(f"{entry.url.rstrip('/')}/{stage.file}", cached, stage.sha256)
        except FetchError as error:
            tried.append(str(error))
    if entry.hub:
        try:
            return _checked(_from_hub(entry.hub, stage.file), stage)
        except Exception as error:  # whatever the Hub's client may raise
            tried.append(f"{entry.hub}: {error}")
    raise FetchError(
        f"The weights of {entry.name!r} are nowhere to be had; tried "
        f"{'; '.join(tried)}. To go on offline, put {stage.file} with SHA-256 "
        f"{stage.sha256} into a folder and name that folder in WINGKERAS_ZOO."
    )


def _checked(path: Path, stage: StageEntry) -> Path:
    if not path.is_file():
        raise FileNotFoundError(
            f"Expected the weight file {stage.file}, there is no {path}."
        )
    found = sha256_of(path)
    if found != stage.sha256:
        raise ValueError(
            f"{path} is another file than the registry's: expected SHA-256 "
            f"{stage.sha256}, received {found}. Fetch it again, or remove it."
        )
    return path


def _from_hub(address: str, file: str) -> Path:
    if not importlib.util.find_spec("huggingface_hub"):
        raise ImportError("needs `pip install huggingface_hub`")
    from huggingface_hub import hf_hub_download

    repository = address.removeprefix("hf://")
    return Path(hf_hub_download(repo_id=repository, filename=file))
