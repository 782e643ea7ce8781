"""Landmarks for many picture files, on all cores: `wingkeras predict` of folders."""

from collections.abc import Collection, Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wingkeras.imaging.images import MAX_PIXELS, read_image
from wingkeras.inference import pipelined, prediction
from wingkeras.inference.cores import available_cores
from wingkeras.inference.each_picture import Picture, find_each
from wingkeras.inference.flip import localize_with_flip
from wingkeras.inference.localizer import Localizer

_MOST_KEPT = 6 << 20
"""Most bytes of a picture kept in memory for drawing; larger ones are read again."""


class Job(NamedTuple):
    """A picture file, and where its results go.

    Attributes:
        path, folder, name: see `prediction.predict_file`.
    """

    path: Path
    folder: Path
    name: str


Result = tuple[Job | None, prediction.Prediction | Exception]


def predict_files(
    localizer: Localizer,
    jobs: Iterable[Job | Exception],
    formats: Collection[str] = prediction.USUAL_FORMATS,
    flip_error: bool = False,
    max_pixels: int = MAX_PIXELS,
    draw_head_pose: bool = False,
) -> Generator[Result, None, None]:
    """Find the faces of picture files and write what was found, as `predict_file` does.

    Reading, detection, the networks and writing overlap. Every file is written whole
    or not at all, even if the process is killed.

    Args:
        localizer: with its detector.
        jobs: the pictures, taken a few ahead of the results; an exception among them
            is yielded in its turn.
        formats, flip_error, max_pixels, draw_head_pose: see `predict_file`.

    Yields:
        For each job, in order, the job and its `Prediction`, or the exception that
        `predict_file` would have raised; `None` for an exception among the jobs.

    Raises:
        ValueError: for an unknown format.
    """
    prediction.check_formats(formats)
    draws = "picture" in formats
    flips = flip_error and "json" in formats

    def read(job: Job | Exception) -> np.ndarray:
        if isinstance(job, Exception):
            raise job
        return read_image(job.path, upright=True, max_pixels=max_pixels)

    def keep(image: np.ndarray) -> bool:
        return (draws or flips) and image.nbytes <= _MOST_KEPT

    def finish(picture: Picture) -> Result:
        job = None if isinstance(picture.job, Exception) else picture.job
        if picture.error is not None:
            return job, picture.error
        try:
            return job, _write(picture)
        except Exception as error:
            return job, error

    def _write(picture: Picture) -> prediction.Prediction:
        job, image = picture.job, picture.image
        if image is None and (draws or flips):
            image = read(job)
        faces = picture.faces(localizer)
        errors = localize_with_flip(localizer, image, faces.boxes)[1] if flips else None
        found = prediction.Found(job.path, picture.shape, faces, errors)
        return prediction.write_found(
            found, image, job.folder, job.name, formats, draw_head_pose
        )

    threads = available_cores()
    with closing(find_each(localizer, jobs, read, keep)) as pictures:
        written = pipelined.in_order(finish, pictures, threads, 2 * threads)
        with closing(written):
            yield from written
