"""Python examples in Markdown pages and docstrings, run."""

import ast
import inspect
import io
import re
import tokenize
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

import numpy as np

_NOT_RUN = r"(?:^ *<!-- not run: (?P<reason>[^\n]+) -->\n)?"
_FENCE = re.compile(
    _NOT_RUN + r"^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Snippet:
    """A fenced block.

    Attributes:
        code: without its indentation.
        language: "python", "sh" ...
        reason: why it is not run; empty if it is.
        line: of its first line of code in the text, from 1.
    """

    code: str
    language: str
    reason: str
    line: int


def snippets(text: str, language: str) -> list[Snippet]:
    """The blocks of a language in a text."""
    return [
        Snippet(
            dedent(found["code"]),
            language,
            found["reason"] or "",
            1 + text[: found.start("code")].count("\n"),
        )
        for found in _FENCE.finditer(text)
        if found["language"] == language
    ]


def run(code: str, namespace: dict[str, Any], where: str) -> None:
    """Run a block, and compare values with the literals in comments behind them.

    `flip([1, 2])  # [2, 1]` holds if the value is close to the literal, an array too;
    a tuple behind an array is its shape.
    A comment that is no literal says something else and is left alone.
    """
    comments = _comments(code)
    alone = [line.lstrip().startswith("#") for line in [*code.splitlines(), ""]]
    for node in ast.parse(code).body:
        lines = ast.Module([node], [])
        if not isinstance(node, ast.Expr):
            exec(compile(lines, where, "exec"), namespace)
            continue
        value = eval(compile(ast.Expression(node.value), where, "eval"), namespace)
        end = node.end_lineno
        expected = comments.get(end) or (comments.get(end + 1) if alone[end] else None)
        if expected is None or _is_print(node.value):
            continue
        try:
            expected = ast.literal_eval(expected)
        except (SyntaxError, ValueError):
            continue
        message = f"{where}, line {node.lineno} of the example"
        if isinstance(expected, tuple) and not isinstance(value, tuple):
            value = np.shape(value)
        if isinstance(expected, str | tuple) or expected is None or _texts(expected):
            assert value == expected, message
        else:
            np.testing.assert_allclose(value, expected, rtol=1e-4, err_msg=message)


def _texts(expected: object) -> bool:
    texts = isinstance(expected, list) and bool(expected)
    return texts and all(isinstance(each, str) for each in expected)


def _is_print(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "print"


def _comments(code: str) -> dict[int, str]:
    """Text of the comments by line."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return {
        token.start[0]: token.string.lstrip("# ")
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def docstring(value: Any) -> str:
    """Of a public class or function: with the docstrings of a class' own methods."""
    parts = [inspect.getdoc(value) or ""]
    if inspect.isclass(value):
        parts += [inspect.getdoc(each) or "" for each in vars(value).values()]
    return "\n".join(parts)
