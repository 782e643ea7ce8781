"""ONNX files, made by tf2onnx and ONNX Runtime's quantizer."""

import importlib.util
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wingkeras.export.graphs import OUTPUT, Graph
from wingkeras.extras import install_hint

_OPSET = 18
_LARGE = 1024
"""Least elements of a constant that counts as weights: geometry has fewer."""


def serialize(
    graph: Graph,
    metadata: dict[str, str],
    quantize: str | None,
    samples: list[dict[str, np.ndarray]],
) -> bytes:
    """The content of an ONNX file; see `conversion.convert`."""
    if not importlib.util.find_spec("tf2onnx"):
        raise ImportError(f"Writing ONNX files needs {install_hint('onnx')}.")
    import onnx
    import tf2onnx

    function = graph.trace()
    model, _ = tf2onnx.convert.from_function(
        function, input_signature=function.input_signature, opset=_OPSET
    )
    _rename(model.graph, model.graph.output[0].name, OUTPUT)
    if quantize == "fp16":
        _halve_weights(model.graph)
    elif quantize == "int8":
        model = _quantize(model, samples)
    _name_dimensions(model.graph, graph)
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def read_metadata(path: Path) -> dict[str, str]:
    """The information that `serialize` stored in a file besides the graph."""
    import onnx

    model = onnx.load(path)
    return {item.key: item.value for item in model.metadata_props}


def _rename(graph, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name == old:
                    names[i] = new
    graph.output[0].name = new


def _name_dimensions(onnx_graph, graph: Graph) -> None:
    """Name the dimensions of inputs and output."""
    shapes = {name: shape for name, shape, _ in graph.inputs} | {OUTPUT: graph.output}
    for value in (*onnx_graph.input, *onnx_graph.output):
        dimensions = value.type.tensor_type.shape.dim
        for dimension, side in zip(dimensions, shapes[value.name], strict=True):
            if isinstance(side, str):
                dimension.dim_param = side
            else:
                dimension.dim_value = side


def _halve_weights(graph) -> None:
    """Store the weights as float16 and cast them back on loading.

    This halves the size, and loses nothing if the weights came from a zoo's float16
    files. Computing in float16 would lose the fractions of coordinates.
    """
    import onnx

    casts = []
    for constant in graph.initializer:
        values = onnx.numpy_helper.to_array(constant)
        if values.dtype != np.float32 or values.size < _LARGE:
            continue
        name, half = constant.name, constant.name + "_half"
        constant.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(
            onnx.helper.make_node("Cast", [half], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _quantize(model, samples: list[dict[str, np.ndarray]]):
    """Quantize networks to int8 per channel; geometry and landmark head stay float.

    Weights use 7 of the 8 bits. Processors with AVX2 or AVX-512 but without VNNI add
    two products of 8 bits in 16 bits, where large activations times large weights do
    not fit: 2 x 255 x 127 > 32,767 >= 2 x 255 x 64. With 8 bits such a processor
    saturates sums and moves landmarks. On 160 training faces of 300-W, 7 bits instead
    of 8 cost 0.007 percentage points of the inter-ocular error, for CNN-6 and CNN-6/7.
    """
    import onnx
    from onnxruntime import quantization

    with tempfile.TemporaryDirectory() as folder:
        source, target = (os.path.join(folder, n) for n in ("float.onnx", "int8.onnx"))
        onnx.save(model, source)
        # Symbolic shape inference needs SymPy, and adds nothing here.
        quantization.quant_pre_process(source, source, skip_symbolic_shape=True)
        heads = [
            node.name
            for node in onnx.load(source).graph.node
            if node.op_type in ("MatMul", "Gemm") and "landmarks" in node.name
        ]
        reader: Any = _Reader(samples)
        quantization.quantize_static(
            source,
            target,
            reader,
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "MatMul", "Gemm", "MaxPool"],
            nodes_to_exclude=heads,
            per_channel=True,
            reduce_range=True,
            weight_type=quantization.QuantType.QInt8,
            activation_type=quantization.QuantType.QUInt8,
        )
        return onnx.load(target)


class _Reader:
    """Samples in the interface of ONNX Runtime's quantizer."""

    def __init__(self, samples: list[dict[str, np.ndarray]]):
        self._samples: Iterator[dict[str, np.ndarray]] = iter(samples)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._samples, None)
