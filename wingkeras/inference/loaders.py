"""Loading files with ONNX Runtime, LiteRT and OpenVINO; see `runtimes`.

Each library is imported when the first of its files is loaded.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from wingkeras.inference.sharing import Exclusive, OneEach

Run = Callable[[dict[str, Any]], np.ndarray]
"""Maps arrays, by the names of a file's inputs, to its one output; thread-safe."""


def _load_onnx(path: Path, cores: int, exact: bool, streams: bool) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1 if streams else cores
    # Otherwise idle threads would spin, and block cores that the next network and
    # OpenCV need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    return lambda inputs: np.asarray(session.run(None, inputs)[0])


def _load_litert(path: Path, cores: int, exact: bool, streams: bool) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    def make():
        threads = 1 if streams else cores
        return Interpreter(str(path), num_threads=threads).get_signature_runner()

    shared = OneEach(make) if streams else Exclusive(make)
    return _shared_run(shared, lambda run, inputs: next(iter(run(**inputs).values())))


def _load_openvino(path: Path, cores: int, exact: bool, streams: bool) -> Run:
    import openvino

    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": cores}
    if streams:
        settings |= {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": cores}
    if exact:
        settings["INFERENCE_PRECISION_HINT"] = "f32"

    def make():
        return openvino.Core().compile_model(str(path), "CPU", settings)

    if streams:
        # Infer requests share the weights, and keep the model alive.
        shared = OneEach(make().create_infer_request)
    else:
        shared = Exclusive(lambda: make().create_infer_request())
    return _shared_run(shared, lambda request, inputs: request.infer(inputs)[0])


def _shared_run(shared: Exclusive | OneEach, call: Callable[[Any, dict], Any]) -> Run:
    """A function that runs `call` on a shared object, which is made now."""

    def run(inputs: dict[str, Any]) -> np.ndarray:
        with shared.use() as loaded:
            return call(loaded, inputs)

    with shared.use():  # a broken file shows here
        return run


LOADERS: dict[str, Callable[[Path, int, bool, bool], Run]] = {
    "onnx": _load_onnx,
    "litert": _load_litert,
    "openvino": _load_openvino,
}
"""Loaders by the keys of `runtimes.RUNTIMES`. They take a path, the number of cores,
and `exact` and `streams` as in `runtimes.load_file`."""
