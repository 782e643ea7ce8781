"""Faces with their landmarks: returned by every loader, and used for training."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from wingkeras import geometry
from wingkeras.data.splitting import hold_out, join_pictures
from wingkeras.schemes import LandmarkScheme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SUBSETS_SHOWN = 4


@dataclass(frozen=True, eq=False, repr=False)
class FaceDataset:
    """Annotated faces, N of them with L landmarks each; pictures stay on disk.

    Attributes:
        images: the picture of every face; several faces may share one.
        landmarks: `(N, L, 2)` float32, image pixels; a point that is NaN in both
            coordinates is unlabelled.
        scheme: of the L landmarks.
        subsets: the part of the data set of every face, such as "helen/testset".
        attributes: further arrays of length N, by name.
        boxes: `(N, 4)` float32, image pixels: by default the squares around the
            landmarks, see `geometry.landmark_boxes`. A box that is not square becomes
            the square of its longer side.
        skipped: for every face that a loader left out, its file and the reason.
        missing_subsets: subsets that the data set should have, but the loader did not
            find.

    Raises:
        ValueError: for lengths or shapes that do not fit each other, coordinates
            that are infinite or half unlabelled, or boxes without area.

    Example:

    ```python
    faces = FaceDataset(
        images=("photo.jpg",),
        landmarks=np.array([[[20, 18], [30, 18], [25, 24], [21, 29], [29, 29]]]),
        scheme=wingkeras.schemes.FIVE,
        subsets=("mine",),
    )
    len(faces), faces.boxes.shape  # (1, (1, 4))
    ```
    """

    images: tuple[Path, ...]
    landmarks: np.ndarray
    scheme: LandmarkScheme
    subsets: tuple[str, ...]
    attributes: Mapping[str, np.ndarray] = field(default_factory=dict)
    # Never `None` after construction: by default they are made from the landmarks.
    boxes: np.ndarray = field(default=cast(np.ndarray, None))
    skipped: tuple[str, ...] = ()
    missing_subsets: tuple[str, ...] = ()

    def __post_init__(self):
        set_field = object.__setattr__
        set_field(self, "images", tuple(Path(image) for image in self.images))
        set_field(self, "landmarks", np.asarray(self.landmarks, np.float32))
        set_field(self, "subsets", tuple(self.subsets))
        attributes = {name: np.asarray(v) for name, v in self.attributes.items()}
        set_field(self, "attributes", attributes)
        self._check_landmarks()
        if self.boxes is None:
            set_field(self, "boxes", geometry.landmark_boxes(self.landmarks))
        set_field(self, "boxes", np.asarray(self.boxes, np.float32))
        self._check_boxes()
        set_field(self, "boxes", geometry.square_boxes(self.boxes))
        self._check_lengths()

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        counts = Counter(self.subsets).most_common()
        shown = [f"{name} {count}" for name, count in counts[:_SUBSETS_SHOWN]]
        if len(counts) > _SUBSETS_SHOWN:
            shown.append(f"{len(counts) - _SUBSETS_SHOWN} more")
        noun = "face" if len(self) == 1 else "faces"
        parts = [f"{len(self)} {noun}", f"scheme {self.scheme.name!r}"]
        parts += [f"subsets: {', '.join(shown)}"] * bool(shown)
        parts += [f"{len(self.skipped)} skipped"] * bool(self.skipped)
        missing = ", ".join(self.missing_subsets)
        parts += [f"missing: {missing}"] * bool(self.missing_subsets)
        return f"FaceDataset({'; '.join(parts)})"

    def plot(self, count: int = 12) -> "Figure":
        """A matplotlib figure of faces, evenly spaced in the set, with their points.

        Args:
            count: largest number of faces to show.

        Raises:
            BrokenFileError: for a picture that cannot be decoded.
        """
        from wingkeras.imaging.figures import face_grid

        places = np.unique(np.linspace(0, len(self) - 1, min(count, len(self))).round())
        shown = self.select(places.astype(int))
        return face_grid(shown.images, shown.landmarks, shown.boxes, self.scheme)

    def _repr_png_(self) -> bytes | None:
        """The figure that a notebook shows."""
        from wingkeras.imaging.figures import as_png

        if not len(self):
            return None
        figure = self.plot()
        figure.suptitle(repr(self), fontsize=9)
        return as_png(figure)

    def select(self, indices: Sequence[int] | np.ndarray) -> "FaceDataset":
        """The faces at these indices, in this order.

        Args:
            indices: any number of ints; a repeated index duplicates its face.

        Returns:
            A data set with the same attributes.

        Raises:
            IndexError: if an index is out of range.
            ValueError: if the indices are not a list of whole numbers.
        """
        indices = np.asarray(indices)
        if indices.ndim != 1 or (len(indices) and indices.dtype.kind not in "iu"):
            raise ValueError(
                "Expected `indices` as a list of whole numbers, received shape "
                f"{indices.shape} and dtype {indices.dtype}."
            )
        indices = indices.astype(int)
        return replace(
            self,
            images=tuple(self.images[i] for i in indices),
            landmarks=self.landmarks[indices],
            subsets=tuple(self.subsets[i] for i in indices),
            attributes={name: v[indices] for name, v in self.attributes.items()},
            boxes=self.boxes[indices],
        )

    def split(
        self, fraction: float, seed: int, group_by: str | None = None
    ) -> tuple["FaceDataset", "FaceDataset"]:
        """Hold out a random part of the faces.

        All faces of a picture, duplicates included, fall into the same part, and so do
        all faces of a group: frames of a video, pictures of a person, copies. The
        choice depends on the pictures' paths, the groups and the seed, not on the
        order of the faces.

        Example:

        ```python
        training, validation = faces.split(0.05, seed=0, group_by="video")
        ```

        Args:
            fraction: share of the pictures to hold out, between 0 and 1. Whole groups
                are held out, so the share may be smaller. It is only larger if every
                group is larger.
            seed: of the random choice.
            group_by: name of an attribute that is equal for the faces of a group; a
                face without a value ("" or NaN) is in no group.

        Returns:
            The remaining faces and the faces held out, both in their original order.

        Raises:
            ValueError: if either part would be empty, or there is no such attribute.
        """
        pictures = sorted({image.as_posix() for image in self.images})
        count = round(fraction * len(pictures))
        if not 0 < count < len(pictures):
            raise ValueError(
                "Expected `fraction` to leave pictures in both parts, received "
                f"{fraction} of {len(pictures)} pictures."
            )
        joined = join_pictures(
            [image.as_posix() for image in self.images], self._groups(group_by)
        )
        if len(joined) < 2:
            raise ValueError(
                f"Expected pictures of two groups or more by `group_by` = {group_by!r}"
                f", received {len(pictures)} pictures that all belong together."
            )
        chosen = hold_out(joined, count, seed)
        validates = np.array([image.as_posix() in chosen for image in self.images])
        return (
            self.select(np.flatnonzero(~validates)),
            self.select(np.flatnonzero(validates)),
        )

    def _groups(self, name: str | None) -> list:
        if name is None:
            return [None] * len(self)
        if name not in self.attributes:
            raise ValueError(
                f"Expected `group_by` as one of the attributes {[*self.attributes]} of "
                f"the faces, the further columns of a CSV file; received {name!r}."
            )
        return self.attributes[name].tolist()

    def _check_landmarks(self) -> None:
        expected = (len(self.images), len(self.scheme), 2)
        if self.landmarks.shape != expected:
            raise ValueError(
                f"Expected `landmarks` of shape {expected} for {expected[0]} images "
                f"and scheme {self.scheme.name!r}, received {self.landmarks.shape}."
            )
        unlabelled = np.isnan(self.landmarks)
        broken = np.isinf(self.landmarks) | (unlabelled != unlabelled[..., ::-1])
        self._reject(
            broken.any(axis=(1, 2)),
            "Expected finite coordinates, or NaN in both where a point is unlabelled",
        )
        self._reject(
            unlabelled.all(axis=(1, 2)), "Expected at least one labelled point"
        )

    def _check_boxes(self) -> None:
        if self.boxes.shape != (len(self), 4):
            raise ValueError(
                f"Expected `boxes` of shape {(len(self), 4)}: left, top, right, bottom "
                f"in image pixels; received {self.boxes.shape}."
            )
        spans = self.boxes[:, 2:] - self.boxes[:, :2]
        sound = np.isfinite(self.boxes).all(axis=1) & (spans > 0).all(axis=1)
        self._reject(~sound, "Expected finite boxes with left < right, top < bottom")

    def _reject(self, wrong: Any, message: str) -> None:
        if wrong.any():
            index = int(np.flatnonzero(wrong)[0])
            raise ValueError(
                f"{message}; not so for face {index}, {self.images[index]}."
            )

    def _check_lengths(self) -> None:
        lengths = {"subsets": len(self.subsets)}
        for name, values in self.attributes.items():
            lengths[f"attributes[{name!r}]"] = len(values) if values.ndim else 0
        for name, length in lengths.items():
            if length != len(self):
                raise ValueError(
                    f"Expected `{name}` to have an entry for each of the {len(self)} "
                    f"images, received {length}."
                )
