"""Models of other people for the same 68 points, as localizers.

Their files are not part of this project; any with an input of 112 px, NCHW, in
[0, 1] and 136 outputs x1, y1, x2, y2 ... in [0, 1] of the crop fits: PFLD and
MobileFaceNet do, as commonly distributed.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wingkeras.geometry import to_shape_vectors
from wingkeras.inference import runtimes
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage
from wingkeras.schemes import IBUG68

_SIZE = 112
_BOX_SCALE = 1.1


def find_peers(folder: Path) -> dict[tuple[str, str], Localizer]:
    """A localizer for every model file in a folder, by the file's stem and runtime."""
    kinds = {
        ".onnx": (_load_onnx, ("onnx", "openvino")),
        ".xml": (_load_xml, ("openvino",)),
    }
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in kinds:
            load, names = kinds[path.suffix]
            for runtime in names:
                found[path.stem, runtime] = make_localizer(load(path, runtime))
    return found


def find_localizers(models: Sequence[str], peers: Path | None) -> dict[str, Localizer]:
    """Models of the zoo, and those of other people, by name.

    Those of other people run in ONNX Runtime or, if there is no ONNX file, in OpenVINO.

    Args:
        models: names or folders.
        peers: folder, see `find_peers`; `None` for none.
    """
    from wingkeras import zoo

    found = {Path(model).name: zoo.load(model) for model in models}
    for (name, _), localizer in (find_peers(peers) if peers else {}).items():
        found.setdefault(name, localizer)
    return found


def measure_size(folder: Path, name: str) -> tuple[int, int]:
    """Number of parameters of a model, and bytes of its files."""
    import openvino

    files = list(folder.glob(f"{name}.*"))
    main = next(path for path in files if path.suffix in (".onnx", ".xml"))
    parameters = 0
    for node in openvino.Core().read_model(str(main)).get_ops():
        kind = node.get_output_element_type(0)
        if node.get_type_name() == "Constant" and kind.is_real():
            parameters += math.prod(node.get_output_shape(0))
    return parameters, sum(path.stat().st_size for path in files)


def make_localizer(run) -> Localizer:
    """A localizer around `run`, from `(N, 3, 112, 112)` to `(N, 136)`.

    The crop is made by this package's code, from the square around the landmarks
    scaled by 1.1.
    """

    def localize(crops: np.ndarray) -> np.ndarray:
        planes = np.ascontiguousarray(crops.transpose(0, 3, 1, 2) / np.float32(255))
        points = run(planes).reshape(-1, len(IBUG68), 2)
        # They count from 1, as the annotation files they were trained on do.
        return to_shape_vectors(points * _SIZE - 1)

    stage = FileStage(localize, np.zeros((len(IBUG68), 2), np.float32), _SIZE)
    return Localizer([stage], IBUG68, _BOX_SCALE)


def _load_onnx(path: Path, runtime: str):
    import onnx

    name = onnx.load(path).graph.input[0].name
    run = runtimes.load_file(path, runtime, exact=False)
    return lambda x: run(**{name: x})


def _load_xml(path: Path, runtime: str):
    import openvino

    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": len(os.sched_getaffinity(0)),
    }
    core = openvino.Core()
    model = core.read_model(str(path))
    model.reshape([-1, 3, _SIZE, _SIZE])
    compiled = core.compile_model(model, "CPU", settings)
    return lambda x: compiled(x)[0]
