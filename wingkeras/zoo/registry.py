"""The registry: the models there are, from `registry.json` in the package."""

import difflib
import fnmatch
import importlib.resources
import json
from pathlib import Path

from wingkeras.inference.entries import Entry, parse_entry


def list_models(pattern: str = "*") -> list[str]:
    """The names of the models in the zoo, in alphabetical order.

    Args:
        pattern: shell-style wildcards that a name must match, such as "cnn*".

    Returns:
        The names; none where nothing matches.

    Example:

    ```python
    wingkeras.zoo.list_models("cnn6*")  # ["cnn6_300w", "cnn6_aflw5"]
    ```
    """
    return fnmatch.filter(sorted(_registry()), pattern)


def model_info(name: str) -> Entry:
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


def _registry() -> dict[str, Entry]:
    path = packaged_folder() / "registry.json"
    entries = [parse_entry(values, path) for values in json.loads(path.read_text())]
    return {entry.name: entry for entry in entries}


def packaged_folder() -> Path:
    """The folder of the registry and the weights that come with the package."""
    return Path(str(importlib.resources.files("wingkeras.pretrained")))
