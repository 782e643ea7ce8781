"""Locating weight files."""

import os
from collections.abc import Callable
from pathlib import Path

from wingkeras.storage import hub
from wingkeras.storage.download import cache_home, fetch, sha256_of
from wingkeras.storage.entries import Entry, StageEntry
from wingkeras.storage.errors import FetchError
from wingkeras.storage.registry import packaged_folder


def check_places(path: Path | None) -> None:
    """Refuse folders that do not exist, before searching them.

    Args:
        path: folder with weight files, if one was given.

    Raises:
        FileNotFoundError: if this folder, or the one that `WINGKERAS_ZOO` names, does
            not exist.
    """
    if path is not None:
        if not path.is_dir():
            raise FileNotFoundError(
                f"Expected `path` to be a folder with weight files, there is no {path}."
            )
        return
    mirror = _mirror()
    if mirror and not _is_http(mirror) and not Path(mirror).is_dir():
        raise FileNotFoundError(
            "Expected WINGKERAS_ZOO to name a folder with weight files or an http "
            f"address; there is no folder {mirror}. Correct the variable, or unset it."
        )


def locate_weights(entry: Entry, stage: StageEntry, path: Path | None) -> Path:
    """The checked weight file of a stage; see `zoo.load` for the places and errors."""
    check_places(path)
    mirror = _mirror()
    if path is not None:
        return _checked(path / stage.file, stage)
    if mirror and _is_http(mirror):
        return _fetched(mirror, stage)
    if mirror:
        return _checked(Path(mirror) / stage.file, stage)
    packaged = packaged_folder() / stage.file
    if packaged.is_file():
        return _checked(packaged, stage)
    tried = [f"the package ({packaged})"]
    for place, look in _further_places(entry, stage).items():
        try:
            return _checked(look(), stage)
        except Exception as error:  # whatever the Hub's client may raise, too
            tried.append(f"{place}: {error}")
    raise FetchError(
        f"The weights of {entry.name!r} are nowhere to be had; tried "
        f"{'; '.join(tried)}. To go on offline, put {stage.file} with SHA-256 "
        f"{stage.sha256} into a folder and name that folder in WINGKERAS_ZOO."
    )


def _further_places(entry: Entry, stage: StageEntry) -> dict[str, Callable[[], Path]]:
    """The functions that find or fetch the file, by the names of the places."""
    places: dict[str, Callable[[], Path]] = {"the cache": lambda: _cached(stage)}
    if entry.url:
        address = entry.url
        places[address] = lambda: _fetched(address, stage)
    if repository := entry.hub:
        places[repository] = lambda: hub.fetch_file(repository, stage.file)
    return places


def _mirror() -> str:
    return os.environ.get("WINGKERAS_ZOO", "")


def _is_http(mirror: str) -> bool:
    return mirror.startswith(("http://", "https://"))


def _cached(stage: StageEntry) -> Path:
    return cache_home() / stage.sha256[:16] / stage.file


def _fetched(address: str, stage: StageEntry) -> Path:
    url = f"{address.rstrip('/')}/{stage.file}"
    return fetch(url, _cached(stage), stage.sha256, stage.bytes)


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
