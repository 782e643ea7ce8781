"""JPEG artefacts, as training shows them and a benchmark measures them."""

import cv2
import numpy as np


def compressed(image: np.ndarray, quality: int) -> np.ndarray:
    """A picture as it comes back from a JPEG file.

    Args:
        image: `(H, W, 3)` uint8, RGB.
        quality: 1 to 100.
    """
    bgr = np.ascontiguousarray(image[..., ::-1])
    good, content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not good:
        raise OSError(f"OpenCV cannot encode {image.shape} as JPEG.")
    return cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1]
