"""Every model of the zoo, as files that other runtimes run."""

import numpy as np
import pytest

from wingkeras import export, zoo
from wingkeras.evaluation import evaluate
from wingkeras.export import parity, samples
from zoo_datasets import dataset_of

pytest.importorskip("tf2onnx", reason="needs the extra `onnx`")
pytest.importorskip("ai_edge_quantizer", reason="needs the extra `litert`")

ENDINGS = (".onnx", ".tflite")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=zoo.list_models())
def localizer(request):
    return zoo.load(request.param)


@pytest.mark.parametrize("ending", ENDINGS)
def test_file_finds_the_same_landmarks(localizer, ending, tmp_path):
    path = tmp_path / f"model{ending}"
    export.convert(export.build_graph(localizer), path)
    pictures = samples.portrait(localizer, 12)
    result = parity.compare(localizer, path, "all", None, pictures)
    assert result.within_tolerance, result.report()


@pytest.fixture(scope="module")
def some_faces(localizer, real_data):
    """A few of the test faces: the differences here need no more."""
    faces = dataset_of(localizer.scheme).test_faces(real_data)
    return faces.select(np.arange(0, len(faces), len(faces) // 138))


def test_bfloat16_costs_little_accuracy(localizer, request, some_faces):
    pytest.importorskip("openvino", reason="needs the extra `openvino`")
    name = request.node.callspec.params["localizer"]
    normalizer = dataset_of(localizer.scheme).normalizer
    errors = [
        evaluate(model, some_faces).errors[normalizer].mean()
        for model in (localizer, zoo.load(name, runtime="openvino"))
    ]
    assert abs(errors[1] - errors[0]) < 0.001


@pytest.mark.parametrize("ending", ENDINGS)
def test_int8_costs_little_accuracy(localizer, ending, real_data, some_faces, tmp_path):
    training = dataset_of(localizer.scheme).training_faces(real_data)
    inputs = [
        samples.graph_inputs(localizer, "all", *picture)
        for picture in samples.pictures_of(training, 100)
    ]
    path = tmp_path / f"model{ending}"
    graph = export.build_graph(localizer)
    export.convert(graph, path, quantize="int8", samples=inputs)
    pictures = samples.pictures_of(some_faces, 8)
    result = parity.compare(localizer, path, "all", "int8", pictures, some_faces)
    assert result.within_tolerance, result.report()
