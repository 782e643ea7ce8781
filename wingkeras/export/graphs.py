"""What an exported file computes: a localizer, or one network of it."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from wingkeras import geometry
from wingkeras.imaging import crops, graph_crops
from wingkeras.inference.localizer import Localizer, Stage

OUTPUT = "landmarks"
"""Name of the one output of every file."""


@dataclass(frozen=True)
class Graph:
    """A computation to export.

    Attributes:
        function: of tensors, in `keras.ops`.
        inputs: name, shape (`None` = dynamic) and dtype of each.
        networks: the networks inside.
    """

    function: Callable
    inputs: tuple[tuple[str, tuple[int | None, ...], str], ...]
    networks: tuple[keras.Model, ...]

    def trace(self):
        """As a `tf.function` from the inputs to `{OUTPUT: ...}`.

        Raises:
            ImportError: if Keras runs on another backend than TensorFlow, which the
                converters belong to.
        """
        if keras.backend.backend() != "tensorflow":
            raise ImportError(
                "Converting needs KERAS_BACKEND=tensorflow, which the converters "
                f"belong to; Keras runs on {keras.backend.backend()}."
            )
        import tensorflow as tf

        signature = [tf.TensorSpec(s, dtype, name) for name, s, dtype in self.inputs]
        return tf.function(
            lambda *inputs: {OUTPUT: self.function(*inputs)}, input_signature=signature
        )

    def compile(self) -> Callable[..., np.ndarray]:
        """As a function of arrays by name, like a file's (`runtimes.load_file`)."""
        traced, names = self.trace(), [name for name, _, _ in self.inputs]
        return lambda **arrays: traced(*(arrays[n] for n in names))[OUTPUT].numpy()


def build_graph(localizer: Localizer, part: str = "all") -> Graph:
    """The computation of a localizer, or of a part of it.

    Args:
        localizer: to take it from.
        part: "all", from `image` `(H, W, 3)` uint8 RGB and `boxes` `(N, 4)` float32
            to landmarks `(N, L, 2)` in pixels of the picture, as `Localizer`; or
            "stage1", "stage2", one network, from `crops` `(N, S, S, 3)` float32 in
            [0, 255] to shape vectors `(N, 2L)` in pixels of the crop.

    Returns:
        The graph; H, W and N are dynamic, N at least 1.

    Raises:
        ValueError: for a part that the localizer does not have, or a localizer that
            another runtime than Keras runs.
    """
    stages = localizer.keras_stages
    if part != "all":
        return network_graph(stages[stage_index(localizer, part)])
    region_size = round(crops.REGION_FACTOR * stages[-1].size)

    def localize(image, boxes):
        squares = _squares(boxes, localizer.box_scale)
        wide = _squares(squares, crops.REGION_FACTOR)
        regions, to_region = graph_crops.face_regions(image, wide, region_size)
        back = geometry.invert(to_region, xp=ops)
        to_crop = geometry.crop_maps(squares, stages[0].size, xp=ops)
        maps = geometry.compose(to_crop, back, xp=ops)
        landmarks = localizer.localize(regions, maps)
        return geometry.transform(back, landmarks, xp=ops)

    image = ("image", (None, None, 3), "uint8")
    inputs = (image, ("boxes", (None, 4), "float32"))
    return Graph(localize, inputs, tuple(stage.network for stage in stages))


def stage_index(localizer: Localizer, part: str) -> int:
    """Which network of a localizer a part is, from 0.

    Raises:
        ValueError: for a part that the localizer does not have.
    """
    names = [f"stage{i}" for i in range(1, len(localizer.stages) + 1)]
    if part not in names:
        raise ValueError(
            f"Expected `part` to be one of {['all', *names]}, received {part!r}."
        )
    return names.index(part)


def network_graph(stage: Stage) -> Graph:
    """The computation of one network, see `build_graph`."""
    shape = (None, stage.size, stage.size, 3)
    return Graph(stage.run, (("crops", shape, "float32"),), (stage.network,))


def _squares(boxes, factor: float):
    """The squares of the boxes' longer sides, grown by `factor`, in the graph."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    spans = boxes[:, 2:] - boxes[:, :2]
    half = ops.max(spans, axis=1, keepdims=True) * (factor / 2)
    return ops.concatenate([centre - half, centre + half], axis=1)
