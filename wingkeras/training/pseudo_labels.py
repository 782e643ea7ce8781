"""Pseudo-labels: landmarks from a model, for faces with five labelled points.

Pseudo-labelled faces help the next model to generalise, as `extra_faces` of
`run.train`. This is semi-supervised learning.
"""

from collections.abc import Callable, Sequence

import numpy as np

from wingkeras import geometry
from wingkeras.data.annotations import OVERHANG, overhang
from wingkeras.data.faces import FaceDataset
from wingkeras.imaging.images import read_image
from wingkeras.inference.flip import localize_with_flip
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import FIVE, IBUG68, five_of_ibug68

_ROUNDS = 2
"""Number of rounds: the first takes its boxes from five points, the second from 68."""


def pseudo_label(
    localizer: Localizer | Sequence[Localizer],
    faces: FaceDataset,
    max_flip_error: float = 0.025,
    largest_distance: float = 0.085,
    progress: Callable[[int], None] = lambda done: None,
) -> FaceDataset:
    """Label faces with a model, or several; keep those whose labels can be trusted.

    Several models label a face with the mean of what they find. Models that differ are
    wrong in different ways, so that the mean is closer than each of them.

    A face is kept if the model finds nearly the same landmarks in its mirror image, if
    they agree with the five labelled points, and if they do not lie farther outside the
    picture than `annotations.OVERHANG`, the limit of the loaders. With cascades trained
    on 300-W, the default limits remove 2 to 4 % of the faces of LFW.

    Example:

    ```python
    faces = wingkeras.data.datasets.load_mtfl("lfw.csv")
    extra = pseudo_label(wingkeras.zoo.load("cnn6_300w"), faces)
    ```

    Args:
        localizer: one with scheme "ibug68", or several.
        faces: with scheme "five". Faces with unlabelled points are not kept.
        max_flip_error: limit of the flip error, see `flip.localize_with_flip`.
        largest_distance: limit of the mean distance between the five labelled points
            and those computed from the landmarks, as a fraction of the distance
            between the eyes.
        progress: called with the number of faces processed.

    Returns:
        The faces that are kept, with 68 landmarks: the means over both images and over
        the models.

    Raises:
        ValueError: without a localizer, or if one of them or the faces have another
            scheme.
        BrokenFileError: for a picture that cannot be decoded.
    """
    localizers = [localizer] if isinstance(localizer, Localizer) else list(localizer)
    schemes = [each.scheme for each in localizers]
    if not schemes or any(s != IBUG68 for s in schemes) or faces.scheme != FIVE:
        raise ValueError(
            "Expected localizers for 'ibug68' and faces labelled with 'five', received "
            f"{', '.join(repr(s.name) for s in schemes) or 'none'} and "
            f"{faces.scheme.name!r}."
        )
    mean_shape = localizers[0].stages[0].mean_shape[None]
    landmarks = np.empty((len(faces), len(IBUG68), 2), np.float32)
    kept = np.zeros(len(faces), bool)
    for i in range(len(faces)):
        if np.isfinite(faces.landmarks[i]).all():
            points = faces.landmarks[i : i + 1]
            image = read_image(faces.images[i])
            height, width = image.shape[:2]
            found, flip_error = _localize(localizers, image, points, mean_shape)
            implied = five_of_ibug68(found)
            eyes = np.linalg.norm(implied[0, 0] - implied[0, 1])
            distance = np.linalg.norm(implied - points, axis=-1).mean() / eyes
            kept[i] = (
                flip_error < max_flip_error
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


def _localize(
    localizers: Sequence[Localizer],
    image: np.ndarray,
    points: np.ndarray,
    mean_shape: np.ndarray,
) -> tuple[np.ndarray, float]:
    """The mean landmarks `(1, 68, 2)` and flip error of several models on one face.

    Args:
        localizers: the models.
        image: `(H, W, 3)` uint8 RGB.
        points: `(1, 5, 2)` labelled points of the face, image pixels.
        mean_shape: `(1, 68, 2)`, in any unit; it is laid on the points.
    """
    height, width = image.shape[:2]
    to_image = geometry.fit_similarity(five_of_ibug68(mean_shape), points)
    found, error = geometry.transform(to_image, mean_shape), np.inf
    for _ in range(_ROUNDS):
        boxes = geometry.landmark_boxes(found)
        if not geometry.inside_in_part(boxes, width, height).all():
            return found, np.inf  # in a crop beside the picture there is no face
        each = [localize_with_flip(localizer, image, boxes) for localizer in localizers]
        landmarks, errors = zip(*each, strict=True)
        found, error = np.mean(landmarks, axis=0), float(np.mean(errors))
    return found, error
