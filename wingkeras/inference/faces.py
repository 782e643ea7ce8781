"""The faces found in a picture: what a localizer returns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np

from wingkeras.imaging.drawing import draw_landmarks
from wingkeras.imaging.images import as_image
from wingkeras.schemes import LandmarkScheme

_DECIMALS = 3


class Face(NamedTuple):
    """One face of a picture.

    Attributes:
        landmarks: `(L, 2)` float32, image pixels.
        box: `(4,)` float32 left, top, right, bottom, image pixels.
        score: of the detector, in [0, 1]; NaN where it gives none.

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

    An index gives one `Face`, as iterating does. Slices, boolean masks and lists of
    indices give `Faces`.

    Attributes:
        landmarks: `(N, L, 2)` float32, image pixels; the centre of the top-left pixel
            is (0, 0).
        boxes: `(N, 4)` float32 left, top, right, bottom, image pixels: the squares that
            the landmarks were searched in.
        scores: `(N,)` float32, of the detector, in [0, 1]; NaN where it gives none.
        scheme: which L points these are.

    Raises:
        ValueError: for arrays that do not fit each other or the scheme, and scores
            outside [0, 1].

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

    def draw(self, image: Any) -> np.ndarray:
        """A copy of the picture with landmarks and boxes drawn in.

        Args:
            image: the picture that the faces were found in; see `images.as_image`.

        Returns:
            `(H, W, 3)` uint8 RGB.
        """
        return draw_landmarks(as_image(image), self.landmarks, self.scheme, self.boxes)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values, rounded to a thousandth; `None` stands for NaN.

        Returns:
            `scheme`, its name; and `faces`, a list with the `box`, the `score` and the
            `landmarks` of each.
        """
        faces = [
            {
                "box": _as_json(face.box),
                "score": _as_json(face.score),
                "landmarks": _as_json(face.landmarks),
            }
            for face in self
        ]
        return {"scheme": self.scheme.name, "faces": faces}


def _as_json(values: np.ndarray | float) -> Any:
    if isinstance(values, np.ndarray):
        return [_as_json(part) for part in values]
    # As a float of 64 bits: 0.1 in 32 would be written as 0.10000000149.
    return round(float(values), _DECIMALS) if np.isfinite(values) else None
