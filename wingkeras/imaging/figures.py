"""Faces with their points as matplotlib figures, for notebooks."""

import io
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wingkeras import geometry
from wingkeras.imaging import crops
from wingkeras.imaging.images import as_image, read_image
from wingkeras.schemes import LandmarkScheme

_MARGIN = 1.5
_SIDE = 200
_INCHES = 1.7


def face_grid(
    images: Sequence[Any],
    landmarks: np.ndarray,
    boxes: np.ndarray,
    scheme: LandmarkScheme,
    predictions: np.ndarray | None = None,
    titles: Sequence[str] = (),
    columns: int = 6,
) -> Figure:
    """A figure with a crop of every face and its points.

    Args:
        images: the picture of every face, as in `images.as_image`; but files are read
            as they are stored, since labels refer to the pixels as stored.
        landmarks: `(N, L, 2)`, image pixels; NaN points are left out.
        boxes: `(N, 4)` squares, image pixels; the crops are half as large again.
        scheme: of the landmarks.
        predictions: `(N, L, 2)`, image pixels: drawn in red, the landmarks in green.
        titles: of the crops.
        columns: how many faces there are in a row.

    Returns:
        The figure.

    Example:

    ```python
    figure = face_grid(faces.images[:6], faces.landmarks, faces.boxes, faces.scheme)
    figure.savefig("faces.png")
    ```
    """
    columns = min(columns, max(len(images), 1))
    rows = max(-(-len(images) // columns), 1)
    size = (_INCHES * columns, (_INCHES + 0.2 * bool(titles)) * rows)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for each in axes:
        each.axis("off")
    for i, image in enumerate(images):
        box = geometry.scale_boxes(geometry.square_boxes(boxes[i : i + 1]), _MARGIN)
        regions, maps = crops.face_regions(_as_stored(image), box, _SIDE)
        axes[i].imshow(regions[0])
        _points(axes[i], geometry.transform(maps, landmarks[i : i + 1])[0], scheme)
        if predictions is not None:
            found = geometry.transform(maps, predictions[i : i + 1])[0]
            _points(axes[i], found, scheme, "red")
        axes[i].set(xlim=(-0.5, _SIDE - 0.5), ylim=(_SIDE - 0.5, -0.5))
        if titles:
            axes[i].set_title(titles[i], fontsize=8)
    return figure


def _as_stored(image: Any) -> np.ndarray:
    is_file = isinstance(image, (str, os.PathLike))
    return read_image(image) if is_file else as_image(image)


def points_figure(
    landmarks: np.ndarray, boxes: np.ndarray, scheme: LandmarkScheme
) -> Figure:
    """A figure of faces without their picture: points, edges and boxes.

    Args:
        landmarks: `(N, L, 2)`, image pixels.
        boxes: `(N, 4)`, image pixels.
        scheme: of the landmarks.
    """
    figure = Figure(figsize=(4, 4), layout="constrained")
    axes = figure.add_subplot()
    for face, (left, top, right, bottom) in zip(landmarks, boxes, strict=True):
        _points(axes, face, scheme)
        corners = ([left, right, right, left, left], [top, top, bottom, bottom, top])
        axes.plot(*corners, color="orange", linewidth=1)
    axes.set(aspect="equal", xlabel="x, pixels", ylabel="y, pixels")
    axes.invert_yaxis()
    return figure


def as_png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def _points(
    axes: Axes, points: np.ndarray, scheme: LandmarkScheme, colour: str = "limegreen"
) -> None:
    for i, j in scheme.edges:
        axes.plot(*points[[i, j]].T, color=colour, linewidth=0.8, alpha=0.7)
    size = 12 if len(scheme) <= 20 else 4
    axes.scatter(*points.T, s=size, color=colour, edgecolors="black", linewidths=0.3)
