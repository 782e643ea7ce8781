"""The side that labels lean to, and how far labels are moved to lean alike.

People do not label a face as they would its mirror image: on 300-W, points lie further
to the right of the picture than a network finds them that was shown every face and its
mirror image alike. Mirroring turns that lean around, so the network learns to do
without it, and misses every label by it. Labels that are moved to lean one way teach
it.
"""

import numpy as np

from wingkeras.data.faces import FaceDataset
from wingkeras.imaging.images import read_image
from wingkeras.inference.flip import localize_with_flip
from wingkeras.inference.localizer import Localizer


def measure(localizer: Localizer, faces: FaceDataset) -> float:
    """How far labels lie to the right of what a model finds, on average.

    The model's landmarks are the means over a face and its mirror image, and so lean
    to neither side.

    Args:
        localizer: trained on faces and their mirror images.
        faces: that it was trained on; unlabelled points do not count.

    Returns:
        The mean over points and faces, as a share of the side of the face's box.
    """
    sides = faces.boxes[:, 2] - faces.boxes[:, 0]
    leans = []
    for path, landmarks, box, side in zip(
        faces.images, faces.landmarks, faces.boxes, sides, strict=True
    ):
        found, _ = localize_with_flip(localizer, read_image(path), box[None])
        leans.append(np.nanmean(landmarks[:, 0] - found[0, :, 0]) / side)
    return float(np.mean(leans))


def shifts(bias: float, own: float) -> tuple[float, float]:
    """How far labels must be moved to the right, to lean by `bias`.

    Args:
        bias: wanted, any unit.
        own: of the labels.

    Returns:
        For a face, and for its mirror image.
    """
    return bias - own, bias + own
