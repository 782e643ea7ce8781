"""The faces to train on, and how often each source of them is shown."""

from dataclasses import dataclass

import numpy as np

from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.data.regions import FaceRegions, load_regions
from wingkeras.imaging.images import read_image
from wingkeras.inference.flip import localize_with_flip
from wingkeras.inference.localizer import Localizer

_LARGEST_GAP = 0.06
_ROUNDS = 2


@dataclass(frozen=True)
class Source:
    """Faces with a share of what is shown.

    Attributes:
        regions: of the faces.
        offsets: `(N, 2)` crop pixels, from the crop around the whole face to that
            around its labelled half; zeros for a face that is labelled everywhere.
        first, last: its share until 65 % of the steps and afterwards, any unit.
        shifts: of its labels to the right, crop pixels, in a face and in its mirror
            image; see `side_bias.shifts`.
        movement: how far its faces are turned, scaled and shifted, about 1.
    """

    regions: FaceRegions
    offsets: np.ndarray
    first: float
    last: float
    shifts: tuple[float, float] = (0.0, 0.0)
    movement: float = 1.0


def make_source(
    faces: FaceDataset,
    size: int,
    box_scale: float,
    shares: tuple[float, float],
    whole: FaceDataset | None = None,
    shifts: tuple[float, float] = (0.0, 0.0),
) -> Source:
    """Faces as a source.

    Args:
        faces: with their labels.
        size: side of the network's input, pixels.
        box_scale: side of the crop over that of the face's box.
        shares: `first` and `last`.
        whole: the same faces completed, see `complete`.
        shifts: of the labels to the right, shares of the side of the face's box.
    """
    whole = whole or faces
    half, full = (np.reshape(d.boxes, (-1, 2, 2)) for d in (faces, whole))
    sides = (full[:, 1] - full[:, 0]) * (box_scale / size)
    offsets = (full.mean(axis=1) - half.mean(axis=1)) / sides
    to_right = tuple(shift * size / box_scale for shift in shifts)
    return Source(load_regions(whole, size, box_scale), offsets, *shares, to_right)


def complete(localizer: Localizer, faces: FaceDataset, chosen) -> FaceDataset:
    """Faces of which one half is labelled, with the other half by a model.

    Args:
        localizer: of the same scheme.
        faces: some of their points unlabelled.
        chosen: `(N,)` bool: which faces show both halves. The others, profiles, keep
            their labels and their box.

    Returns:
        The faces: the labelled points as they are, the others as the means of what the
        model finds in the face and in its mirror image, and the box around both. Where
        the model misses the labelled points by more than 6 % of their box, the other
        points stay unlabelled.
    """
    mean_shape = localizer.stages[0].mean_shape
    landmarks, boxes = faces.landmarks.copy(), faces.boxes.copy()
    for i in np.flatnonzero(chosen):
        seen = np.isfinite(landmarks[i, :, 0])
        points, image = landmarks[i : i + 1, seen], read_image(faces.images[i])
        to_image = geometry.fit_similarity(mean_shape[None, seen], points)
        found = geometry.transform(to_image, mean_shape[None])
        for _ in range(_ROUNDS):
            found, _ = localize_with_flip(
                localizer, image, geometry.landmark_boxes(found)
            )
        gap = np.linalg.norm(found[:, seen] - points, axis=2).mean()
        joined = np.where(seen[:, None], landmarks[i], found[0])
        boxes[i] = geometry.landmark_boxes(joined)
        if gap < _LARGEST_GAP * (faces.boxes[i, 2] - faces.boxes[i, 0]):
            landmarks[i] = joined
    return FaceDataset(
        faces.images, landmarks, faces.scheme, faces.subsets, boxes=boxes
    )
