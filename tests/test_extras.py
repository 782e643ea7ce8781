"""The commands that error messages give for optional parts."""

import ast
import re
from importlib.metadata import metadata
from pathlib import Path

import pytest

import wingkeras
from wingkeras.extras import install_hint

SOURCES = [*Path(wingkeras.__file__).parent.rglob("*.py")]
DECLARED = set(metadata("wingkeras").get_all("Provides-Extra") or ())


def _hinted() -> set[str]:
    """Every extra that the package's messages name."""
    calls = (
        node
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "install_hint"
    )
    found = set()
    for call in calls:
        (extra,) = call.args
        if isinstance(extra, ast.Constant):
            found.add(extra.value)
    return found


def test_hints_name_extras_that_exist():
    hinted = _hinted()
    assert {"onnx", "litert", "hub", "completion"} <= hinted <= DECLARED


def test_runtimes_name_extras_that_exist():
    from wingkeras.inference.runtimes import RUNTIMES

    assert {runtime.extra for runtime in RUNTIMES.values()} <= DECLARED


def test_hints_are_made_in_one_place():
    elsewhere = [
        path.name
        for path in SOURCES
        if path.name != "extras.py" and "pip install" in path.read_text()
    ]
    assert not elsewhere


@pytest.mark.parametrize("extra", sorted(DECLARED))
def test_a_hint_names_the_checkout_and_the_wheel_of_this_version(extra):
    checkout, wheel = re.findall(r'`pip install "(.+?)"`', install_hint(extra))
    assert checkout == f".[{extra}]"
    assert wheel == f"./wingkeras-{wingkeras.__version__}-py3-none-any.whl[{extra}]"
