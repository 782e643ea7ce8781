import dataclasses

import numpy as np
import pytest

from made_localizers import make_localizer
from wingkeras.export.samples import portrait
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import FIVE


def test_the_portrait_is_shown_in_different_boxes_around_its_face():
    pictures = portrait(make_localizer(1), 5)
    boxes = np.concatenate([boxes for _, boxes in pictures])
    assert boxes.shape == (5, 4) and len(np.unique(boxes, axis=0)) == 5
    (found,) = make_localizer(1).find_faces(pictures[0][0]).boxes
    side = found[2] - found[0]
    assert 0 < np.abs(boxes - found).max() < 0.1 * side


def test_objects_without_eyes_are_not_in_the_portrait():
    thing = dataclasses.replace(FIVE, name="thing", left_eye=(), right_eye=())
    localizer = Localizer(make_localizer(1).stages, thing, 1.1)
    with pytest.raises(ValueError, match="it has no eyes"):
        portrait(localizer, 5)
