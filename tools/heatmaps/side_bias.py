"""The side that labels lie on, and how far labels are moved to lie alike.

A network that was trained on faces and their mirror images finds the points of 300-W
to the left of the labels, by the same distance on training and on held-out faces.
Mirroring turns an offset of the labels around, so that the network learns none. Why the
labels have one is not known. Labels that are moved to the same side teach it.
"""

import dataclasses

import numpy as np

from wingkeras.data.faces import FaceDataset
from wingkeras.imaging.images import read_image
from wingkeras.inference.flip import localize_with_flip
from wingkeras.inference.localizer import Localizer


def measure(localizer: Localizer, faces: FaceDataset) -> float:
    """How far labels lie to the right of what a model finds, on average.

    The model's landmarks are the means over a face and its mirror image, and so lie on
    neither side. Points count whose mirror point is labelled too: if one half of a face
    is labelled, another idea of where its outline is would look like an offset.

    Args:
        localizer: trained on faces and their mirror images.
        faces: that it was trained on, with a scheme that has mirror points.

    Returns:
        The mean over points and faces, as a share of the side of the face's box.
    """
    sides = faces.boxes[:, 2] - faces.boxes[:, 0]
    mirror, offsets = list(faces.scheme.mirror or ()), []
    for path, landmarks, box, side in zip(
        faces.images, faces.landmarks, faces.boxes, sides, strict=True
    ):
        found, _ = localize_with_flip(localizer, read_image(path), box[None])
        to_right = landmarks[:, 0] - found[0, :, 0]
        counted = np.isfinite(to_right + to_right[mirror])
        if counted.any():
            offsets.append(to_right[counted].mean() / side)
    return float(np.mean(offsets))


def move(faces: FaceDataset, chosen: np.ndarray, share: float) -> FaceDataset:
    """Faces of which some points are moved to the right.

    Args:
        faces: N of L points.
        chosen: `(N, L)` bool: which points.
        share: of the side of the face's box, by which they are moved.
    """
    sides = faces.boxes[:, 2] - faces.boxes[:, 0]
    landmarks = faces.landmarks.copy()
    landmarks[..., 0] += np.where(chosen, share * sides[:, None], 0)
    return dataclasses.replace(faces, landmarks=landmarks)


def shifts(wanted: float, own: float) -> tuple[float, float]:
    """How far labels must be moved to the right, to have the offset wanted.

    Args:
        wanted: offset to the right, any unit.
        own: that the labels have.

    Returns:
        For a face, and for its mirror image.
    """
    return wanted - own, wanted + own
