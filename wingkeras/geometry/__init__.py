"""Boxes, affine maps and shapes; no other package knows the pixel convention.

Coordinates are continuous pixels, x to the right and y down, and the centre of
the top-left pixel is (0, 0): an image of width W covers [-0.5, W - 0.5]. A box is
`(left, top, right, bottom)`, an affine map `(2, 3)` takes `(x, y, 1)` to `(x, y)`.
OpenCV's rectangles and the windows of area averaging count from the outer edge of the
first pixel instead, see `from_pixel_edges`; `.pts` files count pixels from 1.

Functions that are also needed inside graphs take `xp`, the namespace to compute
with: `numpy` (the default), `keras.ops` or `tensorflow`.
"""

from wingkeras.geometry.boxes import (
    box_iou,
    flip_boxes,
    from_pixel_edges,
    image_box,
    inside_in_part,
    landmark_boxes,
    scale_boxes,
    square_boxes,
)
from wingkeras.geometry.maps import (
    compose,
    crop_maps,
    fit_similarity,
    flip_maps,
    invert,
    rotation_maps,
    shrink_maps,
    transform,
)
from wingkeras.geometry.shapes import (
    cell_centres,
    flip_points,
    from_one_based,
    from_shape_vectors,
    resize_points,
    scale_about_centre,
    to_one_based,
    to_shape_vectors,
)
from wingkeras.geometry.templates import arcface_template, template_of_shape

__all__ = [
    "arcface_template",
    "box_iou",
    "cell_centres",
    "compose",
    "crop_maps",
    "fit_similarity",
    "flip_boxes",
    "flip_maps",
    "flip_points",
    "from_one_based",
    "from_pixel_edges",
    "from_shape_vectors",
    "image_box",
    "inside_in_part",
    "invert",
    "landmark_boxes",
    "resize_points",
    "rotation_maps",
    "scale_about_centre",
    "scale_boxes",
    "shrink_maps",
    "square_boxes",
    "template_of_shape",
    "to_one_based",
    "to_shape_vectors",
    "transform",
]
