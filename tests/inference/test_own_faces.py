import dataclasses

import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from made_localizers import MEAN, make_localizer
from wingkeras import geometry, zoo
from wingkeras.inference.calibration import BoxCalibration
from wingkeras.inference.detectors import default_detector, load_detector
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.own_faces import box_in_that_of_68
from wingkeras.inference.yunet import YuNetDetector
from wingkeras.schemes import FIVE, IBUG68

OWN = dataclasses.replace(FIVE, name="own")


def of(model):
    entry = zoo.model_info(model)
    stage = entry.stages[0]
    return np.array(stage.mean_shape), stage.input_size, entry.box_scale


def test_one_calibration_after_another():
    boxes = np.array([[10, 20, 50, 60], [0, 0, 9, 4]], np.float32)
    outer, inner = BoxCalibration(0.1, 0.2, 0.9), BoxCalibration(-0.05, 0.3, 0.5)
    expected = inner(outer(boxes))
    np.testing.assert_allclose((outer @ inner)(boxes), expected, atol=1e-4)


def test_the_box_of_68_points_is_their_own():
    inner = box_in_that_of_68(IBUG68, *of("cnn6_300w"))
    expected = pytest.approx((0, 0, 1), abs=0.01)
    assert (inner.right, inner.down, inner.scale) == expected


def test_what_the_eyes_tell_is_what_was_measured_for_five_points():
    """On training faces, by tools/calibrate_detectors.py."""
    measured = YuNetDetector.CALIBRATIONS["five"]
    inner = box_in_that_of_68(FIVE, *of("cnn6_aflw5"))
    told = YuNetDetector.CALIBRATIONS["ibug68"] @ inner
    assert told.scale == pytest.approx(measured.scale, abs=0.02)
    assert told.down == pytest.approx(measured.down, abs=0.02)
    assert told.right == pytest.approx(0, abs=0.02)


def test_a_face_of_ones_own_points_is_found_in_its_box():
    """Without a warning, and where the measured calibration finds it."""
    portrait = get_sample_data("grace_hopper.jpg", asfileobj=False)
    expected = YuNetDetector(scheme=FIVE)(portrait).boxes[:1]
    mean_shape, size, box_scale = of("cnn6_aflw5")
    found = default_detector(OWN, mean_shape, size, box_scale)(portrait).boxes[:1]
    assert geometry.box_iou(found, expected) > 0.85
    inner = box_in_that_of_68(OWN, mean_shape, size, box_scale)
    again = load_detector("yunet", scheme=OWN, inner=inner)(portrait).boxes[:1]
    np.testing.assert_array_equal(again, found)


def test_only_a_scheme_that_is_not_calibrated_is_told_by_its_eyes():
    assert make_localizer(1).detector.calibration == YuNetDetector.CALIBRATIONS["five"]
    own = Localizer(make_localizer(1).stages, OWN, 1.1)
    scale = np.hypot(*(MEAN[1] - MEAN[0])) / (64 / 1.1)
    told = own.detector.calibration.scale / YuNetDetector.CALIBRATIONS["ibug68"].scale
    assert told == pytest.approx(0.4182 / scale, rel=1e-3)
