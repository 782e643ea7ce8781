"""Landmarks for many picture files, on all cores: `wingkeras predict` of folders."""

import itertools
from collections.abc import Collection, Generator, Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wingkeras.imaging.images import MAX_PIXELS, read_image
from wingkeras.inference import batches, pipelined, prediction
from wingkeras.inference.cores import available_cores
from wingkeras.inference.faces import Faces
from wingkeras.inference.flip import localize_with_flip
from wingkeras.inference.localizer import Localizer

BATCH_SIZE = 8
"""Faces, or pictures, that go through the networks at a time."""

_MOST_KEPT = 6 << 20
"""Bytes of a picture that is kept until it is drawn on; larger ones are read again."""


class Job(NamedTuple):
    """A picture file, and where its results go.

    Attributes:
        path, folder, name: see `prediction.predict_file`.
    """

    path: Path
    folder: Path
    name: str


Result = tuple[Job | None, prediction.Prediction | Exception]


class _Picture(NamedTuple):
    """A picture on its way, as far as it has come; one that failed has an error."""

    job: Any
    shape: tuple[int, ...] = ()
    image: np.ndarray | None = None
    searched: Any = None
    landmarks: Any = None
    error: Exception | None = None

    @property
    def faces(self) -> int:
        return 0 if self.error else len(self.searched.faces.boxes)


def predict_files(
    localizer: Localizer,
    jobs: Iterable[Job | Exception],
    formats: Collection[str] = prediction.USUAL_FORMATS,
    flip_error: bool = False,
    max_pixels: int = MAX_PIXELS,
    draw_head_pose: bool = False,
) -> Generator[Result, None, None]:
    """Find the faces of picture files and write what was found, as `predict_file` does.

    Reading, detection, the networks and writing overlap; every file is written whole
    or not at all, whenever the process is killed.

    Args:
        localizer: with its detector.
        jobs: the pictures, taken a few ahead of the results; an exception among them
            is passed on in its turn.
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

    def prepare(job: Job | Exception) -> _Picture:
        if isinstance(job, Exception):
            return _Picture(None, error=job)
        try:
            image = read_image(job.path, upright=True, max_pixels=max_pixels)
            searched = pipelined.search(localizer, image)
        except Exception as error:
            return _Picture(job, error=error)
        kept = (draws or flips) and image.nbytes <= _MOST_KEPT
        return _Picture(job, image.shape, image if kept else None, searched)

    def finish(
        picture: _Picture,
    ) -> tuple[Job | None, prediction.Prediction | Exception]:
        if picture.error is not None:
            return picture.job, picture.error
        try:
            return picture.job, _write(picture)
        except Exception as error:
            return picture.job, error

    def _write(picture: _Picture) -> prediction.Prediction:
        job, image = picture.job, picture.image
        if image is None and (draws or flips):
            image = read_image(job.path, upright=True, max_pixels=max_pixels)
        boxes, scores = picture.searched.faces
        faces = Faces(picture.landmarks, boxes, scores, localizer.scheme)
        errors = localize_with_flip(localizer, image, faces.boxes)[1] if flips else None
        found = prediction.Found(job.path, picture.shape, faces, errors)
        return prediction.write_found(
            found, image, job.folder, job.name, formats, draw_head_pose
        )

    with ExitStack() as stack:

        def closed(results):
            return stack.enter_context(closing(results))

        threads = pipelined.preparing_threads(localizer)
        pictures = closed(pipelined.in_order(prepare, jobs, threads, 2 * threads))
        groups = pipelined.grouped(pictures, lambda each: each.faces, BATCH_SIZE)
        localized = closed(pipelined.localize_groups(_localize, localizer, groups))
        each = itertools.chain.from_iterable(localized)
        threads = available_cores()
        yield from closed(pipelined.in_order(finish, each, threads, 2 * threads))


def _localize(localizer: Localizer, group: list[_Picture]) -> list[_Picture]:
    """The pictures of a group with their landmarks."""
    sound = [picture for picture in group if picture.error is None]
    try:
        regions = [picture.searched.regions for picture in sound]
        landmarks = batches.localize(localizer, regions, BATCH_SIZE)
    except Exception as error:
        if len(group) == 1:
            return [group[0]._replace(error=error)]
        # One by one, only the picture that is at fault fails.
        return [found for picture in group for found in _localize(localizer, [picture])]
    answers = iter(landmarks)
    return [
        each if each.error else each._replace(landmarks=next(answers)) for each in group
    ]
