"""The computation of an exported file: a whole localizer, or one of its networks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from wingkeras import geometry
from wingkeras.imaging import crops, graph_crops
from wingkeras.inference import keras_stages
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer

ops: Any = keras.ops  # whose functions are declared to return `None` as well

OUTPUT = "landmarks"
"""Name of the one output of every file."""

Shape = tuple[int | str, ...]

_ANY_BOX = [[0.0, 0.0, 1.0, 1.0]]


@dataclass(frozen=True)
class Graph:
    """A computation to export.

    Attributes:
        function: of tensors, in `keras.ops`.
        inputs: name, shape and dtype of each. Dimensions that may change from call to
            call have a name instead of a number.
        output: shape of the one output, in the same way.
        networks: the networks inside.

    Example:

    ```python
    run = build_graph(localizer, "stage1").compile()
    run(crops=np.zeros((1, 64, 64, 3), np.float32)).shape  # (1, 136)
    ```
    """

    function: Callable
    inputs: tuple[tuple[str, Shape, str], ...]
    output: Shape
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

        signature = [
            tf.TensorSpec(
                [None if isinstance(side, str) else side for side in shape], dtype, name
            )
            for name, shape, dtype in self.inputs
        ]
        return tf.function(
            lambda *inputs: {OUTPUT: self.function(*inputs)}, input_signature=signature
        )

    def compile(self) -> Callable[..., np.ndarray]:
        """As a function of arrays by name, like a file's (`runtimes.load_file`)."""
        traced, names = self.trace(), [name for name, _, _ in self.inputs]
        return lambda **arrays: traced(*(arrays[n] for n in names))[OUTPUT].numpy()


def build_graph(localizer: Localizer, stage: str = "all") -> Graph:
    """The computation of a whole localizer, or of one network.

    Args:
        localizer: to take it from.
        stage: "all", from `image` `(H, W, 3)` uint8 RGB and `boxes` `(N, 4)` float32
            to landmarks `(N, L, 2)` in pixels of the picture, as `Localizer`; or
            "stage1", "stage2", one network, from `crops` `(N, S, S, 3)` float32 in
            [0, 255] to shape vectors `(N, 2L)` in pixels of the crop.

    Returns:
        The graph; H, W and N may change from call to call. The whole localizer gives
        no landmarks for no boxes; a single network needs at least one crop.

    Raises:
        ValueError: for a stage that the localizer does not have, or a localizer that
            another runtime than Keras runs.

    Example:

    ```python
    graph = build_graph(localizer)
    [name for name, shape, dtype in graph.inputs]  # ["image", "boxes"]
    ```
    """
    stages = localizer.keras_stages
    if stage != "all":
        return network_graph(stages[stage_index(localizer, stage)])
    region_size = localizer.region_size

    def localize(image, boxes):
        count = ops.shape(boxes)[0]
        # Runtimes handle empty tensors differently, so a picture without faces gets a
        # dummy face, which the end of the graph removes.
        spare = ops.convert_to_tensor(_ANY_BOX, "float32")[: 1 - ops.minimum(count, 1)]
        boxes = ops.concatenate([boxes, spare], axis=0)
        # In the same steps as on the host: sides of regions are rounded, and another
        # order of operations may give a value on the other side of a half.
        squares = geometry.square_boxes(boxes, ops)
        crop_boxes = geometry.scale_boxes(squares, localizer.box_scale, ops)
        wide = geometry.scale_boxes(crop_boxes, crops.REGION_FACTOR, ops)
        regions, to_region = graph_crops.face_regions(image, wide, region_size)
        back = geometry.invert(to_region, xp=ops)
        to_crop = geometry.crop_maps(crop_boxes, stages[0].size, xp=ops)
        maps = geometry.compose(to_crop, back, xp=ops)
        landmarks = keras_stages.localize_regions(
            stages, regions, maps, localizer.flip_scheme
        )
        return geometry.transform(back, landmarks, xp=ops)[:count]

    image = ("image", ("height", "width", 3), "uint8")
    inputs = (image, ("boxes", ("faces", 4), "float32"))
    output = ("faces", len(localizer.scheme), 2)
    return Graph(localize, inputs, output, tuple(s.network for s in stages))


def stage_index(localizer: Localizer, stage: str) -> int:
    """The index of a network by its name: 0 for "stage1".

    Raises:
        ValueError: for a stage that the localizer does not have.
    """
    names = [f"stage{i}" for i in range(1, len(localizer.stages) + 1)]
    if stage not in names:
        raise ValueError(
            f"Expected `stage` to be one of {['all', *names]}, received {stage!r}."
        )
    return names.index(stage)


def network_graph(stage: KerasStage) -> Graph:
    """The computation of one network, see `build_graph`."""
    crop = ("crops", ("faces", stage.size, stage.size, 3), "float32")
    output = ("faces", 2 * stage.num_landmarks)
    return Graph(stage.run, (crop,), output, (stage.network,))
