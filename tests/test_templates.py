import numpy as np
import pytest

from wingkeras import geometry


def test_the_points_of_arcface_at_their_own_size():
    points = geometry.arcface_template()
    np.testing.assert_array_equal(
        points,
        [
            [38.2946, 51.6963],
            [73.5318, 51.5014],
            [56.0252, 71.7366],
            [41.5493, 92.3655],
            [70.7299, 92.2041],
        ],
    )


def test_points_keep_their_place_between_the_crops_outer_edges():
    box = geometry.image_box(112, 112)[None]
    to_large = geometry.crop_maps(box, 224)
    moved = geometry.transform(to_large, geometry.arcface_template()[None])[0]
    np.testing.assert_allclose(geometry.arcface_template(224), moved, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "margin", "message"),
    [
        (np.eye(2), 0.5, r"`margin` in \[0, 0.5\), received 0.5"),
        (np.ones((3, 2)), 0.1, "not all in one place"),
        (np.array([[0, 0], [np.nan, 1]]), 0.1, "finite points"),
    ],
)
def test_shapes_that_cannot_fill_a_crop_are_refused(shape, margin, message):
    with pytest.raises(ValueError, match=message):
        geometry.template_of_shape(shape, 64, margin)
