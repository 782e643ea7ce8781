"""Networks converted for another runtime once, and kept."""

from collections.abc import Callable
from importlib.metadata import version

import numpy as np

from wingkeras import runtimes
from wingkeras.export.conversion import convert
from wingkeras.export.graphs import network_graph
from wingkeras.fetching import cache_home
from wingkeras.localizer import Stage


def load_converted(
    key: str, build: Callable[[], Stage], runtime: str
) -> Callable[[np.ndarray], np.ndarray]:
    """A network as a function that another runtime than Keras computes.

    Args:
        key: tells networks with different weights apart, in the cache.
        build: makes the network, if it has to be converted.
        runtime: a key of `runtimes.RUNTIMES`.

    Returns:
        See `runtimes.FileStage`.

    Raises:
        ValueError: for an unknown runtime.
        ImportError: if it is not installed, or what converts for it.
    """
    ending = runtimes.check(runtime).ending
    folder = cache_home() / f"converted-{version('wingkeras')}"
    path = folder / f"{key}{ending}"
    if not path.is_file():
        convert(network_graph(build()), path)
    run = runtimes.load_file(path, runtime, exact=False)
    return lambda crops: run(crops=crops)
