"""Does an exported file compute what Keras does?"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.evaluation import evaluate
from wingkeras.export.graphs import build_graph, stage_index
from wingkeras.export.samples import Picture, array_stages, graph_inputs
from wingkeras.export.timing import median_ms
from wingkeras.inference import runtimes
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import LandmarkScheme

TOLERANCES = {None: 0.02, "fp16": 0.05}
"""Largest difference of a landmark by quantization, pixels of the crop.

Without quantization most faces differ by a thousandth. The largest differences, 0.013
px among the 554 faces of the 300-W common subset, come of grey levels near a half, of
which a region of 256 px has some dozens: OpenCV may round one up and the file down.
"""

INT8_TOLERANCE = 0.1
"""Largest increase of the inter-ocular error, points of percent."""

_SECONDS = 0.3


@dataclass(frozen=True)
class Parity:
    """How a file compares with Keras.

    Attributes:
        file: its path.
        runtime: what ran it.
        part: see `graphs.build_graph`.
        quantize: see `conversion.convert`.
        bytes: size of the file.
        faces: on how many the landmarks were compared.
        largest_px: largest difference of a landmark, pixels of the last crop.
        mean_px: mean of the same.
        keras_ms: time that Keras takes for the faces of the first picture, median,
            milliseconds.
        file_ms: time that the file takes for them.
        keras_nme_percent: error on annotated faces, see `metrics.nme`; `None` if
            there were none.
        file_nme_percent: the same of the file.
    """

    file: str
    runtime: str
    part: str
    quantize: str | None
    bytes: int
    faces: int
    largest_px: float
    mean_px: float
    keras_ms: float
    file_ms: float
    keras_nme_percent: float | None = None
    file_nme_percent: float | None = None

    @property
    def within_tolerance(self) -> bool | None:
        """Whether the file may pass for the model.

        `None` for an int8 file, which is judged by its error, if none was measured.
        """
        if self.quantize != "int8":
            return self.largest_px <= TOLERANCES[self.quantize]
        if self.file_nme_percent is None:
            return None
        return self.file_nme_percent - self.keras_nme_percent <= INT8_TOLERANCE

    def report(self) -> dict:
        """JSON-ready, the verdict included."""
        return {**dataclasses.asdict(self), "within_tolerance": self.within_tolerance}


@dataclass(frozen=True)
class ExportedLocalizer:
    """A whole localizer in one file, called like a `Localizer`."""

    run: Callable[..., np.ndarray]
    scheme: LandmarkScheme
    flip_tta: bool

    def __call__(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """See `Localizer.__call__`."""
        return self.run(image=image, boxes=np.asarray(boxes, np.float32))


def compare(
    localizer: Localizer,
    path: str | Path,
    part: str,
    quantize: str | None,
    pictures: Sequence[Picture],
    faces: FaceDataset | None = None,
) -> Parity:
    """Run a file beside Keras on the same faces.

    Args:
        localizer: run by Keras.
        path: what `conversion.convert` made of it.
        part: which part of it that is; Keras computes the others.
        quantize: how it was converted.
        pictures: where the landmarks are compared.
        faces: annotated faces, where the errors are.

    Returns:
        The comparison.

    Raises:
        ValueError, ImportError, FileNotFoundError: see `runtimes.load_file`.
    """
    path = Path(path)
    run = runtimes.load_file(path)
    exported = _around(run, localizer, part)
    distances = []
    for image, boxes in pictures:
        landmarks = localizer(image, boxes)
        shifts = np.linalg.norm(exported(image, boxes) - landmarks, axis=-1)
        distances.append(shifts * _crop_scales(localizer, landmarks))
    distances = np.concatenate(distances)
    errors = (None, None)
    if faces is not None:
        errors = (_nme_percent(model, faces) for model in (localizer, exported))
    keras_nme, file_nme = errors
    inputs = graph_inputs(localizer, part, *pictures[0])
    keras_run = localizer if part == "all" else build_graph(localizer, part).compile()
    return Parity(
        file=str(path),
        runtime=runtimes.default(path),
        part=part,
        quantize=quantize,
        bytes=path.stat().st_size,
        faces=len(distances),
        largest_px=round(float(distances.max()), 5),
        mean_px=round(float(distances.mean()), 5),
        keras_ms=round(median_ms(partial(keras_run, **inputs), _SECONDS), 3),
        file_ms=round(median_ms(partial(run, **inputs), _SECONDS), 3),
        keras_nme_percent=keras_nme,
        file_nme_percent=file_nme,
    )


def _around(run, localizer: Localizer, part: str):
    if part == "all":
        return ExportedLocalizer(run, localizer.scheme, localizer.flip_tta)
    stages, index = array_stages(localizer), stage_index(localizer, part)
    stages[index] = dataclasses.replace(
        stages[index], run=lambda crops: run(crops=crops)
    )
    return localizer.replace(stages=stages)


def _crop_scales(localizer: Localizer, landmarks: np.ndarray) -> np.ndarray:
    """`(N, 1)` pixels of the last crop per pixel of the picture."""
    last = localizer.stages[-1]
    maps = geometry.fit_similarity(landmarks, last.mean_shape)
    return np.hypot(maps[:, 0, 0], maps[:, 1, 0])[:, None]


def _nme_percent(localizer, faces: FaceDataset) -> float:
    evaluation = evaluate(localizer, faces)
    return evaluation.summary()[next(iter(evaluation.errors))]["nme_percent"]
