"""Landmark schemes: the points of a face, and how they are mirrored.

"Left" and "right" are those of the picture, as in the data sets: the left eye is
the one with the smaller x on an upright frontal face.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from wingkeras import geometry


@dataclass(frozen=True)
class LandmarkScheme:
    """An ordered set of named points.

    Attributes:
        name: its name in registries and on command lines; equality leaves it out.
        points: the point names, in the order of every array.
        mirror: for each point, the index of the point that takes its place when
            the picture is mirrored; an involution. `None` for objects whose mirror
            image is no such object, such as written words: they are never flipped.
        left_eye: indices whose mean is the pupil centre of the eye on the left; empty
            where the scheme has no eyes. Four indices or more, if their number is even,
            are the contour between the lids, in order, a corner first.
        right_eye: the same on the right.
        outer_eye_corners: indices of the left and right outer eye corners, or
            `None` where the scheme has no eye corners.
        edges: pairs of indices joined by a line in drawings.
        mouth: an even number of indices of the contour between the lips, in order, a
            corner first; empty where the scheme has no such contour.
        groups: indices of the points of each part, by the part's name.

    Raises:
        ValueError: if there are no points, a name is used twice, the mirror is not an
            involution of all points, or an index is out of range.

    Example:

    ```python
    ruler = wingkeras.LandmarkScheme("ruler", points=("left", "right"), mirror=(1, 0))
    ruler.flip(np.array([[2.0, 5.0], [8.0, 6.0]]), width=10)  # [[1, 6], [7, 5]]
    ```
    """

    name: str = field(compare=False)
    points: tuple[str, ...]
    mirror: tuple[int, ...] | None
    left_eye: tuple[int, ...] = ()
    right_eye: tuple[int, ...] = ()
    outer_eye_corners: tuple[int, int] | None = None
    edges: tuple[tuple[int, int], ...] = ()
    mouth: tuple[int, ...] = ()
    groups: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)

    def __post_init__(self):
        count = len(self.points)
        if not count:
            raise ValueError(f"Scheme {self.name!r}: expected points, received none.")
        if len(set(self.points)) != count:
            raise ValueError(f"Scheme {self.name!r}: point names must be unique.")
        if self.mirror is not None:
            self._check_mirror(self.mirror)
        used = [*self.left_eye, *self.right_eye, *self.mouth]
        used += self.outer_eye_corners or ()
        used += [i for edge in self.edges for i in edge]
        used += [i for group in self.groups.values() for i in group]
        if any(not 0 <= i < count for i in used):
            raise ValueError(
                f"Scheme {self.name!r}: expected indices in 0..{count - 1}, "
                f"received {sorted(set(used))}."
            )

    def _check_mirror(self, mirror: tuple[int, ...]) -> None:
        count = len(self.points)
        if sorted(mirror) != list(range(count)):
            raise ValueError(
                f"Scheme {self.name!r}: expected `mirror` to be a permutation of "
                f"0..{count - 1}, received {mirror}."
            )
        wrong = [i for i in range(count) if mirror[mirror[i]] != i]
        if wrong:
            raise ValueError(
                f"Scheme {self.name!r}: expected `mirror` to be its own inverse; "
                f"it is not at points {wrong}."
            )

    def __len__(self) -> int:
        return len(self.points)

    @property
    def has_eyes(self) -> bool:
        """Whether the scheme names both eyes, as that of a face does."""
        return bool(self.left_eye and self.right_eye)

    def flip(self, landmarks, width: int, xp=np):
        """The landmarks in the mirrored picture.

        Args:
            landmarks: `(..., L, 2)` float, image pixels.
            width: of the picture, pixels.
            xp: namespace to compute with.

        Returns:
            `(..., L, 2)`: positions are mirrored as in `geometry.flip_points`, and
            mirrored pairs of points are swapped.

        Raises:
            ValueError: if the scheme has no `mirror`.
        """
        if self.mirror is None:
            raise ValueError(
                f"Expected a scheme that can be mirrored; {self.name!r} has no `mirror`"
                ": its things look like no other in the mirror."
            )
        swapped = xp.take(landmarks, np.array(self.mirror), axis=-2)
        return geometry.flip_points(swapped, width, xp)


def _chain(first: int, last: int, closed: bool = False):
    edges = [(i, i + 1) for i in range(first, last)]
    return tuple([*edges, (last, first)] if closed else edges)


def _names(part: str, count: int):
    return tuple(f"{part}_{i}" for i in range(1, count + 1))


IBUG68 = LandmarkScheme(
    name="ibug68",
    points=(
        *_names("jaw", 17),
        *_names("left_brow", 5),
        *_names("right_brow", 5),
        *_names("nose_bridge", 4),
        *_names("nose_base", 5),
        *_names("left_eye", 6),
        *_names("right_eye", 6),
        *_names("outer_lip", 12),
        *_names("inner_lip", 8),
    ),
    mirror=(
        *range(16, -1, -1),
        *range(26, 16, -1),
        *range(27, 31),
        *range(35, 30, -1),
        *(45, 44, 43, 42, 47, 46),
        *(39, 38, 37, 36, 41, 40),
        *range(54, 47, -1),
        *range(59, 54, -1),
        *range(64, 59, -1),
        *range(67, 64, -1),
    ),
    left_eye=tuple(range(36, 42)),
    right_eye=tuple(range(42, 48)),
    outer_eye_corners=(36, 45),
    edges=(
        *_chain(0, 16),
        *_chain(17, 21),
        *_chain(22, 26),
        *_chain(27, 30),
        *_chain(31, 35),
        *_chain(36, 41, closed=True),
        *_chain(42, 47, closed=True),
        *_chain(48, 59, closed=True),
        *_chain(60, 67, closed=True),
    ),
    mouth=tuple(range(60, 68)),
    groups={
        "jaw": tuple(range(17)),
        "left_brow": tuple(range(17, 22)),
        "right_brow": tuple(range(22, 27)),
        "nose": tuple(range(27, 36)),
        "left_eye": tuple(range(36, 42)),
        "right_eye": tuple(range(42, 48)),
        "outer_lip": tuple(range(48, 60)),
        "inner_lip": tuple(range(60, 68)),
    },
)

AFLW19 = LandmarkScheme(
    name="aflw19",
    points=(
        *("left_brow_outer", "left_brow_centre", "left_brow_inner"),
        *("right_brow_inner", "right_brow_centre", "right_brow_outer"),
        *("left_eye_outer", "left_eye_centre", "left_eye_inner"),
        *("right_eye_inner", "right_eye_centre", "right_eye_outer"),
        *("nose_left", "nose_tip", "nose_right"),
        *("mouth_left", "mouth_centre", "mouth_right"),
        "chin",
    ),
    mirror=(5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6, 14, 13, 12, 17, 16, 15, 18),
    left_eye=(7,),
    right_eye=(10,),
    outer_eye_corners=(6, 11),
    edges=(
        *_chain(0, 2),
        *_chain(3, 5),
        *_chain(6, 8),
        *_chain(9, 11),
        *_chain(12, 14),
        *_chain(15, 17),
    ),
)

FIVE = LandmarkScheme(
    name="five",
    points=("left_eye", "right_eye", "nose_tip", "mouth_left", "mouth_right"),
    mirror=(1, 0, 2, 4, 3),
    left_eye=(0,),
    right_eye=(1,),
    edges=((0, 2), (1, 2), (3, 4)),
)

_NOSE_TIP, _MOUTH_CORNERS = 30, (48, 54)


def five_of_ibug68(landmarks: np.ndarray) -> np.ndarray:
    """The points of `FIVE`, computed from 68 landmarks.

    Args:
        landmarks: `(..., 68, 2)`, any units.

    Returns:
        `(..., 5, 2)`, same units; the eyes are the means of their points.

    Example:

    ```python
    five_of_ibug68(landmarks).shape  # (1, 5, 2)
    ```
    """
    eyes = [
        landmarks[..., eye, :].mean(axis=-2, keepdims=True)
        for eye in (IBUG68.left_eye, IBUG68.right_eye)
    ]
    others = landmarks[..., [_NOSE_TIP, *_MOUTH_CORNERS], :]
    return np.concatenate([*eyes, others], axis=-2)


_SCHEMES = {scheme.name: scheme for scheme in (IBUG68, AFLW19, FIVE)}


def is_known(scheme: LandmarkScheme) -> bool:
    """Whether the scheme is the one that `get_scheme` gives for its name.

    Example:

    ```python
    is_known(FIVE)  # True
    ```
    """
    return _SCHEMES.get(scheme.name) == scheme


def get_scheme(scheme: str | LandmarkScheme) -> LandmarkScheme:
    """The scheme of a given name; a `LandmarkScheme` is returned unchanged.

    Raises:
        ValueError: for an unknown name.

    Example:

    ```python
    get_scheme("ibug68").outer_eye_corners  # (36, 45)
    ```
    """
    if isinstance(scheme, LandmarkScheme):
        return scheme
    if scheme not in _SCHEMES:
        raise ValueError(
            f"Expected a LandmarkScheme or one of {sorted(_SCHEMES)}, "
            f"received {scheme!r}."
        )
    return _SCHEMES[scheme]
