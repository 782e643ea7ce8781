"""Networks converted for another runtime once, and kept."""

import logging
from collections.abc import Callable
from importlib.metadata import version

import numpy as np

from wingkeras.export.conversion import convert
from wingkeras.export.graphs import network_graph
from wingkeras.inference import runtimes
from wingkeras.inference.localizer import Stage
from wingkeras.storage.download import cache_home

_FORMAT = 1
"""To be raised with every change of what `convert` writes."""

_log = logging.getLogger("wingkeras")


def load_converted(
    key: str,
    build: Callable[[], Stage],
    runtime: str,
    mean_shape: np.ndarray,
    size: int,
) -> runtimes.FileStage:
    """A network that another runtime than Keras runs.

    Args:
        key: tells networks with different weights apart, in the cache.
        build: makes the network, if it has to be converted.
        runtime: a key of `runtimes.RUNTIMES`.
        mean_shape, size: see `runtimes.FileStage`.

    Returns:
        The stage; a file in the cache that is broken has been written again.

    Raises:
        ValueError: for an unknown runtime.
        ImportError: if it is not installed, or what converts for it.
        OSError: if the cache cannot be written to.
    """
    ending = runtimes.check(runtime).ending
    folder = cache_home() / f"converted-{version('wingkeras')}-{_FORMAT}"
    path = folder / f"{key}{ending}"
    if path.is_file():
        try:
            return runtimes.load_stage(path, runtime, mean_shape, size)
        except ValueError as error:
            _log.warning("%s", error)
    graph = network_graph(build())
    try:
        convert(graph, path)
    except OSError as error:
        raise OSError(
            f"The network could not be converted into {folder}: {error}. Name another "
            "folder in WINGKERAS_HOME, or let Keras run it."
        ) from error
    return runtimes.load_stage(path, runtime, mean_shape, size)
