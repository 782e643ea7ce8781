import dataclasses

import numpy as np

from made_localizers import make_localizer
from wingkeras.export.samples import portrait
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import FIVE


def test_without_a_detector_the_middle_of_the_portrait_serves():
    thing = dataclasses.replace(FIVE, name="thing", left_eye=(), right_eye=())
    localizer = Localizer(make_localizer(1).stages, thing, 1.1)
    pictures = portrait(localizer, 5)
    height, width = pictures[0][0].shape[:2]
    boxes = np.concatenate([boxes for _, boxes in pictures])
    assert boxes.shape == (5, 4) and len(np.unique(boxes, axis=0)) == 5
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert np.abs(centres - [width / 2, height / 2]).max() < 0.1 * height
    assert (boxes[:, 2:] - boxes[:, :2] > height / 3).all()
