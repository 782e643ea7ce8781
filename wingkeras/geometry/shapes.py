"""Points `(..., 2)`, x then y, and the shape vectors that networks output."""

import numpy as np


def to_shape_vectors(landmarks, xp=np):
    """Landmarks `(N, L, 2)` as shape vectors `(N, 2L)`, all x first (Eq. 1).

    Example:

    ```python
    to_shape_vectors(np.array([[[1.0, 10.0], [2.0, 20.0]]]))  # [[1, 2, 10, 20]]
    ```
    """
    pair = xp.stack([landmarks[..., 0], landmarks[..., 1]], axis=-2)
    return xp.reshape(pair, (-1, 2 * landmarks.shape[-2]))


def from_shape_vectors(vectors, xp=np):
    """Shape vectors `(N, 2L)` as landmarks `(N, L, 2)`.

    Example:

    ```python
    from_shape_vectors(np.array([[1.0, 2.0, 10.0, 20.0]]))  # [[[1, 10], [2, 20]]]
    ```
    """
    half = vectors.shape[-1] // 2
    return xp.stack([vectors[..., :half], vectors[..., half:]], axis=-1)


def flip_points(points, width: float, xp=np):
    """The same positions in the mirrored picture.

    For landmarks, left and right must be swapped too, see `LandmarkScheme.flip`.

    Args:
        points: `(..., 2)` float, image pixels.
        width: of the picture, pixels.
        xp: namespace to compute with.

    Returns:
        `(..., 2)`, pixels of the mirrored picture.

    Example:

    ```python
    flip_points(np.array([[0.0, 5.0]]), width=10)  # [[9, 5]]
    ```
    """
    return xp.stack([width - 1 - points[..., 0], points[..., 1]], axis=-1)


def scale_about_centre(points: np.ndarray, size: float, factor: float) -> np.ndarray:
    """Points of a square crop, scaled about the crop's centre.

    Args:
        points: `(..., 2)`, crop pixels.
        size: side of the crop, pixels.
        factor: by which distances from the centre grow.

    Returns:
        `(..., 2)`, crop pixels.

    Example:

    ```python
    scale_about_centre(np.array([41.5, 31.5]), size=64, factor=2.0)  # [51.5, 31.5]
    ```
    """
    centre = (size - 1) / 2
    return centre + (points - centre) * factor


def resize_points(points: np.ndarray, factors) -> np.ndarray:
    """Points of a picture that is resized.

    Args:
        points: `(..., 2)`, pixels.
        factors: by which the picture's width and height grow, or one for both.

    Returns:
        `(..., 2)`, pixels of the resized picture.

    Example:

    ```python
    resize_points(np.array([[0.0, 0.0]]), 2.0)  # [[0.5, 0.5]]
    ```
    """
    # The picture's edges, half a pixel beyond the first pixel's centre, stay edges.
    return (points + 0.5) * factors - 0.5


def cell_centres(count: int, stride: int) -> np.ndarray:
    """Positions of a heat map's cells along one side of the network's input.

    A cell stands for `stride` pixels and lies in their middle.

    Args:
        count: cells along the side.
        stride: pixels from one cell to the next.

    Returns:
        `(count,)` float32, pixels of the input.

    Example:

    ```python
    cell_centres(3, stride=4)  # [1.5, 5.5, 9.5]
    ```
    """
    return np.arange(count, dtype=np.float32) * stride + (stride - 1) / 2


def from_one_based(points: np.ndarray) -> np.ndarray:
    """Points of a file that counts pixels from 1, as `.pts` files do.

    Example:

    ```python
    from_one_based(np.array([[1.0, 1.0]]))  # [[0, 0]]
    ```
    """
    return points - 1


def to_one_based(points: np.ndarray) -> np.ndarray:
    """Points for a file that counts pixels from 1; undoes `from_one_based`.

    Example:

    ```python
    to_one_based(np.array([[0.0, 0.0]]))  # [[1, 1]]
    ```
    """
    return points + 1
