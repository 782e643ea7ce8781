import numpy as np
import pytest

from made_localizers import MEAN, make_boxes, make_image
from wingkeras import geometry
from wingkeras.export.samples import graph_inputs
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.models import CNN6, CNN7
from wingkeras.schemes import FIVE, IBUG68


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


def test_flip_tta_is_the_mean_with_the_mirror_image_but_for_the_side(two_stages):
    image, boxes = make_image(), make_boxes(3)
    last = two_stages.stages[1]
    crops = graph_inputs(two_stages, "stage2", image, boxes)["crops"]
    both = []
    for seen in (crops, crops[:, :, ::-1]):
        vectors = last.network.predict_on_batch(np.ascontiguousarray(seen))
        both.append(vectors.reshape(3, 2, 5).transpose(0, 2, 1))
    flipped = both[1][:, [1, 0, 2, 4, 3]]
    flipped[..., 0] = 127 - flipped[..., 0]
    assert np.abs(flipped - both[0]).max() > 1

    plain = two_stages(image, boxes)
    to_picture = geometry.fit_similarity(both[0], plain)
    means = (both[0] + flipped) / 2
    means[..., 0] += (both[0] - means)[..., 0].mean(axis=1, keepdims=True)
    expected = geometry.transform(to_picture, means)
    flip_tta = two_stages.replace(flip_tta=True)
    np.testing.assert_allclose(flip_tta(image, boxes), expected, atol=1e-2)
    np.testing.assert_array_equal(flip_tta.without_flip_tta(image, boxes), plain)
    assert two_stages.without_flip_tta is two_stages


def test_networks_must_fit_the_scheme():
    with pytest.raises(ValueError, match=r"68 landmarks of scheme 'ibug68'.*finds 5"):
        Localizer([KerasStage(CNN6(5), MEAN)], IBUG68, 1.1)
    with pytest.raises(ValueError, match="at least one stage"):
        Localizer([], FIVE, 1.1)


def test_networks_must_share_regions():
    stages = [KerasStage(CNN7(5, MEAN), MEAN), KerasStage(CNN6(5, MEAN), MEAN)]
    with pytest.raises(ValueError, match=r"a whole number of times.*128, 64 px"):
        Localizer(stages, FIVE, 1.1)
