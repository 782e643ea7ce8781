"""Runs exported files: ONNX Runtime, LiteRT and OpenVINO behind the same call.

```python
run = wingkeras.inference.runtimes.load_file("cnn6_300w.all.onnx")
landmarks = run(image=image, boxes=boxes)
```
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wingkeras.extras import install_hint
from wingkeras.inference.cores import available_cores
from wingkeras.inference.loaders import LOADERS
from wingkeras.inference.stages import Stage


class Runtime(NamedTuple):
    """A runtime for exported files.

    Attributes:
        module: its module, which must be importable.
        ending: ending of the files that it runs.
        converter: module that makes these files.
        extra: extra of this package that installs both modules.
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
"""Runtimes, the fastest for CNN-6/7 first, see `tools/benchmark.py latency`."""


@dataclass(frozen=True, eq=False)
class FileStage:
    """One network of a localizer, run from an exported file.

    Attributes:
        run: maps `(N, S, S, 3)` float32 crops in [0, 255] to shape vectors `(N, 2L)`
            float32, pixels of the crop.
        mean_shape: `(L, 2)`, pixels of the crop.
        size: S.
        runtime: the runtime that `run` calls, a key of `RUNTIMES`; "array" for any
            other function of arrays.

    Example:

    ```python
    mean_shape = localizer.stages[0].mean_shape
    stage = FileStage(my_network, mean_shape, size=64)
    other = localizer.replace(stages=[stage])
    ```
    """

    run: Callable[[np.ndarray], np.ndarray]
    mean_shape: np.ndarray
    size: int
    runtime: str = "array"

    @property
    def num_landmarks(self) -> int:
        """L."""
        return len(self.mean_shape)


def fastest(is_converted: Callable[[str], bool] = lambda ending: False) -> str:
    """The fastest installed runtime whose files exist or can be made.

    Keras is imported only if a network would have to be converted.

    Args:
        is_converted: whether files of the networks with this ending exist already.

    Returns:
        A key of `RUNTIMES`; "keras" if no other is installed, or if Keras does not run
        on TensorFlow, which the converters need.
    """
    for name, runtime in RUNTIMES.items():
        if find_spec(runtime.module) and (
            is_converted(runtime.ending)
            or (find_spec(runtime.converter) and _keras_can_convert())
        ):
            return name
    return "keras"


def _keras_can_convert() -> bool:
    from keras import backend

    return backend.backend() == "tensorflow"


def check(runtime: str) -> Runtime:
    """The runtime of a name, if it is installed.

    Raises:
        ValueError: if the name is unknown.
        ImportError: if it is not installed.
    """
    if runtime not in RUNTIMES:
        raise ValueError(
            f"Expected a runtime of {['keras', *RUNTIMES]}, received {runtime!r}."
        )
    found = RUNTIMES[runtime]
    if not find_spec(found.module):
        raise ImportError(
            f"The runtime {runtime!r} is not installed: {install_hint(found.extra)}."
        )
    return found


def default(path: Path) -> str:
    """The runtime that a file is made for, judged by its ending."""
    return "litert" if path.suffix == ".tflite" else "onnx"


class ModelFile:
    """An exported file that a runtime has loaded; see `load_file`.

    Several threads may call it. A pickled copy is loaded again from the same path.

    Attributes:
        path: of the file.
        runtime: a key of `RUNTIMES`.
        exact, streams: see `load_file`.
    """

    def __init__(self, path: Path, runtime: str, exact: bool, streams: bool):
        self.path, self.runtime = path, runtime
        self.exact, self.streams = exact, streams
        self._run = LOADERS[runtime](path, available_cores(), exact, streams)

    def __call__(self, **inputs: Any) -> np.ndarray:
        """The file's one output, for arrays named like the file's inputs."""
        return self._run(inputs)

    def __repr__(self) -> str:
        return f"ModelFile({str(self.path)!r}, {self.runtime!r})"

    def __reduce__(self):
        return load_file, (self.path, self.runtime, self.exact, self.streams)


def load_file(
    path: str | Path,
    runtime: str | None = None,
    exact: bool = True,
    streams: bool = False,
) -> ModelFile:
    """A function that runs an exported file on all cores the process may use.

    Args:
        path: of an `.onnx` or `.tflite` file.
        runtime: a key of `RUNTIMES`; by default the one for the file's ending.
        exact: whether to compute in float32 throughout. Otherwise OpenVINO may use
            bfloat16 where the processor supports it. This suits a bare network, but
            moves landmarks by pixels if the file also computes coordinates.
        streams: whether each call runs on one core, so that calls from several threads
            run at once. Otherwise they run one after the other on all cores. Streams
            give more results per second, at a higher latency.

    Returns:
        A function of arrays, named as the file names its inputs. Several threads may
        call it.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for an unknown runtime, or a file that is broken or not for it.
        ImportError: if the runtime is not installed.

    Example:

    ```python
    run = load_file("mine.onnx")
    run(crops=np.zeros((1, 64, 64, 3), np.float32)).shape  # (1, 136)
    ```
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a model file, there is no {path}.")
    runtime = runtime or default(path)
    ending = check(runtime).ending
    if path.suffix != ending:
        raise ValueError(f"Expected a {ending} file for {runtime}, received {path}.")
    try:
        return ModelFile(path, runtime, exact, streams)
    except (ImportError, MemoryError):  # not the file's fault
        raise
    except Exception as error:  # each runtime has exception types of its own
        raise ValueError(
            f"{runtime} cannot read {path}; write the file again. It said: {error}"
        ) from error


def load_stage(
    path: str | Path, runtime: str, mean_shape: np.ndarray, size: int
) -> FileStage:
    """A bare network from a file, in bfloat16 where runtime and processor support it.

    Args:
        path, runtime: see `load_file`.
        mean_shape, size: see `FileStage`.

    Raises:
        FileNotFoundError, ValueError, ImportError: see `load_file`.
    """
    run = _OfCrops(load_file(path, runtime, exact=False))
    return FileStage(run, mean_shape, size, runtime)


def in_streams(stage: Stage) -> Stage:
    """A network that several threads run at once, each on one core; see `load_file`.

    Args:
        stage: from `load_stage`; any other comes back as it is.
    """
    if not isinstance(stage, FileStage) or not isinstance(stage.run, _OfCrops):
        return stage
    file = stage.run.file
    again = load_file(file.path, file.runtime, file.exact, streams=True)
    return replace(stage, run=_OfCrops(again))


@dataclass(frozen=True)
class _OfCrops:
    """A bare network's file as a function of crops that, unlike a lambda, pickles."""

    file: ModelFile

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        return self.file(crops=crops)
