"""Following faces from frame to frame of a video."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from wingkeras import geometry
from wingkeras.imaging.images import as_image
from wingkeras.inference.faces import Faces
from wingkeras.inference.flip import MAX_FLIP_ERROR, localize_with_flip
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import LandmarkScheme
from wingkeras.video.cuts import Look, is_cut, look_of
from wingkeras.video.one_euro import OneEuroFilter

_LEAST_SIDE = 16
"""Least side of the landmarks' box, frame pixels."""

_SAME_FACE = 0.3
"""Least intersection over union at which two boxes count as one face."""


@dataclass
class Track:
    """A face that is being followed.

    Attributes:
        number: of the face, from 1 in the order of appearance; a face that was lost
            and comes back has a new one.
        landmarks: `(L, 2)` in the newest frame, filtered, frame pixels.
        smooth: the filter; see `Tracker`.

    Example:

    ```python
    (track,) = Tracker(localizer)(image, seconds=1 / 25)
    track.number, track.landmarks.shape  # (1, (68, 2))
    ```
    """

    number: int
    landmarks: np.ndarray
    smooth: Callable[[np.ndarray, float, float], np.ndarray] = field(repr=False)

    @property
    def box(self) -> np.ndarray:
        """`(4,)` the square around the landmarks, frame pixels."""
        return geometry.landmark_boxes(self.landmarks)

    def move(self, landmarks: np.ndarray, seconds: float) -> None:
        """Take the landmarks found in the next frame."""
        left, _, right, _ = geometry.landmark_boxes(landmarks)
        self.landmarks = self.smooth(landmarks, seconds, right - left)


class Tracker:
    """Follows every face by its last landmarks, and looks for new faces.

    Frame by frame, each face is localised in the box of its last landmarks. It is
    lost when its flip error exceeds `flip.MAX_FLIP_ERROR`, or when it is too small or
    outside the frame. The detector searches the first frame, then after every
    `search_interval`, whenever a face was lost, and while there is none. A cut to
    another scene ends every track: a face at the same place is then another one.

    Args:
        localizer: with its detector.
        make_filter: called without arguments for every new face; makes its filter,
            a function that takes landmarks `(L, 2)` in frame pixels, the seconds since
            the previous frame and the side of the landmarks' box in frame pixels, and
            returns landmarks. `OneEuroFilter` by default; see `unfiltered`.
        search_interval: seconds between searches for new faces.

    Example:

    ```python
    tracker = Tracker(localizer)
    for frame in image, image:
        for track in tracker(frame, seconds=1 / 25):
            print(track.number, track.box)
    ```
    """

    def __init__(
        self,
        localizer: Localizer,
        make_filter: Callable[[], Callable] = OneEuroFilter,
        search_interval: float = 0.5,
    ):
        if localizer.scheme.mirror is None:
            raise ValueError(
                "Expected a localizer whose scheme has a `mirror`: things are followed "
                "as long as their points and those of the flipped frame agree. Scheme "
                f"{localizer.scheme.name!r} has none."
            )
        self.localizer = localizer
        self.search_interval = search_interval
        self._make_filter = make_filter
        self._tracks: list[Track] = []
        self._count = 0
        self._since_search = np.inf
        self._look: Look | None = None

    def __call__(self, frame: np.ndarray, seconds: float) -> list[Track]:
        """The faces of the next frame.

        Args:
            frame: `(H, W, 3)` uint8 RGB.
            seconds: since the frame before, more than 0.

        Returns:
            The faces, those followed longest first; the same objects from call to
            call.

        Raises:
            ValueError: for a frame of another form.
        """
        frame = as_image(frame)
        look = look_of(frame)
        if self._look is not None and is_cut(self._look, look):
            self._tracks = []
        self._look = look
        before = len(self._tracks)
        self._follow(frame, seconds)
        self._since_search += seconds
        lost = len(self._tracks) < before
        if not self._tracks or lost or self._since_search >= self.search_interval:
            self._search(frame, seconds)
            self._since_search = 0.0
        return list(self._tracks)

    def _follow(self, frame: np.ndarray, seconds: float) -> None:
        boxes = np.array([track.box for track in self._tracks])
        kept: list[Track] = []
        for track, found in zip(
            self._tracks, self._localize(frame, boxes), strict=True
        ):
            if found is not None and not _is_known(found, kept):
                track.move(found, seconds)
                kept.append(track)
        self._tracks = kept

    def _search(self, frame: np.ndarray, seconds: float) -> None:
        boxes = self.localizer.find_faces(frame).boxes
        boxes = [box for box in boxes if not _overlaps(box, self._tracks)]
        found = self._localize(frame, np.array(boxes))
        # Localise again, in the boxes that the next frame will start from: a track that
        # began in the detector's box would drift in its first frames.
        boxes = [
            geometry.landmark_boxes(points) for points in found if points is not None
        ]
        for landmarks in self._localize(frame, np.array(boxes)):
            if landmarks is not None and not _is_known(landmarks, self._tracks):
                self._count += 1
                track = Track(self._count, landmarks, self._make_filter())
                track.move(landmarks, seconds)
                self._tracks.append(track)

    def _localize(self, frame: np.ndarray, boxes: np.ndarray) -> list:
        """Landmarks in each box, `None` where there is no face."""
        height, width = frame.shape[:2]
        boxes = np.reshape(boxes, (-1, 4))
        inside = geometry.inside_in_part(boxes, width, height)
        found = localize_with_flip(self.localizer, frame, boxes[inside])
        result: list = [None] * len(boxes)
        for i, points, error in zip(np.flatnonzero(inside), *found, strict=True):
            left, _, right, _ = geometry.landmark_boxes(points)
            x, y = points.mean(axis=0)
            centred = 0 <= x < width and 0 <= y < height
            large = right - left >= _LEAST_SIDE
            if error <= MAX_FLIP_ERROR and large and centred:
                result[i] = points
        return result


def as_faces(tracks: Sequence[Track], scheme: LandmarkScheme) -> Faces:
    """The faces of a frame, in the order of their tracks; their scores are NaN.

    Args:
        tracks: of the frame.
        scheme: of the localizer.

    Example:

    ```python
    openness = as_faces(tracker(frame, 1 / 25), tracker.localizer.scheme).openness()
    ```
    """
    count = len(tracks)
    landmarks = np.array([track.landmarks for track in tracks])
    boxes = np.array([track.box for track in tracks])
    return Faces(
        landmarks.reshape(count, len(scheme), 2),
        boxes.reshape(count, 4),
        np.full(count, np.nan),
        scheme,
    )


def unfiltered() -> Callable:
    """A filter for `Tracker` that returns the landmarks unchanged."""
    return lambda landmarks, seconds, side: landmarks


def _is_known(landmarks: np.ndarray, tracks: list[Track]) -> bool:
    return _overlaps(geometry.landmark_boxes(landmarks), tracks)


def _overlaps(box: np.ndarray, tracks: list[Track]) -> bool:
    return any(geometry.box_iou(box, track.box) > _SAME_FACE for track in tracks)
