from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from wingkeras import geometry
from wingkeras.data.w300 import load_300w
from wingkeras.imaging.images import read_image
from wingkeras.inference import detectors
from wingkeras.inference import yunet as yunet_module
from wingkeras.inference.detectors import BoxCalibration, HaarDetector, YuNetDetector
from wingkeras.schemes import AFLW19, FIVE, LandmarkScheme
from wingkeras.storage.registry import packaged_folder

# The square around the landmarks of the portrait, read off it by eye.
PORTRAIT_BOX = np.array([[172, 154, 358, 340]], np.float32)
# The same around eyes, nose tip and mouth corners, as cnn67_300w finds them.
PORTRAIT_FIVE = np.array([[219, 189, 310, 280]], np.float32)


@pytest.fixture(scope="module")
def portrait():
    return read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))


@pytest.fixture(scope="module")
def yunet():
    return YuNetDetector()


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


def test_a_scheme_of_ones_own_may_have_the_name_of_a_known_one():
    ears = ("left_eye", "right_eye", "left_ear", "right_ear")
    own = LandmarkScheme("five", ears, (1, 0, 3, 2), left_eye=(0,), right_eye=(1,))
    assert (
        YuNetDetector.known_calibration(FIVE) == YuNetDetector(scheme=FIVE).calibration
    )
    assert YuNetDetector.known_calibration(own) is None
    inner = BoxCalibration(right=0.0, down=0.0, scale=0.5)
    for name in ("haar", "yunet"):
        detector = detectors.load_detector(name, scheme=own, inner=inner)
        assert detector.calibration == detector.CALIBRATIONS["ibug68"] @ inner


def test_a_box_that_the_calibration_moves_out_of_the_picture_is_no_face(portrait):
    away = BoxCalibration(right=0.0, down=5.0, scale=1.0)
    boxes, scores = HaarDetector(away)(portrait)
    assert boxes.shape == (0, 4) and scores.shape == (0,)


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


def _in_group(portrait, side, corner, shape=(3000, 4000)):
    """The portrait with a face of `side` px in a large grey picture, and its box."""
    factor = side / (PORTRAIT_BOX[0, 2] - PORTRAIT_BOX[0, 0])
    small = cv2.resize(
        portrait, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
    )
    left, top = corner
    group = np.full((*shape, 3), 128, np.uint8)
    group[top : top + len(small), left : left + small.shape[1]] = small
    return group, (PORTRAIT_BOX + 0.5) * factor - 0.5 + [left, top, left, top]


def test_haar_looks_for_small_faces_where_they_are_asked_for(portrait):
    group, expected = _in_group(portrait, 60, (700, 500), (1200, 1600))
    assert len(HaarDetector()(group).boxes) == 0
    boxes = HaarDetector(min_face=40)(group).boxes
    assert len(boxes) == 1 and geometry.box_iou(boxes, expected) > 0.6


@pytest.mark.parametrize("side", [40, 60, 180, 1500])
@pytest.mark.parametrize("corner", [(0, 0), (850, 1000)])
def test_yunet_finds_faces_of_all_sizes_in_large_pictures(
    yunet, portrait, side, corner
):
    shape = (3000, 4000) if side < 1000 else (6000, 6000)
    group, expected = _in_group(portrait, side, corner, shape)
    boxes = yunet(group).boxes
    assert len(boxes) == 1 and geometry.box_iou(boxes, expected) > 0.6


def test_what_is_searched_for_can_be_chosen(portrait):
    group, _ = _in_group(portrait, 60, (1700, 1300))
    assert len(YuNetDetector(min_face=60)(group).boxes) == 1
    assert len(YuNetDetector(min_face=400)(group).boxes) == 0
    score = YuNetDetector()(portrait).scores[0]
    assert len(YuNetDetector(min_score=score - 0.01)(portrait).boxes) == 1
    assert len(YuNetDetector(min_score=score + 0.01)(portrait).boxes) == 0
    by_name = detectors.load_detector("yunet", min_face=50, min_score=0.5)
    assert (by_name.min_face, by_name.min_score) == (50, 0.5)
    assert detectors.load_detector("haar", min_face=50).min_face == 50


@pytest.mark.parametrize("detector", [HaarDetector, YuNetDetector])
@pytest.mark.parametrize("min_face", [0, float("nan"), float("inf")])
def test_sizes_that_are_none(detector, min_face):
    with pytest.raises(ValueError, match="`min_face` of at least 1 pixel, received"):
        detector(min_face=min_face)


def test_scores_that_are_none():
    with pytest.raises(ValueError, match=r"`min_score` from 0 to 1, received 1\.5"):
        YuNetDetector(min_score=1.5)


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


def test_the_packaged_yunet_is_checked(tmp_path, monkeypatch, portrait):
    monkeypatch.setattr(yunet_module, "packaged_folder", lambda: tmp_path)
    with pytest.raises(FileNotFoundError, match="Install the package again"):
        YuNetDetector()(portrait)
    content = bytearray((packaged_folder() / YuNetDetector.FILE).read_bytes())
    content[1000] ^= 1
    (tmp_path / YuNetDetector.FILE).write_bytes(content)
    with pytest.raises(ValueError, match=f"damaged.*{YuNetDetector.SHA256}"):
        YuNetDetector()(portrait)


def test_the_licence_of_yunet_is_beside_it():
    text = (packaged_folder() / YuNetDetector.FILE).with_suffix(".LICENSE").read_text()
    assert text.startswith("MIT License") and "Shiqi Yu" in text


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
def test_faces_of_the_common_subset(real_data, name, share):
    detector = detectors.load_detector(name)
    faces = load_300w(Path(real_data) / "300w", "common")
    faces = faces.select(np.arange(0, len(faces), 10))
    hits = 0
    for path, box in zip(faces.images, faces.boxes, strict=True):
        found = detector(read_image(path)).boxes
        hits += bool((geometry.box_iou(found, box[None]) > 0.5).any())
    assert hits >= share * len(faces)


@pytest.mark.parametrize("side", [180, 90, 60])
def test_a_group_of_people_is_found(real_data, yunet, side):
    """Twenty faces of any pose in 12 megapixels; nothing else is found."""
    faces = load_300w(Path(real_data) / "300w", "train")
    faces = faces.select(np.arange(0, len(faces), len(faces) // 20)[:20])
    group, truth = np.full((3000, 4000, 3), 120, np.uint8), []
    for i, (path, box) in enumerate(zip(faces.images, faces.boxes, strict=True)):
        factor = side / (box[2] - box[0])
        # Around the face alone: others in its picture would count as false ones.
        left, top = np.maximum(0, np.floor(box[:2] - 0.3 / factor * side)).astype(int)
        right, bottom = np.ceil(box[2:] + 0.3 / factor * side).astype(int)
        image = read_image(path)[top:bottom, left:right]
        image = cv2.resize(
            image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
        )
        x, y = 800 * (i % 5) + 200, 750 * (i // 5) + 200
        group[y : y + len(image), x : x + image.shape[1]] = image
        corner = np.array([left, top, left, top])
        truth.append((box - corner + 0.5) * factor - 0.5 + [x, y, x, y])
    found = yunet(group).boxes
    overlap = geometry.box_iou(found[:, None], np.array(truth)[None])
    assert (overlap.max(axis=0) > 0.4).sum() >= 19
    assert (overlap.max(axis=1) > 0.4).all() and len(found) <= 20
