"""Sample pictures, and the inputs that an exported graph gets for them.

The inputs are made by the localizer itself, so that a file is calibrated and compared
on exactly what it sees in use.
"""

import numpy as np

from wingkeras.data.faces import FaceDataset
from wingkeras.export.graphs import stage_index
from wingkeras.imaging.images import read_image
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage

Picture = tuple[np.ndarray, np.ndarray]
"""An image `(H, W, 3)` uint8 RGB and face boxes `(N, 4)` in its pixels."""

_JITTER = 0.08
"""Largest shift of a box's edge, as a fraction of the box's side."""


def pictures_of(faces: FaceDataset, count: int) -> list[Picture]:
    """Evenly spaced faces of a data set, each with its picture.

    Args:
        faces: the data set.
        count: how many faces to take; all of them where there are fewer.

    Raises:
        BrokenFileError: for a picture that cannot be decoded.
    """
    chosen = np.unique(np.linspace(0, len(faces) - 1, count).round().astype(int))
    return [(read_image(faces.images[i]), faces.boxes[i : i + 1]) for i in chosen]


def portrait(localizer: Localizer, count: int) -> list[Picture]:
    """The portrait that matplotlib ships, with `count` different boxes.

    Each is the detector's box, shifted and stretched at random by up to 8 % of its
    side.

    Raises:
        ValueError: for a model of other objects than faces.
    """
    from matplotlib.cbook import get_sample_data

    image = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
    box = localizer.find_faces(image).boxes[:1]
    noise = np.random.default_rng(0).uniform(-_JITTER, _JITTER, (count, 1, 4))
    boxes = box + noise * (box[0, 2] - box[0, 0])
    return [(image, b.astype(np.float32)) for b in boxes]


def graph_inputs(
    localizer: Localizer, stage: str, image: np.ndarray, boxes: np.ndarray
) -> dict[str, np.ndarray]:
    """The inputs that an exported graph gets for the faces of a picture.

    Args:
        localizer: the model.
        stage: see `graphs.build_graph`.
        image: `(H, W, 3)` uint8 RGB.
        boxes: `(N, 4)`, image pixels.

    Returns:
        Arrays under the names of the graph's inputs.

    Raises:
        ValueError: for a stage that the localizer does not have.
    """
    if stage == "all":
        return {"image": image, "boxes": np.asarray(boxes, np.float32)}
    index = stage_index(localizer, stage)
    seen = []

    def recording(stage: FileStage) -> FileStage:
        def run(crops):
            seen.append(crops)
            return stage.run(crops)

        return FileStage(run, stage.mean_shape, stage.size)

    stages = [recording(stage) for stage in array_stages(localizer)]
    localizer.replace(stages=stages, flip_tta=False, recrop=False)(image, boxes)
    return {"crops": seen[index]}


def array_stages(localizer: Localizer) -> list[FileStage]:
    """The networks of a localizer, as functions of arrays."""
    return [
        FileStage(lambda crops, s=s: np.asarray(s.run(crops)), s.mean_shape, s.size)
        for s in localizer.stages
    ]
