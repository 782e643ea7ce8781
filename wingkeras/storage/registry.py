"""The available models: `registry.json` in the package, and folders with a model."""

import difflib
import fnmatch
import importlib.resources
from pathlib import Path

from wingkeras.storage import hub
from wingkeras.storage.entries import Entry, parse_entries, parse_entry
from wingkeras.storage.json_files import read_json


def list_models(pattern: str = "*") -> list[str]:
    """The names of the models in the zoo, in alphabetical order.

    Args:
        pattern: shell-style wildcards that a name must match, such as "cnn*".

    Returns:
        The names; empty if nothing matches.

    Example:

    ```python
    wingkeras.zoo.list_models("cnn6_*")  # ["cnn6_300w", "cnn6_aflw5"]
    ```
    """
    return fnmatch.filter(sorted(_registry()), pattern)


def model_info(name: str) -> Entry:
    """Everything known about a model.

    Args:
        name: of a model in the zoo.

    Returns:
        Its entry in the registry.

    Raises:
        ValueError: for an unknown name.

    Example:

    ```python
    wingkeras.zoo.model_info("cnn6_300w").licence
    ```
    """
    entries = _registry()
    if name not in entries:
        close = difflib.get_close_matches(name, entries, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"Expected a model of the zoo, one of {sorted(entries)}, a folder with a "
            f"model.json, or hf://owner/repo; received {str(name)!r}.{hint}"
        )
    return entries[name]


def find_entry(name: str | Path) -> tuple[Entry, Path | None]:
    """The entry of a model in the zoo, in a folder or on the Hub.

    Args:
        name: of a model in the zoo; a folder with a `model.json`; or `hf://owner/repo`,
            a repository of such a folder on the Hugging Face Hub.

    Returns:
        The entry, and the folder with its weight files; `None` for a model in the zoo.

    Raises:
        ValueError: for an unknown name, or a `model.json` that does not fit.
        ImportError: if the Hub's client is not installed.
        FetchError: if the repository could not be fetched, or holds no model.
    """
    folder = hub.fetch_repository(str(name)) if hub.is_address(name) else Path(name)
    described = folder / "model.json"
    if described.is_file():
        return parse_entry(read_json(described), described), folder
    return model_info(str(name)), None


def is_model(name: str | Path) -> bool:
    """Whether `find_entry` takes a name for that of a model."""
    if hub.is_address(name) or (Path(name) / "model.json").is_file():
        return True
    return str(name) in _registry()


def _registry() -> dict[str, Entry]:
    path = packaged_folder() / "registry.json"
    return parse_entries(read_json(path), path)


def packaged_folder() -> Path:
    """The folder of the registry and the weights that come with the package."""
    return Path(str(importlib.resources.files("wingkeras.pretrained")))
