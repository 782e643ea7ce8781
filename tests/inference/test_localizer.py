import copy
import json
import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import PIL.Image
import pytest

from made_localizers import MEAN, make_boxes, make_image, make_localizer
from wingkeras.inference.detections import Detections
from wingkeras.inference.detectors import YuNetDetector
from wingkeras.inference.flip import localize_with_flip
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage
from wingkeras.models import CNN6
from wingkeras.schemes import FIVE


def test_maps_back_to_the_picture():
    """A network that always answers the mean shape puts it into the box."""
    network = CNN6(5, MEAN)
    network.get_layer("landmarks").kernel.assign(np.zeros((1024, 10)))
    localizer = Localizer([KerasStage(network, MEAN)], FIVE, 1.25)
    landmarks = localizer(make_image(), [[100, 50, 180, 130]])
    left, top, side = 90, 40, 100
    expected = np.array([left, top]) + (MEAN + 0.5) / 64 * side
    np.testing.assert_allclose(landmarks[0], expected, atol=1e-3)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_landmarks_that_are_not_finite_are_an_error(value):
    def run(crops):
        vectors = np.tile(MEAN.T.ravel(), (len(crops), 1))
        vectors[-1, 3] = value
        return vectors

    boxes = make_boxes(2)
    localizer = Localizer([FileStage(run, MEAN, 64)], FIVE, 1.1, lambda image: boxes)
    for call in (
        lambda: localizer(make_image(), boxes),
        lambda: localizer.detect(make_image()),
        lambda: list(localizer.localize_batch([(make_image(), boxes)])),
    ):
        with pytest.raises(FloatingPointError, match="Expected finite landmarks"):
            call()


@pytest.mark.parametrize("localizer", ["one_stage", "two_stages"])
@pytest.mark.parametrize("count", [1, 3, 7])
def test_a_batch_is_its_faces_one_by_one(localizer, count, request):
    localizer = request.getfixturevalue(localizer)
    image, boxes = make_image(), make_boxes(count)
    together = localizer(image, boxes)
    assert together.shape == (count, 5, 2) and together.dtype == np.float32
    alone = np.concatenate([localizer(image, box[None]) for box in boxes])
    np.testing.assert_allclose(together, alone, atol=1e-2)


@pytest.mark.parametrize("boxes", [[], np.zeros((0, 4))], ids=["list", "array"])
def test_no_boxes_no_landmarks(one_stage, boxes):
    assert one_stage(make_image(), boxes).shape == (0, 5, 2)


def test_box_that_is_not_square_counts_as_its_square(one_stage):
    image = make_image()
    square = one_stage(image, [[60, 50, 140, 130]])
    narrow = one_stage(image, [[80, 50, 120, 130]])
    np.testing.assert_allclose(narrow, square, atol=1e-3)


def test_traces_once_for_all_face_counts():
    traces = []
    network = make_localizer(1).stages[0].network

    class Counting:
        input_shape, output_shape = network.input_shape, network.output_shape

        def __call__(self, *arguments, **options):
            traces.append(1)
            return network(*arguments, **options)

    localizer = Localizer([KerasStage(Counting(), MEAN)], FIVE, 1.1)
    for count in (1, 2, 5, 3, 1):
        localizer(make_image(100 + count, 150), make_boxes(count))
    assert len(traces) == 1


def test_detect_uses_the_detector(one_stage):
    boxes = make_boxes(2)
    localizer = Localizer(one_stage.stages, FIVE, 1.1, detector=lambda image: boxes)
    faces = localizer.detect(make_image())
    np.testing.assert_array_equal(faces.boxes, boxes.astype(np.float32))
    np.testing.assert_array_equal(faces.landmarks, one_stage(make_image(), boxes))
    assert faces.scheme == FIVE and np.isnan(faces.scores).all()
    scored = one_stage.replace(detector=lambda _: Detections(boxes, np.array([0.9, 0])))
    np.testing.assert_allclose(scored.detect(make_image()).scores, [0.9, 0])


def test_what_a_detector_returns_is_checked(one_stage):
    for found, message in (
        (np.zeros((2, 5)), r"boxes \(N, 4\) from the detector.*\(2, 5\)"),
        (Detections(make_boxes(2), np.ones(3)), r"each of the 2 boxes.*\(3,\)"),
    ):
        localizer = one_stage.replace(detector=lambda image, found=found: found)
        with pytest.raises(ValueError, match=message):
            localizer.detect(make_image())


def test_no_face_is_no_error(one_stage):
    for nothing in ([], np.zeros((0, 4))):
        localizer = one_stage.replace(detector=lambda image, none=nothing: none)
        assert len(localizer.detect(make_image())) == 0


def test_the_default_detector_knows_the_scheme(one_stage):
    assert one_stage.detector.calibration == YuNetDetector.CALIBRATIONS["five"]
    with pytest.raises(AttributeError):
        one_stage.detector = None


def test_one_box_is_one_face(one_stage):
    box = make_boxes(1)[0]
    np.testing.assert_array_equal(
        one_stage(make_image(), box), one_stage(make_image(), box[None])
    )


def test_pictures_in_other_forms(one_stage, tmp_path):
    image, boxes = make_image(), make_boxes(2)
    expected = one_stage(image, boxes)
    path = tmp_path / "a.png"
    PIL.Image.fromarray(image).save(path)
    localizer = one_stage.replace(detector=lambda _: boxes)
    for form in (path, str(path), PIL.Image.fromarray(image)):
        np.testing.assert_array_equal(one_stage(form, boxes), expected)
        np.testing.assert_array_equal(localizer.detect(form).landmarks, expected)
    with pytest.raises(ValueError, match=r"received None\. cv2\.imread returns None"):
        one_stage(None, boxes)


def test_repr_is_one_line(two_stages):
    assert repr(two_stages.replace(flip_tta=True)) == (
        "Localizer(2 stages of 64 px + 128 px, scheme 'five', runtime 'keras', "
        "detector YuNetDetector(), flip_tta)"
    )


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_find_the_same(two_stages, copied):
    image, boxes = make_image(), make_boxes(2)
    again = copied(two_stages.replace(flip_tta=True))
    assert again.flip_tta and again.scheme == FIVE
    assert again.stages[0].network is not two_stages.stages[0].network
    expected = two_stages.replace(flip_tta=True)(image, boxes)
    np.testing.assert_allclose(again(image, boxes), expected, atol=1e-4)
    assert isinstance(again.detector, YuNetDetector)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")
def test_a_forked_process_is_told_to_load_its_own(one_stage):
    """Without waiting for threads that are not there."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of forking a process with threads
        child = os.fork()
    if not child:
        try:
            localize_with_flip(one_stage.replace(), make_image(), make_boxes(1))
        except RuntimeError as error:
            os.write(write, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    message = os.read(read, 1000).decode()
    assert f"made in process {os.getpid()}" in message and "'spawn'" in message


_WITHOUT_KERAS = """
import sys
import numpy as np
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage
from wingkeras.schemes import FIVE
mean = np.array({mean}, np.float32)
def run(factor):
    return lambda crops: np.repeat(factor * mean.T.reshape(1, -1), len(crops), axis=0)
stages = [FileStage(run(1), mean, 64), FileStage(run(2), 2 * mean, 128)]
localizer = Localizer(stages, FIVE, 1.25, flip_tta=True)
image = np.zeros((200, 240, 3), np.uint8)
print(localizer(image, [100, 50, 180, 130])[0].tolist())
localizer.detect(image)
assert not {{"keras", "tensorflow"}} & set(sys.modules), "loaded"
"""


def test_other_runtimes_need_neither_keras_nor_tensorflow():
    program = _WITHOUT_KERAS.format(mean=MEAN.tolist())
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        check=True,
        capture_output=True,
        text=True,
    )
    # The mean shape is nearly, not exactly, symmetric.
    expected = np.array([90, 40]) + (MEAN + 0.5) / 64 * 100
    np.testing.assert_allclose(json.loads(done.stdout), expected, atol=1)


@pytest.mark.parametrize(
    ("image", "boxes", "message"),
    [
        (make_image() / 255, [[0, 0, 9, 9]], "float64"),
        (make_image(), [0, 0, 9], r"`boxes` as \(N, 4\)"),
        (make_image(), [[0, 0, np.inf, 9]], "finite"),
        (make_image(100, 100), [[-1500, -1500, 1500, 1500]], r"box 0 = \[-1500\.0, "),
        (make_image(), [[2, 2, 9, 9], [-9, 2, -1, 10]], "box 1 .*pixels of this"),
        (make_image(), [2, 200, 9, 207], "inside the .* picture, at least in part"),
    ],
)
def test_bad_input_is_refused(one_stage, image, boxes, message):
    with pytest.raises(ValueError, match=message):
        one_stage(image, boxes)
