"""Comparing the landmarks of an exported file with those of Keras."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.evaluation import evaluate
from wingkeras.export.graphs import build_graph, stage_index
from wingkeras.export.processor import int8_instructions
from wingkeras.export.samples import Picture, array_stages, graph_inputs
from wingkeras.export.timing import median_ms
from wingkeras.inference import runtimes
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import LandmarkScheme

TOLERANCES = {None: 0.02, "fp16": 0.05}
"""Largest difference of a landmark that passes, by quantization, pixels of a last crop
of up to 64 px; in proportion to its side for a larger one.

Without quantization most landmarks differ by 0.001 px. The largest difference among the
554 faces of the 300-W common subset is 0.013 px. It comes from grey levels close to a
half, of which a region of 256 px has some dozens: OpenCV may round one up where the
file rounds it down. A region of 384 px has hundreds; `unet_300w`, which takes a crop of
192 px from it, moves one landmark of a portrait by 0.047 px.
"""

INT8_TOLERANCE = 0.1
"""Largest increase of the NME that passes, percentage points."""

_SECONDS = 0.3


@dataclass(frozen=True)
class Parity:
    """The comparison of a file with Keras.

    Attributes:
        file: its path.
        runtime: what ran the file.
        stage: see `graphs.build_graph`.
        quantize: see `conversion.convert`.
        bytes: size of the file.
        faces: number of faces whose landmarks were compared.
        crop_px: side of the last crop, pixels.
        largest_px: largest distance between a landmark of the file and the same
            landmark of Keras, pixels of the last crop.
        mean_px: mean of these distances.
        keras_ms: median time that Keras takes for the first picture, milliseconds.
        file_ms: median time that the file takes for it, milliseconds.
        keras_nme_percent: NME of Keras on annotated faces, see `metrics.nme`; `None`
            without annotated faces.
        file_nme_percent: NME of the file on the same faces.
        instruction_set: what the processor offers for int8, see
            `processor.int8_instructions`; `None` where that is not known.
    """

    file: str
    runtime: str
    stage: str
    quantize: str | None
    bytes: int
    faces: int
    crop_px: int
    largest_px: float
    mean_px: float
    keras_ms: float
    file_ms: float
    keras_nme_percent: float | None = None
    file_nme_percent: float | None = None
    instruction_set: str | None = None

    @property
    def within_tolerance(self) -> bool | None:
        """Whether the file may stand in for the model.

        An int8 file is judged by its NME: `None` if that was not measured.
        """
        if self.quantize != "int8":
            return self.largest_px <= self._allowed_px
        if self.file_nme_percent is None or self.keras_nme_percent is None:
            return None
        return self.file_nme_percent - self.keras_nme_percent <= INT8_TOLERANCE

    @property
    def _allowed_px(self) -> float:
        return TOLERANCES[self.quantize] * max(1, self.crop_px / 64)

    @property
    def verdict(self) -> str:
        """The verdict in a sentence, with the numbers that decide it."""
        if self.quantize == "int8":
            if self.file_nme_percent is None or self.keras_nme_percent is None:
                return (
                    f"{self.file} was not judged: an int8 file is judged by its NME on "
                    "annotated faces, and there were none."
                )
            increase = self.file_nme_percent - self.keras_nme_percent
            found = f"raises the NME by {increase:.3f} percentage points"
            limit = f"{INT8_TOLERANCE} are allowed"
            if self.instruction_set:
                limit += f"; measured on a processor with {self.instruction_set}"
        else:
            found = f"moves a landmark by {self.largest_px:.3f} px of the crop"
            limit = f"{self._allowed_px:g} px are allowed"
        return f"{self.file} {found}, and {limit}."

    def report(self) -> dict:
        """The comparison as JSON-ready values, the verdict included."""
        verdict = {"within_tolerance": self.within_tolerance, "verdict": self.verdict}
        return dataclasses.asdict(self) | verdict


@dataclass(frozen=True)
class ExportedLocalizer:
    """A whole localizer in one file, called as a `Localizer` is."""

    run: Callable[..., np.ndarray]
    scheme: LandmarkScheme
    flip_tta: bool

    def __call__(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """See `Localizer.__call__`."""
        return self.run(image=image, boxes=np.asarray(boxes, np.float32))

    def localize_batch(self, pictures: Iterable[Picture]) -> Iterator[np.ndarray]:
        """See `Localizer.localize_batch`; the file takes one picture at a time."""
        for image, boxes in pictures:
            if len(boxes):
                yield self(image, boxes)
            else:
                yield np.zeros((0, len(self.scheme), 2), np.float32)


def compare(
    localizer: Localizer,
    path: str | Path,
    stage: str,
    quantize: str | None,
    pictures: Sequence[Picture],
    faces: FaceDataset | None = None,
) -> Parity:
    """Run a file and Keras on the same faces.

    Args:
        localizer: the model, run by Keras.
        path: the file that `conversion.convert` wrote for it.
        stage: what the file computes, see `graphs.build_graph`. If that is a single
            network, Keras runs the other networks.
        quantize: how the file was converted.
        pictures: the faces whose landmarks are compared.
        faces: annotated faces for the NME of both; none by default.

    Returns:
        The comparison.

    Raises:
        ValueError, ImportError, FileNotFoundError: see `runtimes.load_file`.
        FloatingPointError: if landmarks of the file or of Keras are not finite.
    """
    path = Path(path)
    run = runtimes.load_file(path)
    localizer = localizer.replace(recrop=False)  # not part of a file
    exported = _localizer_with_file(run, localizer, stage)
    distances = []
    for image, boxes in pictures:
        landmarks = localizer(image, boxes)
        found = exported(image, boxes)
        if not np.isfinite(found).all():
            raise FloatingPointError(
                f"Expected finite landmarks, {path} gave others. Convert it again."
            )
        shifts = np.linalg.norm(found - landmarks, axis=-1)
        distances.append(shifts * _crop_scales(localizer, landmarks))
    distances = np.concatenate(distances)
    errors = (None, None)
    if faces is not None:
        errors = (_nme_percent(model, faces) for model in (localizer, exported))
    keras_nme, file_nme = errors
    inputs = graph_inputs(localizer, stage, *pictures[0])
    keras_run = localizer if stage == "all" else build_graph(localizer, stage).compile()
    return Parity(
        file=str(path),
        runtime=runtimes.default(path),
        stage=stage,
        quantize=quantize,
        bytes=path.stat().st_size,
        faces=len(distances),
        crop_px=localizer.stages[-1].size,
        largest_px=round(float(distances.max()), 5),
        mean_px=round(float(distances.mean()), 5),
        keras_ms=round(median_ms(partial(keras_run, **inputs), _SECONDS), 3),
        file_ms=round(median_ms(partial(run, **inputs), _SECONDS), 3),
        keras_nme_percent=keras_nme,
        file_nme_percent=file_nme,
        instruction_set=int8_instructions(),
    )


def _localizer_with_file(run, localizer: Localizer, stage: str):
    """The localizer with its computation, or one network, replaced by the file."""
    if stage == "all":
        return ExportedLocalizer(run, localizer.scheme, localizer.flip_tta)
    stages, index = array_stages(localizer), stage_index(localizer, stage)
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
