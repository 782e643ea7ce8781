"""A cache of networks that were converted for other runtimes.

Each file is named by its key and its SHA-256, and is written atomically: either it is
there with the right name and content, or it is not there. Processes that convert the
same network at once do not disturb each other.
"""

import contextlib
import glob
import hashlib
import logging
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wingkeras.inference import runtimes
from wingkeras.storage.download import cache_home, sha256_of
from wingkeras.storage.files import atomic_write

if TYPE_CHECKING:
    from wingkeras.inference.keras_stages import KerasStage

_FORMAT = 2
"""Raise this number with every change of the files that `convert` writes."""

_log = logging.getLogger("wingkeras")


def load_converted(
    key: str,
    build: "Callable[[], KerasStage]",
    runtime: str,
    mean_shape: np.ndarray,
    size: int,
) -> runtimes.FileStage:
    """A network that another runtime than Keras runs.

    Keras and TensorFlow are imported only if the network has to be converted.

    Args:
        key: identifies the network and its weights in the cache.
        build: makes the network, if it has to be converted.
        runtime: a key of `runtimes.RUNTIMES`.
        mean_shape, size: see `runtimes.FileStage`.

    Returns:
        The stage. A file in the cache that does not have its SHA-256, or that the
        runtime cannot read, is replaced.

    Raises:
        ValueError: for an unknown runtime.
        ImportError: if the runtime or its converter is not installed.
        OSError: if the cache cannot be written to.

    Example:

    ```python
    stage = localizer.stages[0]
    fast = load_converted("mine-1", lambda: stage, "onnx", stage.mean_shape, stage.size)
    other = localizer.replace(stages=[fast])
    ```
    """
    ending = runtimes.check(runtime).ending
    folder = _folder()
    for path in _sound_files(folder, key, ending):
        try:
            return runtimes.load_stage(path, runtime, mean_shape, size)
        except ValueError as error:
            _discard(path, str(error))
    # A warning, so that users know what they are waiting for.
    _log.warning(
        "Converting a network of %s to %s, once, which may take half a minute; it is "
        "kept in %s.",
        key.rpartition("-")[0] or key,
        ending,
        folder,
    )
    path = _convert(build(), folder, key, ending)
    return runtimes.load_stage(path, runtime, mean_shape, size)


def is_converted(key: str, ending: str) -> bool:
    """Whether the cache holds a file of a network, without checking its content.

    Args:
        key: see `load_converted`.
        ending: of the file.
    """
    try:
        return bool(_files(_folder(), key, ending))
    except OSError:  # no cache
        return False


def _folder() -> Path:
    return cache_home() / f"converted-{version('wingkeras')}-{_FORMAT}"


def _files(folder: Path, key: str, ending: str) -> list[Path]:
    return sorted(folder.glob(f"{glob.escape(key)}.*{ending}"))


def _sound_files(folder: Path, key: str, ending: str) -> Iterator[Path]:
    """Files of a network whose content has the SHA-256 in their name."""
    for path in _files(folder, key, ending):
        try:
            found = sha256_of(path)
        except OSError:  # another process has discarded it
            continue
        if path.name == f"{key}.{found}{ending}":
            yield path
        else:
            _discard(path, f"{path} does not have the SHA-256 in its name.")


def _discard(path: Path, reason: str) -> None:
    _log.warning("%s The network is converted again.", reason)
    # If the cache cannot be written to, the same file is refused again next time.
    with contextlib.suppress(OSError):
        path.unlink()


def _convert(stage: "KerasStage", folder: Path, key: str, ending: str) -> Path:
    from wingkeras.export import conversion, graphs

    content = conversion.serialize(graphs.network_graph(stage), ending)
    path = folder / f"{key}.{hashlib.sha256(content).hexdigest()}{ending}"
    try:
        with atomic_write(path) as scratch:
            scratch.write_bytes(content)
    except OSError as error:
        raise OSError(
            f"The network could not be converted into {folder}: {error}. Name another "
            "folder in WINGKERAS_HOME, or let Keras run it."
        ) from error
    return path
