"""What importing loads, in processes of their own, and which way imports point."""

import ast
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

import wingkeras
from wingkeras import zoo

HELPERS = Path(__file__).parent / "helpers"
ROOT = Path(wingkeras.__file__).parent

HEAVY = ("tensorflow", "keras", "jax", "torch", "cv2", "matplotlib", "h5py")


def _loaded_by(code: str, *arguments, absent=(), **environment) -> set[str]:
    """The packages that code imports, in a process that lacks some."""
    program = (
        "import absent, json, sys\n"
        f"absent.hide(*{list(absent)})\n"
        f"{code}\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    result = subprocess.run(
        # -P: the installed package, not the folder the tests are run in.
        [sys.executable, "-P", "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(HELPERS), **environment},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import wingkeras; dir(wingkeras); wingkeras.__version__",
        "from wingkeras import data, export, imaging, inference, storage",
        "from wingkeras import training, video, zoo",
        "import wingkeras.zoo; wingkeras.zoo.model_info('cnn6_300w')",
    ],
)
def test_importing_a_package_loads_no_library(code):
    assert not _loaded_by(code).intersection(HEAVY)


LAZY = [
    ".".join(["wingkeras", *path.relative_to(ROOT).parent.parts])
    for path in sorted(ROOT.rglob("__init__.py"))
    if "lazy_names(" in path.read_text()
]


def test_packages_that_load_late():
    assert {"wingkeras", "wingkeras.data", "wingkeras.zoo"} <= set(LAZY)


@pytest.mark.parametrize("name", LAZY)
def test_names_for_interpreter_type_checker_and_reader_agree(name):
    package = importlib.import_module(name)
    tree = ast.parse(Path(package.__file__).read_text())
    checked = {}
    for node in tree.body:
        if isinstance(node, ast.If):
            for statement in node.body:
                for alias in statement.names:
                    checked[alias.name] = statement.module
    public = set(package.__all__) - {"__version__"}
    assert set(checked) == public and public <= set(dir(package))
    inside = {module.name for module in pkgutil.iter_modules(package.__path__)}
    for attribute, home in checked.items():
        value = getattr(package, attribute)
        if home == name:
            assert value is importlib.import_module(f"{name}.{attribute}")
        else:
            assert value is getattr(importlib.import_module(home), attribute)
            assert attribute not in inside  # importing that would replace the name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing


@pytest.mark.parametrize(
    "code",
    [
        "wingkeras.WingLoss()(np.zeros((2, 10)), np.ones((2, 10)))",
        "wingkeras.NME('five', 'box').update_state(*np.ones((2, 3, 5, 2)))",
        "wingkeras.models.CNN6(5)(np.zeros((1, 64, 64, 3)))",
        "localizer = wingkeras.zoo.load('cnn6_300w')\n"
        "image = np.zeros((90, 80, 3), np.uint8)\n"
        "assert localizer(image, [[9, 9, 70, 70]]).shape == (1, 68, 2)",
    ],
    ids=["loss", "metric", "network", "localizer"],
)
def test_jax_needs_no_tensorflow(code):
    code = f"import numpy as np, wingkeras\n{code}"
    loaded = _loaded_by(code, absent=["tensorflow"], KERAS_BACKEND="jax")
    assert "jax" in loaded


JAX_WORK = {
    "train": (
        "import runpy\n"
        "sys.argv = ['train', *sys.argv[1:], '--augment-on', 'device']\n"
        "runpy.run_module('train_made_faces', run_name='__main__')"
    ),
    "evaluate": (
        "import pathlib, wingkeras\n"
        "from faces_on_disk import make_faces\n"
        "faces = make_faces(pathlib.Path(sys.argv[1]), 4)\n"
        "result = wingkeras.evaluate(wingkeras.zoo.load('cnn6_aflw5'), faces)\n"
        "assert result.summary()['faces'] == 4"
    ),
}


@pytest.mark.parametrize("work", JAX_WORK)
def test_work_on_jax_needs_no_tensorflow(tmp_path, work):
    folders = (tmp_path / "faces", tmp_path / "run")
    absent = ["tensorflow"]
    _loaded_by(JAX_WORK[work], *folders, absent=absent, KERAS_BACKEND="jax")


MODULES = {"onnx": "onnxruntime", "litert": "ai_edge_litert", "openvino": "openvino"}


@pytest.mark.parametrize("runtime", MODULES)
def test_a_converted_network_needs_neither_keras_nor_tensorflow(cache, runtime):
    if not find_spec(MODULES[runtime]):
        pytest.skip(f"needs the extra `{runtime}`")
    zoo.load("cnn6_300w", runtime=runtime)
    code = (
        "import numpy as np, wingkeras\n"
        f"localizer = wingkeras.zoo.load('cnn6_300w', runtime={runtime!r})\n"
        "image = np.zeros((90, 80, 3), np.uint8)\n"
        "assert localizer(image, [[9, 9, 70, 70]]).shape == (1, 68, 2)"
    )
    loaded = _loaded_by(code, absent=["keras", "tensorflow", "h5py"])
    assert MODULES[runtime] in loaded


# Lowest first: a room imports from its own line and those above it.
ROOMS = [
    {"lazy", "extras", "printable", "serialized_names"},
    {"schemes", "geometry", "shapes"},
    {"normalizers", "head_pose", "openness", "scheme_values"},
    {"error_distribution", "loss_functions"},
    {"losses", "metrics"},
    {"storage"},
    {"imaging"},
    {"models"},
    {"data"},
    {"inference", "evaluation_files", "evaluation_summary"},
    {"video", "export", "plots", "evaluation"},
    {"comparison"},
    {"training"},
    {"zoo"},
    {"cli", "__main__"},
]
RANKS = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}


def _modules() -> dict[str, Path]:
    """Every module by its dotted name, the package itself left out."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        # The weights are a package beside the rooms once they are installed.
        if parts and parts[0] != "pretrained":
            found[".".join(parts)] = path
    return found


def _imports(path: Path, modules) -> set[str]:
    """The modules of this package that one imports, at the top or in functions.

    What only type checkers see does not count.
    """
    found = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        waiting += ast.iter_child_nodes(node)
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            # Of `from package import module`, the module; of others, where it is from.
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = whole.removeprefix("wingkeras.") in modules
                names.append(whole if is_module else node.module)
        found |= {n.removeprefix("wingkeras.") for n in names if n[:10] == "wingkeras."}
    return found


def _graph() -> dict[str, set[str]]:
    modules = _modules()
    return {name: _imports(path, modules) for name, path in modules.items()}


def test_every_module_is_in_a_room():
    assert {name.split(".")[0] for name in _modules()} == set(RANKS)


def test_imports_point_downwards():
    graph = _graph()
    assert {"storage.locating", "models.build"} <= graph.keys()
    assert "models.heads" in graph["models.cnn"]
    wrong = [
        f"{name} imports {imported}"
        for name, found in graph.items()
        for imported in found
        if RANKS[imported.split(".")[0]] > RANKS[name.split(".")[0]]
    ]
    assert not wrong


def test_modules_import_each_other_in_no_circle():
    # Raises an error that names the circle.
    assert list(TopologicalSorter(_graph()).static_order())
