import numpy as np
import pytest

from made_localizers import MEAN, make_boxes, make_image, make_localizer
from wingkeras import geometry
from wingkeras.export.samples import graph_inputs
from wingkeras.inference.detectors import HaarDetector
from wingkeras.inference.localizer import Localizer, Stage
from wingkeras.models import CNN6, CNN7
from wingkeras.schemes import FIVE, IBUG68


@pytest.fixture(scope="module")
def one_stage():
    return make_localizer(1)


@pytest.fixture(scope="module")
def two_stages():
    return make_localizer(2)


def test_maps_back_to_the_picture():
    """A network that always answers the mean shape puts it into the box."""
    network = CNN6(5, MEAN)
    network.get_layer("landmarks").kernel.assign(np.zeros((1024, 10)))
    localizer = Localizer([Stage(network, MEAN)], FIVE, 1.25)
    landmarks = localizer(make_image(), [[100, 50, 180, 130]])
    left, top, side = 90, 40, 100
    expected = np.array([left, top]) + (MEAN + 0.5) / 64 * side
    np.testing.assert_allclose(landmarks[0], expected, atol=1e-3)


@pytest.mark.parametrize("localizer", ["one_stage", "two_stages"])
@pytest.mark.parametrize("count", [1, 3, 7])
def test_a_batch_is_its_faces_one_by_one(localizer, count, request):
    localizer = request.getfixturevalue(localizer)
    image, boxes = make_image(), make_boxes(count)
    together = localizer(image, boxes)
    assert together.shape == (count, 5, 2) and together.dtype == np.float32
    alone = np.concatenate([localizer(image, box[None]) for box in boxes])
    np.testing.assert_allclose(together, alone, atol=1e-2)


def test_second_stage_sees_the_face_upright(two_stages):
    """Its crop is the region under the similarity of the first stage's points."""
    image, box = make_image(), np.array([[60, 50, 140, 130]], np.float32)
    first = Localizer(two_stages.stages[:1], FIVE, 1.1)
    rough = first(image, box)
    to_second = geometry.fit_similarity(rough, two_stages.stages[1].mean_shape)
    upright = geometry.transform(to_second, rough)
    assert np.abs(upright - two_stages.stages[1].mean_shape).mean() < 3
    result = geometry.transform(to_second, two_stages(image, box))
    spread = np.abs(result - two_stages.stages[1].mean_shape).mean()
    assert 0 < spread < 3


def test_flip_tta_is_the_mean_with_the_mirror_image(two_stages):
    image, boxes = make_image(), make_boxes(3)
    last = two_stages.stages[1]
    crops = graph_inputs(two_stages, "stage2", image, boxes)["crops"]
    both = []
    for seen in (crops, crops[:, :, ::-1]):
        vectors = last.network.predict_on_batch(np.ascontiguousarray(seen))
        both.append(vectors.reshape(3, 2, 5).transpose(0, 2, 1))
    mirrored = both[1][:, [1, 0, 2, 4, 3]]
    mirrored[..., 0] = 127 - mirrored[..., 0]
    assert np.abs(mirrored - both[0]).max() > 1

    plain = two_stages(image, boxes)
    to_picture = geometry.fit_similarity(both[0], plain)
    expected = geometry.transform(to_picture, (both[0] + mirrored) / 2)
    flip_tta = two_stages.replace(flip_tta=True)
    np.testing.assert_allclose(flip_tta(image, boxes), expected, atol=1e-2)
    np.testing.assert_array_equal(flip_tta.without_flip_tta(image, boxes), plain)
    assert two_stages.without_flip_tta is two_stages


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

    localizer = Localizer([Stage(Counting(), MEAN)], FIVE, 1.1)
    for count in (1, 2, 5, 3, 1):
        localizer(make_image(100 + count, 150), make_boxes(count))
    assert len(traces) == 1


def test_detect_uses_the_detector(one_stage):
    boxes = make_boxes(2)
    localizer = Localizer(one_stage.stages, FIVE, 1.1, detector=lambda image: boxes)
    landmarks, found = localizer.detect(make_image())
    np.testing.assert_array_equal(found, boxes)
    np.testing.assert_array_equal(landmarks, one_stage(make_image(), boxes))


def test_the_default_detector_knows_the_scheme(one_stage):
    localizer = one_stage.replace()
    assert localizer.scheme == FIVE and localizer.detector is None
    localizer.find_faces(make_image())
    assert localizer.detector.calibration == HaarDetector.CALIBRATIONS["five"]


@pytest.mark.parametrize(
    ("image", "boxes", "message"),
    [
        (make_image()[..., 0], [[0, 0, 9, 9]], r"\(H, W, 3\) uint8 RGB"),
        (make_image() / 255, [[0, 0, 9, 9]], "float64"),
        (make_image(), [0, 0, 9, 9], r"`boxes` as \(N, 4\)"),
        (make_image(), [[0, 0, np.inf, 9]], "finite"),
    ],
)
def test_bad_input_is_refused(one_stage, image, boxes, message):
    with pytest.raises(ValueError, match=message):
        one_stage(image, boxes)


def test_networks_must_fit_the_scheme():
    with pytest.raises(ValueError, match=r"68 landmarks of scheme 'ibug68'.*finds 5"):
        Localizer([Stage(CNN6(5), MEAN)], IBUG68, 1.1)
    with pytest.raises(ValueError, match="at least one stage"):
        Localizer([], FIVE, 1.1)


def test_networks_must_share_regions():
    stages = [Stage(CNN7(5, MEAN), MEAN), Stage(CNN6(5, MEAN), MEAN)]
    with pytest.raises(ValueError, match=r"a whole number of times.*128, 64 px"):
        Localizer(stages, FIVE, 1.1)
