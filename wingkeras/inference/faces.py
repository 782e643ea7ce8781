"""The faces found in a picture: what a localizer returns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np

from wingkeras.head_pose import ANGLES, head_poses, is_known_for
from wingkeras.imaging.alignment import AlignedFaces, align
from wingkeras.imaging.drawing import draw_head_poses, draw_landmarks
from wingkeras.imaging.images import as_image
from wingkeras.openness import openness
from wingkeras.schemes import LandmarkScheme

_DECIMALS = 3


class Face(NamedTuple):
    """One face of a picture.

    Attributes:
        landmarks: `(L, 2)` float32, image pixels.
        box: `(4,)` float32 left, top, right, bottom, image pixels.
        score: the detector's confidence, in [0, 1]; NaN where it gives none.

    Example:

    ```python
    for landmarks, box, score in localizer.detect("photo.jpg"):
        print(score, landmarks.shape, box)
    ```
    """

    landmarks: np.ndarray
    box: np.ndarray
    score: float


@dataclass(frozen=True, eq=False, repr=False)
class Faces:
    """The faces of a picture, N of them with L landmarks each; N may be 0.

    An index gives one `Face`, as iteration does. Slices, boolean masks and lists of
    indices give `Faces`.

    Attributes:
        landmarks: `(N, L, 2)` float32, image pixels; the centre of the top-left pixel
            is (0, 0).
        boxes: `(N, 4)` float32 left, top, right, bottom, image pixels: the squares that
            the landmarks were searched in.
        scores: `(N,)` float32 in [0, 1], the detector's confidence; NaN where it gives
            none.
        scheme: of the L landmarks.

    Raises:
        ValueError: if the arrays do not fit each other or the scheme, landmarks or
            boxes are not finite, or scores lie outside [0, 1].

    Example:

    ```python
    faces = localizer.detect("group.jpg")
    sure = faces[faces.scores > 0.8]
    for face in sure:
        print(face.box, face.landmarks[30])
    picture = sure.draw("group.jpg")
    ```
    """

    landmarks: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    scheme: LandmarkScheme

    def __post_init__(self):
        for name in ("landmarks", "boxes", "scores"):
            values = np.asarray(getattr(self, name), np.float32)
            object.__setattr__(self, name, values)
        count = len(self.boxes) if self.boxes.ndim else 0
        expected = {
            "landmarks": (count, len(self.scheme), 2),
            "boxes": (count, 4),
            "scores": (count,),
        }
        for name, shape in expected.items():
            received = getattr(self, name).shape
            if received != shape:
                raise ValueError(
                    f"Expected `{name}` of shape {shape} for {count} boxes and scheme "
                    f"{self.scheme.name!r}, received {received}."
                )
        for name in ("landmarks", "boxes"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"Expected finite `{name}`, received others.")
        wrong = (self.scores < 0) | (self.scores > 1)
        if wrong.any():
            raise ValueError(
                "Expected `scores` in [0, 1], or NaN where the detector gives none; "
                f"received {self.scores[wrong][0]}."
            )

    def __len__(self) -> int:
        return len(self.boxes)

    def __iter__(self) -> Iterator[Face]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, key: int) -> Face: ...
    @overload
    def __getitem__(self, key: slice | np.ndarray | Sequence) -> "Faces": ...
    def __getitem__(self, key: Any) -> "Face | Faces":
        if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            return Face(self.landmarks[key], self.boxes[key], float(self.scores[key]))
        if not isinstance(key, slice):
            key = np.asarray(key)
            key = key if key.size else key.astype(int)
            if key.ndim != 1 or key.dtype.kind not in "iub":
                raise TypeError(
                    "Expected an index, a slice, a mask or a list of indices, received "
                    f"shape {key.shape} and dtype {key.dtype}."
                )
        parts = self.landmarks[key], self.boxes[key], self.scores[key]
        return Faces(*parts, self.scheme)

    def __repr__(self) -> str:
        noun = "face" if len(self) == 1 else "faces"
        return f"Faces({len(self)} {noun}, {len(self.scheme)} landmarks)"

    def aligned(
        self,
        image: Any,
        size: int = 112,
        shape: np.ndarray | None = None,
        margin: float = 0.25,
    ) -> AlignedFaces:
        """Upright crops of the faces, aligned with a template by a similarity.

        Args:
            image: the picture that the faces were found in; see `images.as_image`.
            size: side of the crops, pixels.
            shape: `(L, 2)` upright shape to fit to, any unit. By default the eyes, the
                nose tip and the mouth corners are fitted to the five points that
                ArcFace's recognisers expect.
            margin: of the crop around `shape`, as a share of its side, in [0, 0.5).

        Returns:
            `crops`, `(N, size, size, 3)` uint8 RGB, and `maps`, `(N, 2, 3)` from image
            pixels to crop pixels.

        Raises:
            ValueError: see `imaging.alignment.align`.

        Example:

        ```python
        faces = localizer.detect("group.jpg")
        crops, maps = faces.aligned("group.jpg")
        mean_shape = localizer.stages[-1].mean_shape
        portraits, _ = faces.aligned("group.jpg", 256, mean_shape, margin=0.2)
        ```
        """
        image = as_image(image)
        return align(image, self.landmarks, self.scheme, size, shape, margin)

    def head_pose(self) -> np.ndarray:
        """Yaw, pitch and roll of every head, from its 68 landmarks.

        Returns:
            `(N, 3)` float32, degrees; NaN outside the range of the model. See
            `wingkeras.head_pose.head_poses` for signs and range.

        Raises:
            ValueError: for another scheme than `ibug68`.

        Example:

        ```python
        faces = localizer.detect("group.jpg")
        yaw, pitch, roll = faces.head_pose().T
        ```
        """
        return head_poses(self.landmarks, self.scheme)

    def openness(self) -> dict[str, np.ndarray]:
        """How far eyes and mouth are open: the ratios known as EAR and MAR.

        Returns:
            `left_eye`, `right_eye` and `mouth`, if the scheme has the contour: `(N,)`
            float32, gap over width. See `wingkeras.openness`.

        Example:

        ```python
        faces = localizer.detect("group.jpg")
        faces.openness()["mouth"]  # one number for each face; 0 is shut
        ```
        """
        return openness(self.landmarks, self.scheme)

    def _repr_png_(self) -> bytes | None:
        """The figure that a notebook shows: the points, without the picture; or
        `None`, where the text is shown.
        """
        from wingkeras.imaging.figures import as_png, points_figure

        if not len(self):
            return None
        figure = points_figure(self.landmarks, self.boxes, self.scheme)
        figure.suptitle(repr(self), fontsize=9)
        return as_png(figure)

    def draw(self, image: Any, head_pose: bool = False) -> np.ndarray:
        """A copy of the picture with landmarks and boxes drawn in.

        Args:
            image: the picture that the faces were found in; see `images.as_image`.
            head_pose: whether to draw the axes of every head as well: where it looks
                in blue, its right-hand side in the picture in red, down in green.

        Returns:
            `(H, W, 3)` uint8 RGB.

        Raises:
            ValueError: for an image of another form; see `head_pose` too.
        """
        drawn = draw_landmarks(as_image(image), self.landmarks, self.scheme, self.boxes)
        if head_pose:
            drawn = draw_head_poses(drawn, self.landmarks, self.head_pose())
        return drawn

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values, rounded to a thousandth; a score may be `None`, for NaN.

        Returns:
            `scheme`, its name; and `faces`, a list with the `box`, the `score` and the
            `landmarks` of each face; for 68 points also its `head_pose` (`yaw`, `pitch`
            and `roll`); and the `openness` of the parts whose contours the scheme has.
        """
        faces: list[dict[str, Any]] = [
            {
                "box": _as_json(face.box),
                "score": _as_json(face.score),
                "landmarks": _as_json(face.landmarks),
            }
            for face in self
        ]
        if is_known_for(self.scheme):
            for face, angles in zip(faces, self.head_pose(), strict=True):
                face["head_pose"] = dict(zip(ANGLES, _as_json(angles), strict=True))
        for part, values in self.openness().items():
            for face, value in zip(faces, values, strict=True):
                face.setdefault("openness", {})[part] = _as_json(value)
        return {"scheme": self.scheme.name, "faces": faces}


def _as_json(values: np.ndarray | float) -> Any:
    if isinstance(values, np.ndarray):
        return [_as_json(part) for part in values]
    # As float64: a float32 of 0.1 would be written as 0.10000000149.
    return round(float(values), _DECIMALS) if np.isfinite(values) else None
