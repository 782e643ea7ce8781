import numpy as np
import pytest

from wingkeras import geometry
from wingkeras.localizer import Localizer, Stage
from wingkeras.models import CNN6, CNN7
from wingkeras.schemes import FIVE, IBUG68

MEAN = np.array([[20, 24], [44, 24], [32, 34], [24, 44], [40, 44]], np.float32)


def _image(height=200, width=240, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def _network(builder, mean, wiggle):
    """A network near the mean shape that does look at the picture."""
    network = builder(5, mean)
    head = network.get_layer("landmarks")
    kernel = np.random.default_rng(1).normal(0, wiggle, head.kernel.shape)
    head.kernel.assign(kernel)
    return network


@pytest.fixture(scope="module")
def one_stage():
    return Localizer([Stage(_network(CNN6, MEAN, 0.01), MEAN)], FIVE, 1.1)


@pytest.fixture(scope="module")
def two_stages():
    stages = [
        Stage(_network(CNN6, MEAN, 0.01), MEAN),
        Stage(_network(CNN7, 2 * MEAN + 0.5, 0.01), 2 * MEAN + 0.5),
    ]
    return Localizer(stages, FIVE, 1.1)


def _boxes(count, seed=0):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(10, 80, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(40, 100, (count, 1))], axis=1)


def test_maps_back_to_the_picture():
    """A network that always answers the mean shape puts it into the box."""
    network = CNN6(5, MEAN)
    network.get_layer("landmarks").kernel.assign(np.zeros((1024, 10)))
    localizer = Localizer([Stage(network, MEAN)], FIVE, 1.25)
    landmarks = localizer(_image(), [[100, 50, 180, 130]])
    left, top, side = 90, 40, 100
    expected = np.array([left, top]) + (MEAN + 0.5) / 64 * side
    np.testing.assert_allclose(landmarks[0], expected, atol=1e-3)


@pytest.mark.parametrize("localizer", ["one_stage", "two_stages"])
@pytest.mark.parametrize("count", [1, 3, 7])
def test_a_batch_is_its_faces_one_by_one(localizer, count, request):
    localizer = request.getfixturevalue(localizer)
    image, boxes = _image(), _boxes(count)
    together = localizer(image, boxes)
    assert together.shape == (count, 5, 2) and together.dtype == np.float32
    alone = np.concatenate([localizer(image, box[None]) for box in boxes])
    np.testing.assert_allclose(together, alone, atol=1e-2)


def test_second_stage_sees_the_face_upright(two_stages):
    """Its crop is the region under the similarity of the first stage's points."""
    image, box = _image(), np.array([[60, 50, 140, 130]], np.float32)
    first = Localizer(two_stages.stages[:1], FIVE, 1.1)
    rough = first(image, box)
    to_second = geometry.fit_similarity(rough, two_stages.stages[1].mean_shape)
    upright = geometry.transform(to_second, rough)
    assert np.abs(upright - two_stages.stages[1].mean_shape).mean() < 3
    result = geometry.transform(to_second, two_stages(image, box))
    spread = np.abs(result - two_stages.stages[1].mean_shape).mean()
    assert 0 < spread < 3


@pytest.mark.parametrize("boxes", [[], np.zeros((0, 4))], ids=["list", "array"])
def test_no_boxes_no_landmarks(one_stage, boxes):
    assert one_stage(_image(), boxes).shape == (0, 5, 2)


def test_box_that_is_not_square_counts_as_its_square(one_stage):
    image = _image()
    square = one_stage(image, [[60, 50, 140, 130]])
    narrow = one_stage(image, [[80, 50, 120, 130]])
    np.testing.assert_allclose(narrow, square, atol=1e-3)


def test_traces_once_for_all_face_counts():
    traces = []
    network = _network(CNN6, MEAN, 0.01)

    class Counting:
        input_shape, output_shape = network.input_shape, network.output_shape

        def __call__(self, *arguments, **options):
            traces.append(1)
            return network(*arguments, **options)

    localizer = Localizer([Stage(Counting(), MEAN)], FIVE, 1.1)
    for count in (1, 2, 5, 3, 1):
        localizer(_image(100 + count, 150), _boxes(count))
    assert len(traces) == 1


def test_detect_uses_the_detector(one_stage):
    boxes = _boxes(2)
    localizer = Localizer(one_stage.stages, FIVE, 1.1, detector=lambda image: boxes)
    landmarks, found = localizer.detect(_image())
    np.testing.assert_array_equal(found, boxes)
    np.testing.assert_array_equal(landmarks, one_stage(_image(), boxes))


@pytest.mark.parametrize(
    ("image", "boxes", "message"),
    [
        (_image()[..., 0], [[0, 0, 9, 9]], r"\(H, W, 3\) uint8 RGB"),
        (_image() / 255, [[0, 0, 9, 9]], "float64"),
        (_image(), [0, 0, 9, 9], r"`boxes` as \(N, 4\)"),
        (_image(), [[0, 0, np.inf, 9]], "finite"),
    ],
)
def test_bad_input_is_refused(one_stage, image, boxes, message):
    with pytest.raises(ValueError, match=message):
        one_stage(image, boxes)


def test_networks_must_fit_the_scheme():
    with pytest.raises(ValueError, match=r"136 outputs for scheme 'ibug68'.*with 10"):
        Localizer([Stage(CNN6(5), MEAN)], IBUG68, 1.1)
    with pytest.raises(ValueError, match="at least one stage"):
        Localizer([], FIVE, 1.1)
