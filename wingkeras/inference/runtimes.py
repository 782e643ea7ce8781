"""Exported files, run: ONNX Runtime, LiteRT and OpenVINO behind the same call.

```python
run = wingkeras.inference.runtimes.load_file("cnn6_300w.all.onnx")
landmarks = run(image=image, boxes=boxes)
```
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np


class Runtime(NamedTuple):
    """What runs files.

    Attributes:
        module: that must be importable.
        ending: of the files it runs.
        converter: module that makes them.
        extra: of this package that installs both.
    """

    module: str
    ending: str
    converter: str
    extra: str


RUNTIMES = {
    "openvino": Runtime("openvino", ".onnx", "tf2onnx", "openvino"),
    "onnx": Runtime("onnxruntime", ".onnx", "tf2onnx", "onnx"),
    "litert": Runtime("ai_edge_litert", ".tflite", "tensorflow", "litert"),
}
"""The fastest for CNN-6/7 first, as measured by `tools/benchmark.py latency`."""


@dataclass(frozen=True)
class FileStage:
    """One network of a localizer, run from an exported file.

    Attributes:
        run: from `(N, S, S, 3)` float32 crops in [0, 255] to shape vectors `(N, 2L)`
            float32, pixels of the crop.
        mean_shape: `(L, 2)`, pixels of the crop.
        size: S.
    """

    run: Callable[[np.ndarray], np.ndarray]
    mean_shape: np.ndarray
    size: int

    @property
    def num_landmarks(self) -> int:
        """L."""
        return len(self.mean_shape)


def fastest() -> str:
    """The fastest runtime that the networks of the zoo can be converted for here.

    Returns:
        A key of `RUNTIMES`, or "keras" if no other is installed, or Keras runs on
        another backend than TensorFlow, which the converters belong to.
    """
    if keras.backend.backend() == "tensorflow":
        for name, runtime in RUNTIMES.items():
            if all(map(find_spec, (runtime.module, runtime.converter))):
                return name
    return "keras"


def check(runtime: str) -> Runtime:
    """A runtime by name.

    Raises:
        ValueError: if it is not known.
        ImportError: if it is not installed.
    """
    if runtime not in RUNTIMES:
        raise ValueError(
            f"Expected a runtime of {['keras', *RUNTIMES]}, received {runtime!r}."
        )
    found = RUNTIMES[runtime]
    if not find_spec(found.module):
        raise ImportError(
            f"The runtime {runtime!r} is not installed: "
            f'`pip install "wingkeras[{found.extra}]"`.'
        )
    return found


def default(path: Path) -> str:
    """The runtime a file is made for, by its ending."""
    return "litert" if path.suffix == ".tflite" else "onnx"


def load_file(
    path: str | Path, runtime: str | None = None, exact: bool = True
) -> Callable[..., np.ndarray]:
    """A function that runs an exported file on all cores the process may use.

    Args:
        path: of an `.onnx` or `.tflite` file.
        runtime: a key of `RUNTIMES`; by default the file's own.
        exact: whether to compute in float32 throughout; OpenVINO may otherwise use
            bfloat16 where the processor has it, which suits a bare network, but
            moves landmarks by pixels where a file computes coordinates too.

    Returns:
        A function of arrays, named as the file names its inputs.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for an unknown runtime, or a file that is not for it or broken.
        ImportError: if it is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a model file, there is no {path}.")
    runtime = runtime or default(path)
    ending = check(runtime).ending
    if path.suffix != ending:
        raise ValueError(f"Expected a {ending} file for {runtime}, received {path}.")
    threads = _available_cores()
    try:
        if runtime == "onnx":
            return _load_onnx(path, threads)
        if runtime == "litert":
            return _load_litert(path, threads)
        return _load_openvino(path, threads, exact)
    except Exception as error:  # each has its own
        raise ValueError(
            f"{runtime} cannot read {path}; write the file again. It said: {error}"
        ) from error


def load_stage(
    path: str | Path, runtime: str, mean_shape: np.ndarray, size: int
) -> FileStage:
    """A bare network from a file, in bfloat16 where runtime and processor have it.

    Args:
        path, runtime: see `load_file`.
        mean_shape, size: see `FileStage`.

    Raises:
        FileNotFoundError, ValueError, ImportError: see `load_file`.
    """
    run = load_file(path, runtime, exact=False)
    return FileStage(lambda crops: run(crops=crops), mean_shape, size)


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load_onnx(path: Path, threads: int) -> Callable[..., np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Idle threads would keep the cores from the next network, and from OpenCV.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    return lambda **inputs: session.run(None, inputs)[0]


def _load_litert(path: Path, threads: int) -> Callable[..., np.ndarray]:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(path), num_threads=threads).get_signature_runner()
    return lambda **inputs: next(iter(runner(**inputs).values()))


def _load_openvino(path: Path, threads: int, exact: bool) -> Callable[..., np.ndarray]:
    import openvino

    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    if exact:
        settings["INFERENCE_PRECISION_HINT"] = "f32"
    compiled = openvino.Core().compile_model(str(path), "CPU", settings)
    return lambda **inputs: compiled(inputs)[0]
