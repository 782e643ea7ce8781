"""NaN is no JSON: every call that writes JSON refuses it."""

import ast
from pathlib import Path

import pytest

import wingkeras

PACKAGE = Path(wingkeras.__file__).parent
TOOLS = Path(__file__).parents[1] / "tools"
# What damages files on purpose writes NaN as well.
ON_PURPOSE = TOOLS / "faults"
FILES = [
    *sorted(PACKAGE.rglob("*.py")),
    *sorted(path for path in TOOLS.rglob("*.py") if ON_PURPOSE not in path.parents),
]


def _writers(tree):
    for node in ast.walk(tree):
        is_call = isinstance(node, ast.Call)
        if is_call and ast.unparse(node.func) in ("json.dump", "json.dumps"):
            yield node


def _refuses_nan(call):
    return any(
        keyword.arg == "allow_nan" and ast.literal_eval(keyword.value) is False
        for keyword in call.keywords
    )


def test_json_without_nan():
    calls = [
        (f"{path}:{call.lineno}", _refuses_nan(call))
        for path in FILES
        for call in _writers(ast.parse(path.read_text()))
    ]
    assert len(calls) > 10
    assert [place for place, refuses in calls if not refuses] == []


def test_json_is_imported_whole():
    for path in FILES:
        assert "from json import" not in path.read_text(), path


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("json.dumps({})", [False]),
        ("json.dump({}, file, allow_nan=False)", [True]),
        ("json.dumps({}, allow_nan=True)", [False]),
        ("json.loads(text)", []),
    ],
)
def test_calls_are_found(code, expected):
    assert [_refuses_nan(call) for call in _writers(ast.parse(code))] == expected
