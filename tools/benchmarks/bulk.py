"""How many pictures go through in a second: stage by stage, one by one, together."""

import dataclasses
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wingkeras.geometry import to_shape_vectors
from wingkeras.imaging.images import read_image
from wingkeras.inference import many_files, prediction
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage


class Rate(NamedTuple):
    """A measurement.

    Attributes:
        pictures_per_second: of the clock.
        cores: used on average: processor time over time of the clock.
    """

    pictures_per_second: float
    cores: float


def measure(localizer: Localizer, paths: Sequence[Path], seconds: float = 0) -> dict:
    """Rates of the stages alone, of files one by one and of the pipeline.

    Args:
        localizer: with its detector, run from files.
        paths: of the pictures.
        seconds: how long to repeat each measurement at least.

    Returns:
        Under "rates" a `Rate` for each of: "read", "detect", "crops" (a call with the
        networks left out), "networks" (alone, picture by picture), "one by one" and
        "pipeline" (files to JSON files), ready for JSON.
    """
    images = [read_image(path, upright=True) for path in paths]
    boxes = [localizer.find_faces(image).boxes for image in images]
    without_networks = localizer.replace(stages=[*map(_answering, localizer.stages)])
    inputs = [_inputs(localizer, *each) for each in zip(images, boxes, strict=True)]

    def read() -> None:
        for path in paths:
            read_image(path, upright=True)

    def detect() -> None:
        for image in images:
            localizer.find_faces(image)

    def crop() -> None:
        for image, own in zip(images, boxes, strict=True):
            without_networks(image, own)

    def networks() -> None:
        for picture in inputs:
            for run, crops in picture:
                run(crops)

    steps = {"read": read, "detect": detect, "crops": crop, "networks": networks}
    rates = {name: _rate(step, len(paths), seconds) for name, step in steps.items()}
    with tempfile.TemporaryDirectory() as folder:
        jobs = [
            many_files.Job(path, Path(folder), f"{number}")
            for number, path in enumerate(paths)
        ]

        def one_by_one() -> None:
            for job in jobs:
                prediction.predict_file(localizer, *job, formats=["json"])

        def together() -> None:
            for _, result in many_files.predict_files(localizer, jobs, ["json"]):
                if isinstance(result, Exception):
                    raise result

        rates["one by one"] = _rate(one_by_one, len(paths), seconds)
        alone = _contents(folder)
        rates["pipeline"] = _rate(together, len(paths), seconds)
        same = _contents(folder) == alone
    gain = rates["pipeline"].pictures_per_second / rates["one by one"][0]
    return {
        "pictures": len(paths),
        "megapixels": round(sum(x.size for x in images) / 3e6 / len(images), 2),
        "faces": sum(map(len, boxes)),
        "rates": {name: rate._asdict() for name, rate in rates.items()},
        "pipeline_over_one_by_one": round(gain, 2),
        "same_files": same,
    }


def _inputs(localizer: Localizer, image, boxes) -> list[tuple[Callable, np.ndarray]]:
    """What a call gives to each network."""
    given = []

    def recording(stage):
        def run(crops):
            given.append((stage.run, crops))
            return stage.run(crops)

        return dataclasses.replace(stage, run=run)

    localizer.replace(stages=[*map(recording, localizer.stages)])(image, boxes)
    return given


def _answering(stage: FileStage) -> FileStage:
    """A stage that has found its mean shape before it has begun."""
    answer = to_shape_vectors(stage.mean_shape[None])
    return dataclasses.replace(stage, run=lambda crops: answer.repeat(len(crops), 0))


def _rate(step: Callable[[], None], pictures: int, seconds: float) -> Rate:
    step()
    start, processor, count = time.perf_counter(), time.process_time(), 0
    while not count or time.perf_counter() < start + seconds:
        step()
        count += 1
    clock = time.perf_counter() - start
    cores = (time.process_time() - processor) / clock
    return Rate(round(count * pictures / clock, 1), round(cores, 2))


def _contents(folder: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in Path(folder).iterdir()}
