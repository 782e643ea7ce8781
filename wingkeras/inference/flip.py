"""Every face a second time, in the mirror: steadier landmarks, and a confidence."""

import numpy as np

from wingkeras import geometry
from wingkeras.inference.localizer import Localizer


def localize_with_mirror(
    localizer: Localizer, image: np.ndarray, boxes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Localise in the picture and in its mirror image: two calls of the networks.

    Args:
        localizer: to do it with. A flip test of its own is left out: it would hide the
            gap.
        image: `(H, W, 3)` uint8 RGB.
        boxes: `(N, 4)`, image pixels; as for `Localizer`.

    Returns:
        `(N, L, 2)` float32 means of both, image pixels; and the `(N,)` gaps between
        the two, mean distance of a point over the side of the landmarks' box: small
        on a face that is well seen, larger where there is none.

    Raises:
        ValueError: for an image or boxes of another form.
    """
    localizer = localizer.without_flip_tta
    plain = localizer(image, boxes)
    if not len(plain):
        return plain, np.zeros(0)
    width = image.shape[1]
    mirrored_boxes = geometry.flip_boxes(boxes, width)
    mirrored = localizer(np.ascontiguousarray(image[:, ::-1]), mirrored_boxes)
    mirrored = localizer.scheme.flip(mirrored, width)
    landmarks = (plain + mirrored) / 2
    found = geometry.landmark_boxes(landmarks)
    distances = np.linalg.norm(plain - mirrored, axis=2).mean(axis=1)
    return landmarks, distances / (found[:, 2] - found[:, 0])
