"""From a localizer to an ONNX or LiteRT file."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

from wingkeras import serialized_names
from wingkeras.export import litert_files, onnx_files
from wingkeras.export.graphs import Graph
from wingkeras.schemes import LandmarkScheme
from wingkeras.storage.files import atomic_write
from wingkeras.storage.signals import interrupts_repeated

QUANTIZATIONS = ("fp16", "int8")
_FORMATS = {".onnx": onnx_files, ".tflite": litert_files}


def convert(
    graph: Graph,
    path: str | Path,
    described: dict[str, str] | None = None,
    quantize: str | None = None,
    samples: list[dict[str, np.ndarray]] | None = None,
) -> None:
    """Write a graph as a file, with built-in operators only.

    Args:
        graph: from `build_graph`.
        path: ends with `.onnx` or `.tflite`.
        described: stored in the file, see `metadata`.
        quantize: "fp16" stores the weights as float16, half the size, and computes
            in float32; "int8" computes the networks in whole numbers, a quarter of
            the size, and the landmark head in float32.
        samples: for "int8", representative inputs of the graph by name.

    Raises:
        ValueError: for another ending or quantization, or "int8" without samples.
        ImportError: if a converter is not installed, or Keras does not run on
            TensorFlow.

    Example:

    ```python
    graph = build_graph(localizer, "stage1")
    described = metadata("mine", localizer.scheme, "stage1", None, "Apache-2.0")
    convert(graph, "mine.onnx", described)
    ```
    """
    path = Path(path)
    if path.suffix not in _FORMATS:
        raise ValueError(f"Expected `path` to end with {list(_FORMATS)}: {path}.")
    if quantize not in (None, *QUANTIZATIONS):
        raise ValueError(
            f"Expected `quantize` to be one of {QUANTIZATIONS}, received {quantize!r}."
        )
    if quantize == "int8" and not samples:
        raise ValueError("Expected `samples`, which int8 takes its ranges from.")
    content = serialize(graph, path.suffix, described, quantize, samples)
    with atomic_write(path) as scratch:
        scratch.write_bytes(content)


def serialize(
    graph: Graph,
    ending: str,
    described: dict[str, str] | None = None,
    quantize: str | None = None,
    samples: list[dict[str, np.ndarray]] | None = None,
) -> bytes:
    """The content of the file that `convert` writes.

    Args:
        graph, described, quantize, samples: see `convert`.
        ending: ".onnx" or ".tflite".

    Raises:
        ImportError: see `convert`.
    """
    file_names = serialized_names.to_file(described or {}, serialized_names.EXPORT)
    with interrupts_repeated():
        return _FORMATS[ending].serialize(graph, file_names, quantize, samples or [])


def metadata(
    name: str, scheme: LandmarkScheme, stage: str, quantize: str | None, licence: str
) -> dict[str, str]:
    """The information to store in a file for its users.

    Args:
        name: of the model.
        scheme: of its landmarks.
        stage: see `build_graph`.
        quantize: see `convert`.
        licence: of its weights.

    Returns:
        For `convert`; `points` (their names) and `edges` (pairs of indices joined by
        a line in drawings) are JSON.

    Example:

    ```python
    described = metadata("mine", localizer.scheme, "all", None, "Apache-2.0")
    described["scheme"]  # "ibug68"
    ```
    """
    return {
        "name": name,
        "version": version("wingkeras"),
        "scheme": scheme.name,
        "points": json.dumps(scheme.points, allow_nan=False),
        "edges": json.dumps(scheme.edges, allow_nan=False),
        "stage": stage,
        "quantize": quantize or "",
        "licence": licence,
    }


def describe(path: str | Path) -> dict[str, str]:
    """The information that `convert` stored in a file besides the graph.

    Args:
        path: of an `.onnx` or `.tflite` file.

    Returns:
        Text by name, see `metadata`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for another ending, or a file that `convert` did not write with
            `metadata`.
        ImportError: if the library that reads such files is not installed.

    Example:

    ```python
    describe("mine.onnx")["licence"]  # "Apache-2.0"
    ```
    """
    path = Path(path)
    if path.suffix not in _FORMATS:
        raise ValueError(f"Expected `path` to end with {list(_FORMATS)}: {path}.")
    if not path.is_file():
        raise FileNotFoundError(f"Expected a model file, there is no {path}.")
    try:
        described = _FORMATS[path.suffix].read_metadata(path)
    except (ImportError, MemoryError):  # not the file's fault
        raise
    except Exception as error:  # each parser has its own
        raise ValueError(f"{path} is not a {path.suffix} file: {error}") from error
    described = serialized_names.from_file(described, serialized_names.EXPORT)
    if "stage" not in described:
        raise ValueError(f"{path} was not written by `wingkeras convert`.")
    return described
