import pickle
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import keras
import numpy as np
import pytest

from made_localizers import make_boxes, make_image, make_localizer
from wingkeras import export, zoo
from wingkeras.inference import runtimes

pytest.importorskip("tf2onnx", reason="needs the extra `onnx`")
pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")


@pytest.fixture(params=runtimes.RUNTIMES)
def runtime(request):
    needed = runtimes.RUNTIMES[request.param]
    pytest.importorskip(needed.module, reason=f"needs the extra `{needed.extra}`")
    return request.param


@pytest.fixture(scope="module")
def localizer():
    return make_localizer(2, flip_tta=True)


@pytest.fixture(scope="module")
def saved(localizer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    zoo.save(localizer, folder, "made")
    return folder


@pytest.mark.parametrize("count", [1, 3])
def test_same_landmarks_in_every_runtime(saved, runtime, count):
    image, boxes = make_image(180, 200, count), make_boxes(count)
    expected = zoo.load(saved)(image, boxes)
    received = zoo.load(saved, runtime=runtime)(image, boxes)
    assert received.shape == (count, 5, 2) and received.dtype == np.float32
    # OpenVINO computes in bfloat16 where the processor can.
    tolerance = 0.7 if runtime == "openvino" else 2e-3
    np.testing.assert_allclose(received, expected, atol=tolerance)


def test_a_pickled_localizer_loads_its_files_again(saved, runtime):
    image, boxes = make_image(), make_boxes(2)
    localizer = zoo.load(saved, runtime=runtime)
    again = pickle.loads(pickle.dumps(localizer))
    assert again.stages[0].runtime == runtime and again.stages[0] is not localizer
    np.testing.assert_array_equal(again(image, boxes), localizer(image, boxes))


def test_no_boxes_no_landmarks(saved, runtime):
    found = zoo.load(saved, runtime=runtime)(make_image(), np.zeros((0, 4)))
    assert found.shape == (0, 5, 2)


def test_converts_once(saved, cache, monkeypatch):
    zoo.load(saved, runtime="onnx")
    files = sorted(cache.rglob("made-*.onnx"))
    assert len(files) == 2

    def refuse(*arguments):
        raise AssertionError("converted again")

    monkeypatch.setattr("wingkeras.export.conversion.serialize", refuse)
    zoo.load(saved, runtime="onnx")
    assert sorted(cache.rglob("made-*.onnx")) == files


def test_missing_weights_are_not_taken_for_a_cache_that_is_full(
    tmp_path, runtime, monkeypatch
):
    monkeypatch.setenv("WINGKERAS_HOME", str(tmp_path / "cache"))
    with pytest.raises(FileNotFoundError, match=r"cnn6_300w\.stage1.*there is no"):
        zoo.load("cnn6_300w", path=tmp_path, runtime=runtime)


def test_broken_file_in_the_cache_is_written_again(saved, cache):
    zoo.load(saved, runtime="onnx")
    for path in cache.rglob("made-*.onnx"):
        path.write_bytes(path.read_bytes()[:1000])
    image, boxes = make_image(), make_boxes(1)
    received = zoo.load(saved, runtime="onnx")(image, boxes)
    np.testing.assert_allclose(received, zoo.load(saved)(image, boxes), atol=2e-3)


def test_whole_file_runs_exactly_in_openvino(localizer, tmp_path):
    pytest.importorskip("openvino", reason="needs the extra `openvino`")
    path = tmp_path / "whole.onnx"
    export.convert(export.build_graph(localizer), path)
    image, boxes = make_image(), make_boxes(2).astype(np.float32)
    run = runtimes.load_file(path, "openvino")
    np.testing.assert_allclose(
        run(image=image, boxes=boxes), localizer(image, boxes), atol=2e-2
    )


def test_unknown_runtime_is_refused(saved):
    with pytest.raises(ValueError, match=r"'keras', 'openvino', .*'torch'"):
        zoo.load(saved, runtime="torch")


def test_runtime_that_is_not_installed_says_how(monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install .*\[litert\]"):
        runtimes.check("litert")
    assert runtimes.fastest() == "keras"


def test_fastest_needs_its_converter_too(monkeypatch):
    installed = {"openvino", "ai_edge_litert", "tensorflow"}
    monkeypatch.setattr(runtimes, "find_spec", lambda n: n if n in installed else None)
    assert runtimes.fastest() == "litert"
    installed.add("tf2onnx")
    assert runtimes.fastest() == "openvino"
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert runtimes.fastest() == "keras"


def test_files_are_checked(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.onnx"):
        runtimes.load_file(tmp_path / "none.onnx")
    path = tmp_path / "model.onnx"
    path.write_bytes(b"x")
    with pytest.raises(ValueError, match=r"\.tflite file for litert"):
        runtimes.load_file(path, "litert")
    with pytest.raises(ValueError, match=r"cannot read .*model\.onnx"):
        runtimes.load_file(path)


@pytest.mark.parametrize("fault", [ImportError("no libgomp"), MemoryError()])
def test_a_fault_of_the_library_is_not_one_of_the_file(
    saved, cache, monkeypatch, fault
):
    zoo.load(saved, runtime="onnx")
    before = sorted(cache.rglob("*.onnx"))
    monkeypatch.setattr(runtimes, "ModelFile", Mock(side_effect=fault))
    with pytest.raises(type(fault)):
        zoo.load(saved, runtime="onnx")
    assert before and sorted(cache.rglob("*.onnx")) == before


def test_streams_find_the_same_from_several_threads(saved, runtime):
    localizer = zoo.load(saved, runtime=runtime)
    images = [make_image(seed=i) for i in range(12)]
    boxes = make_boxes(2)
    expected = [localizer(image, boxes) for image in images]
    localizer = localizer.replace(detector=lambda _: boxes)
    for faces, right in zip(
        localizer.detect_batch(images, batch_size=4), expected, strict=True
    ):
        np.testing.assert_allclose(faces.landmarks, right, atol=1e-2)
    localizer = localizer.replace(detector=None)
    streams = localizer.in_streams
    assert streams.stages[0].run.file.streams and streams is localizer.in_streams
    assert pickle.loads(pickle.dumps(streams)).stages[0].run.file.streams
    with ThreadPoolExecutor(4) as pool:
        received = list(pool.map(lambda image: streams(image, boxes), images))
    np.testing.assert_allclose(received, expected, atol=1e-2)
