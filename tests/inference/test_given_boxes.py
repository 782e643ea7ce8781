import dataclasses

import numpy as np
import pytest

from made_localizers import make_boxes, make_image, make_localizer
from wingkeras.inference.given_boxes import GivenBoxes, WholePicture
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.yunet import YuNetDetector
from wingkeras.schemes import FIVE
from wingkeras.video.tracker import Tracker

THING = dataclasses.replace(FIVE, name="thing", left_eye=(), right_eye=())


def thing_localizer(scheme=THING, **options):
    return Localizer(make_localizer(1).stages, scheme, 1.1, **options)


def test_given_boxes_take_the_place_of_a_detector():
    image, boxes = make_image(), make_boxes(2)
    localizer = thing_localizer(detector=GivenBoxes(boxes))
    found = localizer.detect(image)
    np.testing.assert_array_equal(found.landmarks, localizer(image, boxes))
    assert np.isnan(found.scores).all()
    assert GivenBoxes(boxes[0]).boxes.shape == (1, 4)


@pytest.mark.parametrize("boxes", [[1, 2, 3], [[1, 2, 1, 5]], [[0, 0, np.nan, 5]]])
def test_what_is_no_box_is_refused(boxes):
    with pytest.raises(ValueError, match="Expected boxes"):
        GivenBoxes(boxes)


@pytest.mark.parametrize(("height", "width"), [(60, 60), (40, 80)])
def test_the_crop_of_the_whole_picture_is_the_picture(height, width):
    image = make_image(height, width)
    (box,) = WholePicture(box_scale=1.25)(image)
    middle = np.array([width - 1, height - 1]) / 2
    side = max(height, width)
    corner = middle - side / 2 / 1.25
    np.testing.assert_allclose(box, [*corner, *(2 * middle - corner)], atol=1e-4)


def test_without_eyes_there_is_no_detector_and_the_error_says_what_to_do():
    assert isinstance(make_localizer(1).detector, YuNetDetector)
    localizer = thing_localizer()
    with pytest.raises(ValueError, match=r"scheme 'thing': it has no eyes.*--box"):
        localizer.detect(make_image())
    assert localizer(make_image(), make_boxes(2)).shape == (2, 5, 2)


def test_what_compares_mirror_images_refuses_a_scheme_without_mirror():
    scheme = dataclasses.replace(THING, mirror=None)
    with pytest.raises(ValueError, match="flip_tta=False for scheme 'thing'"):
        thing_localizer(scheme, flip_tta=True)
    with pytest.raises(ValueError, match=r"flipped frame agree\. Scheme 'thing' has"):
        Tracker(thing_localizer(scheme))
