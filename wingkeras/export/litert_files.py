"""LiteRT files, made by TensorFlow's converter and AI Edge's quantizer."""

import contextlib
import importlib.util
import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from wingkeras.export.graphs import Graph
from wingkeras.extras import install_hint

_METADATA = "wingkeras"


def serialize(
    graph: Graph,
    metadata: dict[str, str],
    quantize: str | None,
    samples: list[dict[str, np.ndarray]],
) -> bytes:
    """The content of a LiteRT file; see `conversion.convert`."""
    import tensorflow as tf

    # Without a `tf.Module`, the variables stay outside the file, uninitialised.
    module: Any = tf.Module()
    module.weights = [w.value for n in graph.networks for w in n.weights]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [graph.trace().get_concrete_function()], module
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    content = _with_metadata(converter.convert(), metadata)
    if quantize:
        content = _quantize(content, quantize, samples)
    return content


def read_metadata(path: Path) -> dict[str, str]:
    """The information that `serialize` stored in a file besides the graph."""
    from tensorflow.lite.tools import flatbuffer_utils

    model: Any = flatbuffer_utils.read_model(str(path))
    for entry in model.metadata or []:
        if entry.name.decode() == _METADATA:
            return json.loads(bytes(model.buffers[entry.buffer].data))
    return {}


def _quantize(content: bytes, kind: str, samples: list[dict]) -> bytes:
    """Quantize the networks only, which TensorFlow's own converter cannot do.

    That would also round the constants of the geometry, and move landmarks by pixels.
    """
    if not importlib.util.find_spec("ai_edge_quantizer"):
        raise ImportError(f"Quantizing needs {install_hint('litert')}.")
    from ai_edge_quantizer import quantizer

    # It has no quiet mode; its warning is about the memory that calibration needs.
    silent = io.StringIO()
    with (
        contextlib.redirect_stdout(silent),
        contextlib.redirect_stderr(silent),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        recipe = _recipe(kind)
        task = quantizer.Quantizer(content, recipe.get_quantization_recipe())
        ranges = _ranges(content, recipe, samples) if kind == "int8" else None
        result: Any = task.quantize(ranges)
        return bytes(result.quantized_model)


def _recipe(kind: str):
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.qtyping import TFLOperationName as Operation
    from ai_edge_quantizer.recipe_manager import RecipeManager

    recipe = RecipeManager()
    # Layers are chosen by name, so that int8 leaves the landmark head in float.
    layers = {
        Operation.CONV_2D: ".*conv.*",
        Operation.FULLY_CONNECTED: ".*fully_connected.*" if kind == "int8" else ".*",
    }
    for operation, regex in layers.items():
        if kind == "int8":
            recipe.add_static_config(regex, operation, 8, 8)
        else:
            recipe.add_weight_only_config(
                regex, operation, 16, algorithm_key=AlgorithmName.FLOAT_CASTING
            )
    return recipe


def _ranges(content: bytes, recipe, samples: list[dict]) -> dict:
    """The range of every activation over all samples.

    By default the quantizer uses a moving average of the samples' ranges. It cuts off
    so much that CNN-6's error grew by 0.35 percentage points; this way it grew by 0.01.
    """
    from ai_edge_quantizer.calibrator import Calibrator
    from ai_edge_quantizer.utils.qsv_utils import min_max_update

    calibrator = Calibrator(content, qsv_update_func=min_max_update)
    calibrator.calibrate({"serving_default": samples}, recipe)
    return calibrator.get_model_qsvs()


def _with_metadata(content: bytes, metadata: dict[str, str]) -> bytes:
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model: Any = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    buffer = schema.BufferT()
    buffer.data = list(json.dumps(metadata, allow_nan=False).encode())
    entry = schema.MetadataT()
    entry.name, entry.buffer = _METADATA, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
