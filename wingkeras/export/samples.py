"""Inputs for exported graphs, made from pictures by the localizer's own code."""

import numpy as np

from wingkeras.data.faces import FaceDataset, read_image
from wingkeras.export.graphs import stage_index
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage

Picture = tuple[np.ndarray, np.ndarray]
"""An image `(H, W, 3)` uint8 RGB and face boxes `(N, 4)` in its pixels."""

_JITTER = 0.08


def pictures_of(faces: FaceDataset, count: int) -> list[Picture]:
    """Up to `count` faces spread over a data set, each with its picture.

    Raises:
        BrokenFileError: for a picture that cannot be decoded.
    """
    chosen = np.unique(np.linspace(0, len(faces) - 1, count).round().astype(int))
    return [(read_image(faces.images[i]), faces.boxes[i : i + 1]) for i in chosen]


def portrait(localizer: Localizer, count: int) -> list[Picture]:
    """The portrait that matplotlib brings along, `count` times.

    Its face's box, as the detector finds it, is shifted and stretched at random.
    """
    from matplotlib.cbook import get_sample_data

    image = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
    box = localizer.find_faces(image)[:1]
    noise = np.random.default_rng(0).uniform(-_JITTER, _JITTER, (count, 1, 4))
    boxes = box + noise * (box[0, 2] - box[0, 0])
    return [(image, b.astype(np.float32)) for b in boxes]


def graph_inputs(
    localizer: Localizer, part: str, image: np.ndarray, boxes: np.ndarray
) -> dict[str, np.ndarray]:
    """What `graphs.build_graph` takes for a picture, by name.

    Raises:
        ValueError: for a part that the localizer does not have.
    """
    if part == "all":
        return {"image": image, "boxes": np.asarray(boxes, np.float32)}
    index = stage_index(localizer, part)
    seen = []

    def recording(stage: FileStage) -> FileStage:
        def run(crops):
            seen.append(crops)
            return stage.run(crops)

        return FileStage(run, stage.mean_shape, stage.size)

    stages = [recording(stage) for stage in array_stages(localizer)]
    localizer.replace(stages=stages, flip_tta=False)(image, boxes)
    return {"crops": seen[index]}


def array_stages(localizer: Localizer) -> list[FileStage]:
    """The networks of a localizer as functions of arrays, whatever runs them."""
    return [
        FileStage(lambda crops, s=s: np.asarray(s.run(crops)), s.mean_shape, s.size)
        for s in localizer.stages
    ]
