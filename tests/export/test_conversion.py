import json

import keras
import numpy as np
import pytest

from faces_on_disk import make_faces
from made_localizers import MEAN, make_boxes, make_image, make_localizer
from wingkeras import export, schemes
from wingkeras.export import parity, samples
from wingkeras.inference import runtimes
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.models import Regressor
from wingkeras.models.heatmap import UNet

ENDINGS = (".onnx", ".tflite")

pytest.importorskip("tf2onnx", reason="needs the extra `onnx`")
pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
pytest.importorskip("ai_edge_litert", reason="needs the extra `litert`")
pytest.importorskip("ai_edge_quantizer", reason="needs the extra `litert`")


@pytest.fixture(scope="module")
def localizer():
    return make_localizer(1, flip_tta=True)


@pytest.fixture(scope="module")
def graph(localizer):
    return export.build_graph(localizer)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return samples.pictures_of(make_faces(tmp_path_factory.mktemp("faces"), 8), 8)


@pytest.fixture(scope="module", params=ENDINGS)
def plain(request, graph, localizer, tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / f"made{request.param}"
    described = export.metadata("made", localizer.scheme, "all", None, "none")
    export.convert(graph, path, described)
    return path


def test_takes_pictures_of_any_size_with_any_number_of_faces(plain, localizer):
    run = runtimes.load_file(plain)
    for height, width, count in ((150, 190, 2), (260, 120, 1), (150, 190, 4)):
        image, boxes = make_image(height, width), make_boxes(count)
        received = run(image=image, boxes=boxes.astype(np.float32))
        np.testing.assert_allclose(received, localizer(image, boxes), atol=2e-2)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("backbone", ["ResNet50", "MobileNetV3Small"])
def test_backbones_bring_their_preprocessing(backbone, ending, tmp_path):
    """Its constants are in the file; they were once an input."""
    keras.utils.set_random_seed(0)
    mean_shape = np.random.default_rng(0).uniform(10, 54, (5, 2))
    network = Regressor(backbone, 5, mean_shape, size=64)
    localizer = Localizer(
        [KerasStage(network, mean_shape)], schemes.FIVE, box_scale=1.2
    )
    graph = export.build_graph(localizer, "stage1")
    path = tmp_path / f"made{ending}"
    described = export.metadata("made", localizer.scheme, "stage1", None, "none")
    export.convert(graph, path, described)
    crops = np.random.default_rng(1).uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)
    received = runtimes.load_file(path)(crops=crops)
    np.testing.assert_allclose(received, network(crops), atol=2e-2)


@pytest.mark.parametrize("ending", ENDINGS)
def test_places_of_heat_maps_are_in_the_file(ending, tmp_path):
    keras.utils.set_random_seed(0)
    network = UNet(5, size=64)
    localizer = Localizer([KerasStage(network, MEAN)], schemes.FIVE, box_scale=1.1)
    path = tmp_path / f"made{ending}"
    described = export.metadata("made", localizer.scheme, "all", None, "none")
    export.convert(export.build_graph(localizer), path, described)
    image, boxes = make_image(), make_boxes(3)
    received = runtimes.load_file(path)(image=image, boxes=boxes.astype(np.float32))
    np.testing.assert_allclose(received, localizer(image, boxes), atol=2e-2)


def test_file_says_what_it_is(plain, localizer):
    described = export.describe(plain)
    assert described["name"] == "made" and described["scheme"] == "five"
    assert described["stage"] == "all" and described["quantize"] == ""
    assert json.loads(described["points"]) == list(localizer.scheme.points)
    edges = json.loads(described["edges"])
    assert [tuple(e) for e in edges] == list(localizer.scheme.edges)
    assert described["version"] and described["licence"] == "none"


def test_files_of_earlier_versions_can_still_be_described(plain):
    """They call the stage `part`, as files do to this day."""
    if plain.suffix == ".onnx":
        from wingkeras.export.onnx_files import read_metadata
    else:
        from wingkeras.export.litert_files import read_metadata
    stored = read_metadata(plain)
    assert stored["part"] == "all" and "stage" not in stored


def test_dimensions_have_names(localizer, tmp_path):
    import onnx

    def shapes(stage):
        path = tmp_path / f"{stage}.onnx"
        export.convert(export.build_graph(localizer, stage), path)
        graph = onnx.load(path).graph
        return {
            value.name: [
                d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim
            ]
            for value in (*graph.input, *graph.output)
        }

    assert shapes("all") == {
        "image": ["height", "width", 3],
        "boxes": ["faces", 4],
        "landmarks": ["faces", 5, 2],
    }
    assert shapes("stage1") == {
        "crops": ["faces", 64, 64, 3],
        "landmarks": ["faces", 10],
    }


@pytest.mark.parametrize("runtime", runtimes.RUNTIMES)
def test_no_boxes_no_landmarks(plain, runtime, localizer):
    needed = runtimes.RUNTIMES[runtime]
    pytest.importorskip(needed.module, reason=f"needs the extra `{needed.extra}`")
    if needed.ending != plain.suffix:
        pytest.skip(f"{runtime} runs {needed.ending} files")
    run = runtimes.load_file(plain, runtime)
    image, boxes = make_image(150, 190), make_boxes(2).astype(np.float32)
    expected = localizer(image, boxes)
    # Before, between and after pictures with faces.
    for _ in range(2):
        received = run(image=image, boxes=np.zeros((0, 4), np.float32))
        assert received.shape == (0, 5, 2) and received.dtype == np.float32
        received = run(image=image, boxes=boxes)
        np.testing.assert_allclose(received, expected, atol=2e-2)


def test_only_built_in_operators(plain):
    if plain.suffix == ".onnx":
        import onnx

        model = onnx.load(plain)
        assert {node.domain for node in model.graph.node} == {""}
        assert [i.name for i in model.graph.input] == ["image", "boxes"]
        assert [o.name for o in model.graph.output] == ["landmarks"]
    else:
        from tensorflow.lite.tools import flatbuffer_utils

        model = flatbuffer_utils.read_model(str(plain))
        assert not any(code.customCode for code in model.operatorCodes)


@pytest.mark.parametrize("ending", ENDINGS)
def test_half_precision_halves_the_file(ending, graph, localizer, pictures, tmp_path):
    path, whole = tmp_path / f"half{ending}", tmp_path / f"whole{ending}"
    export.convert(graph, whole)
    export.convert(graph, path, quantize="fp16")
    assert path.stat().st_size < 0.55 * whole.stat().st_size
    result = parity.compare(localizer, path, "all", "fp16", pictures)
    assert result.within_tolerance and result.largest_px > 0


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("stage", ["all", "stage1"])
def test_whole_numbers_quarter_it(ending, stage, localizer, pictures, tmp_path):
    path = tmp_path / f"int8{ending}"
    inputs = [samples.graph_inputs(localizer, stage, *picture) for picture in pictures]
    graph = export.build_graph(localizer, stage)
    export.convert(graph, path, quantize="int8", samples=inputs)
    weights = 4 * localizer.stages[0].network.count_params()
    assert path.stat().st_size < 0.35 * weights
    result = parity.compare(localizer, path, stage, "int8", pictures)
    assert 0 < result.mean_px < 0.3
    assert _float_weights(path) == [1024 * 10]  # the landmark head's
    if ending == ".onnx":
        _assert_products_fit_16_bits(path)


def _assert_products_fit_16_bits(path):
    """Two products of uint8 and a weight: what AVX2 adds in 16 bits."""
    import onnx

    arrays = [onnx.numpy_helper.to_array(c) for c in onnx.load(path).graph.initializer]
    weights = [a for a in arrays if a.dtype == np.int8 and a.size > 1]
    assert weights
    for array in weights:
        assert 2 * 255 * np.abs(array.astype(int)).max() <= np.iinfo(np.int16).max


def _float_weights(path):
    """Sizes of the large float32 constants in a file."""
    if path.suffix == ".onnx":
        import onnx

        arrays = [
            onnx.numpy_helper.to_array(c) for c in onnx.load(path).graph.initializer
        ]
        return [a.size for a in arrays if a.dtype == np.float32 and a.size > 4000]
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(path))
    sizes = [
        len(model.buffers[t.buffer].data) // 4
        for t in model.subgraphs[0].tensors
        if t.type == 0 and model.buffers[t.buffer].data is not None
    ]
    return [size for size in sizes if size > 4000]


def test_parity_notices_another_network(graph, localizer, pictures, tmp_path):
    path = tmp_path / "other.onnx"
    export.convert(graph, path)
    head = localizer.stages[0].network.get_layer("landmarks")
    before = head.bias.numpy()
    try:
        head.bias.assign(before + 0.1)  # to the right and downwards
        result = parity.compare(localizer, path, "all", None, pictures)
    finally:
        head.bias.assign(before)
    assert result.largest_px == pytest.approx(0.1 * np.sqrt(2), rel=0.05)
    assert not result.within_tolerance


@pytest.mark.parametrize(("crop_px", "good"), [(64, False), (192, True)])
def test_a_larger_crop_may_differ_by_more_of_its_pixels(crop_px, good):
    result = parity.Parity(
        file="f", runtime="onnx", stage="all", quantize=None, bytes=1, faces=1,
        crop_px=crop_px, largest_px=0.05, mean_px=0.01, keras_ms=1.0, file_ms=1.0,
    )  # fmt: skip
    assert result.within_tolerance is good
    assert f"and {0.02 * crop_px / 64:g} px are allowed" in result.verdict


def test_int8_is_judged_by_its_error():
    values = dict(
        file="f", runtime="onnx", stage="all", quantize="int8", bytes=1, faces=1,
        crop_px=64, largest_px=3.0, mean_px=1.0, keras_ms=1.0, file_ms=1.0,
    )  # fmt: skip
    judged = [
        parity.Parity(**values, keras_nme_percent=3.5, file_nme_percent=nme)
        for nme in (3.59, 3.61)
    ]
    assert [result.within_tolerance for result in judged] == [True, False]
    assert parity.Parity(**values).within_tolerance is None
    assert "was not judged" in parity.Parity(**values).verdict
    assert "raises the NME by 0.110 percentage points, and 0.1 are" in judged[1].verdict


def test_verdict_on_int8_names_the_processor():
    result = parity.Parity(
        file="f", runtime="onnx", stage="all", quantize="int8", bytes=1, faces=1,
        crop_px=64, largest_px=3.0, mean_px=1.0, keras_ms=1.0, file_ms=1.0,
        keras_nme_percent=3.5, file_nme_percent=4.0,
        instruction_set="AVX2 without VNNI",
    )  # fmt: skip
    assert "a processor with AVX2 without VNNI" in result.report()["verdict"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.bin", {}, r"\['.onnx', '.tflite'\]"),
        ("a.onnx", {"quantize": "int4"}, "'int4'"),
        ("a.onnx", {"quantize": "int8"}, "`samples`"),
    ],
)
def test_bad_requests_write_nothing(graph, tmp_path, name, options, message):
    with pytest.raises(ValueError, match=message):
        export.convert(graph, tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_another_backend_is_refused(graph, monkeypatch, tmp_path):
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ImportError, match="KERAS_BACKEND=tensorflow"):
        export.convert(graph, tmp_path / "a.tflite")
