"""The faces of many pictures: one result for each, also where a picture fails."""

import itertools
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

import numpy as np

from wingkeras.inference import batches, pipelined
from wingkeras.inference.faces import Faces
from wingkeras.inference.localizer import Localizer

BATCH_SIZE = 8
"""Number of faces, or of pictures, that go through the networks at a time."""


class Picture(NamedTuple):
    """A picture being processed, with the results so far.

    Attributes:
        job: the job that it was read from.
        shape: height first.
        image: `(H, W, 3)` uint8 RGB, if it is still needed.
        searched: boxes and regions of its faces.
        landmarks: `(N, L, 2)` float32, image pixels.
        error: what went wrong with it, if anything did.
    """

    job: Any
    shape: tuple[int, ...] = ()
    image: np.ndarray | None = None
    searched: Any = None
    landmarks: Any = None
    error: Exception | None = None

    def faces(self, localizer: Localizer) -> Faces:
        """The faces that the localizer has found."""
        boxes, scores = self.searched.faces
        return Faces(self.landmarks, boxes, scores, localizer.scheme)


def find_each(
    localizer: Localizer,
    jobs: Iterable[Any],
    read: Callable[[Any], np.ndarray],
    keep: Callable[[np.ndarray], bool] = lambda image: False,
) -> Generator[Picture, None, None]:
    """Find the faces of pictures; reading, detection and networks overlap.

    Args:
        localizer: with its detector.
        jobs: from which `read` makes the pictures; taken a few ahead of the results.
        read: from a job to an `(H, W, 3)` uint8 RGB picture, called by several threads.
        keep: whether the result must hold the pixels of the picture.

    Yields:
        For each job, in order, what was found, or the error of that picture.
    """

    def prepare(job: Any) -> Picture:
        try:
            image = read(job)
            searched = pipelined.search(localizer, image)
        except Exception as error:
            return Picture(job, error=error)
        return Picture(job, image.shape, image if keep(image) else None, searched)

    with ExitStack() as stack:

        def closed(results):
            return stack.enter_context(closing(results))

        threads = pipelined.preparing_threads(localizer)
        pictures = closed(pipelined.in_order(prepare, jobs, threads, 2 * threads))
        groups = pipelined.grouped(pictures, _count, BATCH_SIZE)
        localized = closed(pipelined.localize_groups(_localize, localizer, groups))
        yield from itertools.chain.from_iterable(localized)


def _count(picture: Picture) -> int:
    return 0 if picture.error else len(picture.searched.faces.boxes)


def _localize(localizer: Localizer, group: list[Picture]) -> list[Picture]:
    """The pictures of a group, with their landmarks added."""
    sound = [picture for picture in group if picture.error is None]
    try:
        regions = [picture.searched.regions for picture in sound]
        landmarks = batches.localize(localizer, regions, BATCH_SIZE)
    except Exception as error:
        if len(group) == 1:
            return [group[0]._replace(error=error)]
        # One by one, so that only the faulty picture fails.
        return [found for picture in group for found in _localize(localizer, [picture])]
    answers = iter(landmarks)
    return [
        each if each.error else each._replace(landmarks=next(answers)) for each in group
    ]
