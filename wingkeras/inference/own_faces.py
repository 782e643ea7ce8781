"""Boxes for face schemes that the detectors are not calibrated for.

Detectors are calibrated on 68 landmarks. The mean shape of any network for faces has
eyes, and they tell where the scheme's box lies relative to that of the 68 landmarks.
"""

import numpy as np

from wingkeras.inference.calibration import BoxCalibration
from wingkeras.schemes import LandmarkScheme

# The eyes' centres relative to the centre of the square around 68 landmarks, as shares
# of its side, in the mean shape of `cnn6_300w`, a mean over 300-W's training faces.
_EYES_OF_68 = np.array([[-0.2091, -0.2905], [0.2091, -0.2905]])


def box_in_that_of_68(
    scheme: LandmarkScheme, mean_shape: np.ndarray, size: int, box_scale: float
) -> BoxCalibration:
    """Maps the square around 68 landmarks to that around the points of a scheme.

    Args:
        scheme: with eyes.
        mean_shape: `(L, 2)`, pixels of the first network's crop.
        size: side of that crop, pixels.
        box_scale: side of the crop over that of the face's box.

    Example:

    ```python
    inner = box_in_that_of_68(scheme, stage.mean_shape, stage.size, 1.25)
    detector = YuNetDetector(calibration=YuNetDetector.CALIBRATIONS["ibug68"] @ inner)
    ```
    """
    side, centre = size / box_scale, (size - 1) / 2
    shape = (np.asarray(mean_shape, np.float64) - centre) / side
    both = (scheme.left_eye, scheme.right_eye)
    eyes = np.stack([shape[[*eye]].mean(axis=0) for eye in both])
    distances = [np.linalg.norm(right - left) for left, right in (_EYES_OF_68, eyes)]
    scale = distances[0] / distances[1]
    right, down = _EYES_OF_68.mean(axis=0) - scale * eyes.mean(axis=0)
    return BoxCalibration(float(right), float(down), float(scale))
