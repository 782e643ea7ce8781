"""Where weight files are looked for."""

import importlib.util
import os
from pathlib import Path

from wingkeras.inference.entries import Entry, StageEntry
from wingkeras.storage.download import FetchError, cache_home, fetch, sha256_of
from wingkeras.zoo.registry import packaged_folder


def locate_weights(entry: Entry, stage: StageEntry, path: Path | None) -> Path:
    """The checked weight file of a stage; see `zoo.load` for the places and errors."""
    if path is not None:
        return _checked(path / stage.file, stage)
    mirror = os.environ.get("WINGKERAS_ZOO")
    if mirror and mirror.startswith(("http://", "https://")):
        return _fetched(mirror, _cached(stage), stage)
    if mirror:
        return _checked(Path(mirror) / stage.file, stage)
    packaged = packaged_folder() / stage.file
    if packaged.is_file():
        return _checked(packaged, stage)
    # Asked for as late as this: a user without a home folder has no cache.
    cached = _cached(stage)
    if cached.is_file() and sha256_of(cached) == stage.sha256:
        return cached
    tried = [f"the package ({packaged})", f"the cache ({cached})"]
    if entry.url:
        try:
            return _fetched(entry.url, cached, stage)
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


def _cached(stage: StageEntry) -> Path:
    return cache_home() / stage.sha256[:16] / stage.file


def _fetched(address: str, path: Path, stage: StageEntry) -> Path:
    url = f"{address.rstrip('/')}/{stage.file}"
    return fetch(url, path, stage.sha256, stage.bytes)


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
