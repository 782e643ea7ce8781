"""Many pictures at once: reading, detection, crops and networks overlap.

Pictures are prepared in one thread per core, as decoders and OpenCV release Python's
global lock while they work. Meanwhile the networks run in further threads, each on the
faces of several pictures and on one core: this costs less than spreading one call over
all cores. Keras uses all cores by itself, and gets one thread. The number of pictures
in memory is bounded, and results keep the order of the pictures.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from wingkeras.imaging.images import as_image
from wingkeras.inference import batches
from wingkeras.inference.calibration import CalibratedDetector
from wingkeras.inference.cores import available_cores
from wingkeras.inference.detections import Detections
from wingkeras.inference.sharing import Exclusive

T = TypeVar("T")
R = TypeVar("R")


class Searcher(batches.RegionLocalizer, Protocol):
    """The part of a `Localizer` that this module needs: it also finds faces.

    Attributes:
        detector: see `Localizer`.
    """

    @property
    def detector(self) -> Any:
        """See `Localizer.detector`."""
        ...

    @property
    def in_streams(self) -> Any:
        """See `Localizer.in_streams`."""
        ...

    def find_faces(self, image: Any) -> Detections:
        """See `Localizer.find_faces`."""
        ...


class Searched(NamedTuple):
    """A picture that is ready for the networks.

    Attributes:
        faces: the detector's boxes and scores.
        regions: the face regions.
    """

    faces: Detections
    regions: batches.PictureRegions


def search(localizer: Searcher, image: np.ndarray) -> Searched:
    """The faces of an `(H, W, 3)` uint8 RGB picture, ready for the networks."""
    faces = localizer.find_faces(image)
    return Searched(faces, batches.cut_regions(localizer, image, faces.boxes))


def preparing_threads(localizer: Searcher) -> int:
    """How many threads may search pictures at a time.

    A detector of the caller's own gets one thread, as it may not be safe to share.
    """
    ours = isinstance(localizer.detector, CalibratedDetector)
    return available_cores() if ours else 1


def in_order(
    function: Callable[[T], R], items: Iterable[T], threads: int, ahead: int
) -> Generator[R, None, None]:
    """Results of a function for items, in their order, computed by several threads.

    Args:
        function: called with every item.
        items: taken by the caller's thread, as they are needed.
        threads: how many threads call the function.
        ahead: how many items are taken before the first result is awaited.

    Raises:
        Exception: that of the function, in its turn, or that of `items`. Items not yet
            begun are then dropped, as they are when the iterator is closed.
    """
    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="wingkeras")
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def grouped(
    items: Iterable[T], faces: Callable[[T], int], batch_size: int
) -> Iterator[list[T]]:
    """Groups of about `batch_size` faces, and of at most as many pictures."""
    group: list[T] = []
    total = 0
    for item in items:
        group.append(item)
        total += faces(item)
        if max(total, len(group)) >= batch_size:
            yield group
            group, total = [], 0
    if group:
        yield group


def localize_groups(
    function: Callable[[Any, list[T]], R],
    localizer: Searcher,
    groups: Iterable[list[T]],
) -> Generator[R, None, None]:
    """Results of a function for groups of pictures, in their order.

    Args:
        function: takes the localizer and a group; called by several threads where the
            localizer allows it.
        localizer: passed as it is with the first group, and with its networks in
            streams after that: streams are loaded only for more than one group.
        groups: of pictures.
    """
    streams = Exclusive(lambda: localizer.in_streams)

    def localize(numbered: tuple[int, list[T]]) -> R:
        number, group = numbered
        if number == 0:
            return function(localizer, group)
        with streams.use() as many:
            pass
        return function(many, group)

    by_keras = localizer.stages[0].runtime == "keras"
    threads = 1 if by_keras else available_cores()
    return in_order(localize, enumerate(groups), threads, threads + 1)


def detect_all(
    localizer: Searcher, images: Iterable[Any], batch_size: int
) -> Iterator[tuple[Detections, np.ndarray]]:
    """Boxes, scores and landmarks of every picture; see `Localizer.detect_batch`."""

    def prepare(given: Any) -> Searched:
        return search(localizer, as_image(given))

    def localize(each: Searcher, group: list[Searched]):
        regions = [searched.regions for searched in group]
        landmarks = batches.localize(each, regions, batch_size)
        faces = [searched.faces for searched in group]
        return list(zip(faces, landmarks, strict=True))

    threads = preparing_threads(localizer)
    with closing(in_order(prepare, images, threads, 2 * threads)) as searched:
        groups = grouped(searched, lambda each: len(each.faces.boxes), batch_size)
        with closing(localize_groups(localize, localizer, groups)) as localized:
            for found in localized:
                yield from found
