"""Models on the Hugging Face Hub, fetched with its client, which is optional."""

import importlib
import importlib.util
from pathlib import Path

from wingkeras.extras import install_hint
from wingkeras.storage.errors import FetchError

_SCHEME = "hf://"
_WANTED = ["model.json", "*.weights.h5"]
"""The files of a repository to fetch; all others are ignored."""


def is_address(name: str | Path) -> bool:
    """Whether a name is meant for the Hub."""
    return str(name).startswith(_SCHEME)


def fetch_repository(address: str) -> Path:
    """The description and weights of a repository, fetched into the Hub's own cache.

    Args:
        address: `hf://owner/repo`.

    Returns:
        The folder, which holds a `model.json`.

    Raises:
        ValueError: for an address of another form.
        ImportError: if `huggingface_hub` is not installed.
        FetchError: if it could not be fetched, or holds no model.
    """
    repository = _repository(address)
    client = _client()
    try:
        folder = Path(
            client.snapshot_download(repo_id=repository, allow_patterns=_WANTED)
        )
    except Exception as error:  # whatever the client may raise
        raise FetchError(
            f"{address} could not be fetched: {error}. To go on offline, fetch the "
            "repository elsewhere and give the path of its folder."
        ) from error
    if not (folder / "model.json").is_file():
        raise FetchError(
            f"Expected a repository with a model.json, as `zoo.save` writes it, at "
            f"{address}; received {sorted(path.name for path in folder.iterdir())}."
        )
    return folder


def fetch_file(address: str, file: str) -> Path:
    """One file of a repository; see `fetch_repository`."""
    return Path(_client().hf_hub_download(repo_id=_repository(address), filename=file))


def _repository(address: str) -> str:
    repository = address.removeprefix(_SCHEME).rstrip("/")
    if repository.count("/") != 1 or not all(repository.split("/")):
        raise ValueError(f"Expected hf://owner/repo, received {address!r}.")
    return repository


def _client():
    if not importlib.util.find_spec("huggingface_hub"):
        raise ImportError(
            "Models on the Hugging Face Hub need its client, `huggingface_hub`: "
            f"{install_hint('hub')}."
        )
    return importlib.import_module("huggingface_hub")
