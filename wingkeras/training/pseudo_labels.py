"""Labels by a model, for faces of which only five points are known.

Faces that were labelled this way help the next model to generalise, as further faces
in `training.train`: semi-supervised learning.
"""

from collections.abc import Callable

import numpy as np

from wingkeras import geometry
from wingkeras.data.annotations import OVERHANG, overhang
from wingkeras.data.faces import FaceDataset, read_image
from wingkeras.inference.flip import localize_with_mirror
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import FIVE, IBUG68, five_of_ibug68

_ROUNDS = 2
"""The first one's box comes from five points alone, the second's from 68."""


def pseudo_label(
    localizer: Localizer,
    faces: FaceDataset,
    largest_gap: float = 0.025,
    largest_distance: float = 0.085,
    progress: Callable[[int], None] = lambda done: None,
) -> FaceDataset:
    """The faces on which a model agrees with itself and with five known points.

    Left out is also what no loader would take: landmarks that reach far beyond the
    picture, see `annotations.OVERHANG`. The limits leave out 2 to 4 of 100 faces of LFW
    with cascades trained on 300-W.

    Args:
        localizer: with scheme "ibug68".
        faces: with scheme "five"; those with unlabelled points are left out.
        largest_gap: between the landmarks in the picture and in its mirror image,
            see `mirroring.localize_with_mirror`; beyond it a face is left out.
        largest_distance: mean distance between the five points and those that the
            landmarks imply, over the distance of the eyes; beyond it a face is left
            out.
        progress: called with the number of faces done.

    Returns:
        The faces that are left, with 68 landmarks, the average over both images.

    Raises:
        ValueError: for other schemes.
        BrokenFileError: for a picture that cannot be decoded.
    """
    if localizer.scheme != IBUG68 or faces.scheme != FIVE:
        raise ValueError(
            "Expected a localizer for 'ibug68' and faces labelled with 'five', "
            f"received {localizer.scheme.name!r} and {faces.scheme.name!r}."
        )
    mean_shape = localizer.stages[0].mean_shape[None]
    landmarks = np.empty((len(faces), len(IBUG68), 2), np.float32)
    kept = np.zeros(len(faces), bool)
    for i in np.flatnonzero(np.isfinite(faces.landmarks).all(axis=(1, 2))):
        image, points = read_image(faces.images[i]), faces.landmarks[i : i + 1]
        to_image = geometry.fit_similarity(five_of_ibug68(mean_shape), points)
        found = geometry.transform(to_image, mean_shape)
        for _ in range(_ROUNDS):
            boxes = geometry.landmark_boxes(found)
            found, gaps = localize_with_mirror(localizer, image, boxes)
        implied = five_of_ibug68(found)
        eyes = np.linalg.norm(implied[0, 0] - implied[0, 1])
        distance = np.linalg.norm(implied - points, axis=-1).mean() / eyes
        height, width = image.shape[:2]
        kept[i] = (
            gaps[0] < largest_gap
            and distance < largest_distance
            and overhang(found[0], width, height) <= OVERHANG
        )
        landmarks[i] = found[0]
        progress(i + 1)
    return FaceDataset(
        images=tuple(p for p, k in zip(faces.images, kept, strict=True) if k),
        landmarks=landmarks[kept],
        scheme=IBUG68,
        subsets=tuple(s for s, k in zip(faces.subsets, kept, strict=True) if k),
    )
