"""How long localising takes: the networks alone, and the whole way from a picture."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from wingkeras.export.graphs import network_graph
from wingkeras.export.samples import graph_inputs
from wingkeras.export.timing import median_ms
from wingkeras.inference.localizer import Localizer

NETWORKS = "networks"
"""What a row times: the bare networks, from crops to shape vectors."""

CALL = "call"
"""What a row times: `localizer(image, boxes)`, crops and mapping back included."""


class Row(NamedTuple):
    """A measurement.

    Attributes:
        model: name of the localizer.
        runtime: what ran its networks.
        what: `NETWORKS`, the sum over them, or `CALL`.
        threads: how many the process could use.
        faces: in one call.
        ms: median, milliseconds.
    """

    model: str
    runtime: str
    what: str
    threads: int
    faces: int
    ms: float


def measure(
    localizers: Mapping[tuple[str, str], Localizer],
    image: np.ndarray,
    box: np.ndarray,
    faces: Sequence[int],
    threads: int,
) -> Iterator[Row]:
    """Time localizers on copies of one face.

    Args:
        localizers: by model and runtime.
        image: `(H, W, 3)` uint8 RGB.
        box: `(4,)` of the face, image pixels.
        faces: how many there are in a call, each number in turn.
        threads: how many the process can use; to be said in the rows.

    Yields:
        Two rows per localizer and number of faces.
    """
    for (model, runtime), localizer in localizers.items():
        networks = [_compiled(stage) for stage in localizer.stages]
        for count in faces:
            boxes = np.tile(np.asarray(box, np.float32), (count, 1))
            total = 0.0
            for number, run in enumerate(networks, start=1):
                part = f"stage{number}"
                crops = graph_inputs(localizer, part, image, boxes)["crops"]
                total += median_ms(partial(run, crops))
            yield Row(model, runtime, NETWORKS, threads, count, round(total, 3))
            call = median_ms(partial(localizer, image, boxes))
            yield Row(model, runtime, CALL, threads, count, round(call, 3))


def _compiled(stage):
    if stage.runtime != "keras":
        return stage.run
    run = network_graph(stage).compile()
    return lambda crops: run(crops=crops)
