"""Errors on profiles and frontal faces of CFP, of which one half is labelled."""

from collections.abc import Callable

import numpy as np

from heatmaps import cfp
from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.head_pose import packaged_model
from wingkeras.imaging.images import read_image
from wingkeras.inference.localizer import Localizer


def boxes_of(faces: FaceDataset) -> np.ndarray:
    """`(N, 4)` squares around the faces, image pixels.

    Of a profile, that around its labelled points. Of a frontal face, that around the
    mean shape fitted to them by a similarity, since only one half is labelled.
    """
    mean_shape = packaged_model().mean_shape[None]
    boxes = geometry.landmark_boxes(faces.landmarks)
    for i in np.flatnonzero(cfp.views(faces) == "frontal"):
        points = faces.landmarks[i : i + 1]
        labelled = np.isfinite(points[0, :, 0])
        fit = geometry.fit_similarity(mean_shape[:, labelled], points[:, labelled])
        boxes[i] = geometry.landmark_boxes(geometry.transform(fit, mean_shape))
    return geometry.square_boxes(boxes)


def profile_errors(
    localizers: dict[str, Localizer],
    faces: FaceDataset,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, np.ndarray]:
    """Errors of several localizers on the same faces, in the same boxes.

    Args:
        localizers: by name, of the faces' scheme.
        faces: of CFP.
        progress: called with the number of faces done.

    Returns:
        Per localizer, `(N,)`: the mean distance of the labelled points over the side
        of the face's box.
    """
    boxes = boxes_of(faces)
    sides = boxes[:, 2] - boxes[:, 0]
    errors = {name: np.empty(len(faces)) for name in localizers}
    for i, path in enumerate(faces.images):
        image = read_image(path)
        for name, localizer in localizers.items():
            found = localizer(image, boxes[i : i + 1])[0]
            distances = np.linalg.norm(found - faces.landmarks[i], axis=1)
            errors[name][i] = np.nanmean(distances) / sides[i]
        progress(i + 1)
    return errors
