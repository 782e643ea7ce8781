import numpy as np
import pytest

from made_localizers import make_boxes, make_image, make_localizer
from wingkeras import geometry
from wingkeras.export import build_graph
from wingkeras.export.graphs import OUTPUT
from wingkeras.export.samples import array_stages, graph_inputs
from wingkeras.inference.localizer import Localizer


@pytest.fixture(scope="module", params=[False, True], ids=["once", "flip_tta"])
def localizer(request):
    return make_localizer(2, request.param)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_whole_graph_is_the_localizer(localizer, count):
    image, boxes = make_image(150 + count, 190), make_boxes(count)
    boxes[:1, 3] += 20  # not square
    inputs = graph_inputs(localizer, "all", image, boxes)
    received = build_graph(localizer).compile()(**inputs)
    np.testing.assert_allclose(received, localizer(image, boxes), atol=2e-2)


def test_one_trace_for_all_pictures(localizer):
    traced = build_graph(localizer).trace()
    for size, count in ((150, 1), (170, 3), (190, 0), (200, 2)):
        boxes = make_boxes(count).astype(np.float32).reshape(-1, 4)
        result = traced(make_image(size, size + 30), boxes)[OUTPUT]
        assert result.shape == (count, 5, 2)
    assert traced.experimental_get_tracing_count() == 1


def test_stages_are_the_networks(localizer):
    image, boxes = make_image(), make_boxes(2)
    for number, stage in enumerate(localizer.stages, start=1):
        inputs = graph_inputs(localizer, f"stage{number}", image, boxes)
        crops = inputs["crops"]
        assert crops.shape == (2, stage.size, stage.size, 3)
        received = build_graph(localizer, f"stage{number}").compile()(**inputs)
        expected = stage.network.predict_on_batch(crops)
        np.testing.assert_allclose(received, expected, atol=1e-3)


def test_second_network_sees_what_the_first_made_of_it(localizer):
    image, boxes = make_image(), make_boxes(1)
    localizer = localizer.without_flip_tta
    crops = graph_inputs(localizer, "stage2", image, boxes)["crops"]
    vectors = localizer.stages[1].network.predict_on_batch(crops)
    found = geometry.from_shape_vectors(vectors)
    landmarks = localizer(image, boxes)
    to_picture = geometry.fit_similarity(found, landmarks)
    np.testing.assert_allclose(
        geometry.transform(to_picture, found), landmarks, atol=1e-2
    )


def test_another_runtime_cannot_be_exported(localizer):
    again = Localizer(array_stages(localizer), localizer.scheme, 1.1)
    with pytest.raises(ValueError, match="runtime='keras'"):
        build_graph(again)


def test_unknown_stage_is_refused(localizer):
    with pytest.raises(ValueError, match=r"'all', 'stage1', 'stage2'.*'third'"):
        graph_inputs(localizer, "third", make_image(), make_boxes(1))
    with pytest.raises(ValueError, match=r"'all', 'stage1', 'stage2'.*'stage3'"):
        build_graph(localizer, "stage3")
