"""Localise every face in its mirror image too: steadier landmarks, and a flip error."""

from typing import Any

import numpy as np

from wingkeras import geometry
from wingkeras.imaging.images import as_image
from wingkeras.inference.localizer import Localizer

# Landmark networks return a face for any crop; comparison with the flipped image shows
# whether there is one. The value was chosen on faces held out of the training of
# cnn6_300w. A test checks that with every model of the zoo, most faces stay below it,
# and most crops without a face do not.
MAX_FLIP_ERROR = 0.035
"""Flip error up to which landmarks count as those of a face."""


def localize_with_flip(
    localizer: Localizer, image: Any, boxes: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Localise in the picture and in its flipped image: two calls of the networks.

    The flip error is small on a clearly visible face, and large where there is none.

    Args:
        localizer: finds the landmarks. Its own flip test-time augmentation is switched
            off, as it would hide the error.
        image: see `images.as_image`.
        boxes: `(N, 4)`, image pixels; see `Localizer`.

    Returns:
        `(N, L, 2)` float32 landmarks, image pixels: the means of both calls. They lie
        on neither side, also if the network has learnt one, which `flip_tta` keeps.
        And the `(N,)` flip errors: the mean distance between both, divided by the side
        of the landmarks' box.

    Raises:
        ValueError: for an image or boxes of another form.

    Example:

    ```python
    faces = localizer.detect(image)
    landmarks, flip_errors = localize_with_flip(localizer, image, faces.boxes)
    sure = faces[flip_errors <= MAX_FLIP_ERROR]
    ```
    """
    image = as_image(image)
    localizer = localizer.without_flip_tta
    plain = localizer(image, boxes)
    if not len(plain):
        return plain, np.zeros(0)
    width = image.shape[1]
    flipped_boxes = geometry.flip_boxes(np.reshape(boxes, (-1, 4)), width)
    flipped = localizer(np.ascontiguousarray(image[:, ::-1]), flipped_boxes)
    flipped = localizer.scheme.flip(flipped, width)
    landmarks = (plain + flipped) / 2
    found = geometry.landmark_boxes(landmarks)
    distances = np.linalg.norm(plain - flipped, axis=2).mean(axis=1)
    return landmarks, distances / (found[:, 2] - found[:, 0])
