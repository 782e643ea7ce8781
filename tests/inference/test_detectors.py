from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from wingkeras import geometry
from wingkeras.data.w300 import load_300w
from wingkeras.imaging.images import read_image
from wingkeras.inference import detectors
from wingkeras.inference.detectors import BoxCalibration, HaarDetector, YuNetDetector
from wingkeras.schemes import AFLW19, FIVE
from wingkeras.storage.download import FetchError

# The square around the landmarks of the portrait, read off it by eye.
PORTRAIT_BOX = np.array([[172, 154, 358, 340]], np.float32)
# The same around eyes, nose tip and mouth corners, as cnn67_300w finds them.
PORTRAIT_FIVE = np.array([[219, 189, 310, 280]], np.float32)


@pytest.fixture(scope="module")
def portrait():
    return read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))


@pytest.fixture(scope="module")
def yunet(real_data):
    files = sorted((real_data.parent / "detectors").glob("face_detection_yunet*.onnx"))
    if not files:
        pytest.skip("needs a YuNet model file in detectors/ beside the data")
    return YuNetDetector(files[0])


def test_calibration_moves_and_scales():
    calibrate = BoxCalibration(right=0.1, down=-0.2, scale=0.5)
    boxes = np.array([[0, 0, 20, 80]], np.float32)
    np.testing.assert_allclose(calibrate(boxes), [[4, 22, 24, 42]])


def test_haar_finds_the_portraits_face(portrait):
    boxes, scores = HaarDetector()(portrait)
    assert boxes.shape == (1, 4) and boxes.dtype == np.float32
    assert scores.shape == (1,) and np.isnan(scores).all()
    assert geometry.box_iou(boxes, PORTRAIT_BOX) > 0.6


def test_boxes_enclose_the_landmarks_of_the_scheme(portrait):
    five = HaarDetector(scheme=FIVE)(portrait).boxes
    assert geometry.box_iou(five, PORTRAIT_FIVE) > 0.6
    np.testing.assert_array_equal(
        detectors.load_detector("haar", scheme=FIVE)(portrait).boxes, five
    )
    own = BoxCalibration(right=0.0, down=0.0, scale=1.0)
    np.testing.assert_array_equal(
        HaarDetector(own, FIVE)(portrait).boxes, HaarDetector(own)(portrait).boxes
    )


def test_a_scheme_without_a_calibration_is_told_on_use(portrait):
    detector = HaarDetector(scheme=AFLW19)
    with pytest.warns(UserWarning, match=r"\['five', 'ibug68'\], not for 'aflw19'"):
        unmeasured = detector(portrait)
    np.testing.assert_array_equal(unmeasured.boxes, HaarDetector()(portrait).boxes)
    own = BoxCalibration(right=0.0, down=0.0, scale=1.0)
    HaarDetector(own, AFLW19)(portrait)  # warnings are errors


@pytest.mark.parametrize("factor", [0.5, 4.0])
def test_boxes_are_in_pixels_of_the_picture(portrait, factor):
    resized = cv2.resize(portrait, None, fx=factor, fy=factor)
    boxes = (HaarDetector()(resized).boxes + 0.5) / factor - 0.5
    assert geometry.box_iou(boxes[:1], HaarDetector()(portrait).boxes) > 0.8


def test_the_largest_face_comes_first(portrait):
    face = portrait[20:280, 110:390]
    small = cv2.resize(face, (120, 112), interpolation=cv2.INTER_AREA)
    canvas = np.full((300, 560, 3), 128, np.uint8)
    canvas[100:212, 10:130] = small
    canvas[20:280, 200:480] = face
    boxes = HaarDetector()(canvas).boxes
    assert len(boxes) == 2
    sides = boxes[:, 2] - boxes[:, 0]
    assert sides[0] > 1.5 * sides[1] and boxes[0, 0] > boxes[1, 0]


def test_a_small_face_is_found_at_a_larger_size(portrait):
    small = cv2.resize(portrait, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    group = np.full((1200, 1600, 3), 128, np.uint8)
    group[500 : 500 + len(small), 700 : 700 + small.shape[1]] = small
    assert len(HaarDetector()(group).boxes) == 0
    boxes = HaarDetector(longest_side=1600)(group).boxes
    expected = (PORTRAIT_BOX + 0.5) * 0.3 - 0.5 + [700, 500, 700, 500]
    assert len(boxes) == 1 and geometry.box_iou(boxes, expected) > 0.6
    with pytest.raises(ValueError, match="`longest_side` of at least 1 pixel"):
        HaarDetector(longest_side=0)


def test_no_face_no_boxes():
    boxes, scores = HaarDetector()(np.full((200, 300, 3), 90, np.uint8))
    assert boxes.shape == (0, 4) and scores.shape == (0,)


def test_bad_images_are_refused():
    with pytest.raises(ValueError, match=r"\(H, W, 3\) uint8 RGB"):
        HaarDetector()(np.zeros((9, 9, 3)))


def test_tiny_pictures():
    assert HaarDetector()(np.zeros((3, 2, 3), np.uint8)).boxes.shape == (0, 4)


def test_yunet_from_a_wrong_or_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*none\.onnx"):
        YuNetDetector(tmp_path / "none.onnx")
    (tmp_path / "wrong.onnx").write_bytes(b"not a network")
    with pytest.raises(ValueError, match=r"YuNet model in ONNX format.*wrong\.onnx"):
        YuNetDetector(tmp_path / "wrong.onnx")


def test_yunet_that_cannot_be_downloaded(tmp_path, monkeypatch):
    monkeypatch.setenv("WINGKERAS_HOME", str(tmp_path))
    monkeypatch.setattr(YuNetDetector, "URL", "http://127.0.0.1:9/yunet.onnx")
    with pytest.raises(FetchError, match=f"offline.*{YuNetDetector.SHA256}"):
        YuNetDetector()


def test_by_name():
    assert isinstance(detectors.load_detector("haar"), HaarDetector)
    with pytest.raises(ValueError, match=r"\['haar', 'yunet'\], received 'dlib'"):
        detectors.load_detector("dlib")


def test_yunet_finds_the_portraits_face(yunet, portrait):
    boxes, scores = yunet(portrait)
    assert len(boxes) == 1 and geometry.box_iou(boxes, PORTRAIT_BOX) > 0.7
    assert scores.shape == (1,) and 0.7 <= scores[0] <= 1
    assert len(yunet(np.full((200, 300, 3), 90, np.uint8)).boxes) == 0
    five = yunet.CALIBRATIONS["five"](yunet.raw(portrait).boxes)
    assert geometry.box_iou(five, PORTRAIT_FIVE) > 0.6


@pytest.mark.parametrize(("name", "share"), [("haar", 0.95), ("yunet", 0.99)])
def test_faces_of_the_common_subset(real_data, name, share, request):
    detector = request.getfixturevalue("yunet") if name == "yunet" else HaarDetector()
    faces = load_300w(Path(real_data) / "300w", "common")
    faces = faces.select(np.arange(0, len(faces), 10))
    hits = 0
    for path, box in zip(faces.images, faces.boxes, strict=True):
        found = detector(read_image(path)).boxes
        hits += bool((geometry.box_iou(found, box[None]) > 0.5).any())
    assert hits >= share * len(faces)
