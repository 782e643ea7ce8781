"""Marked blocks in Markdown files."""

import re
from collections.abc import Callable, Sequence

_BLOCK = re.compile(
    r"^(?P<first><!-- table (?P<name>[^\n]*?) -->\n)(?P<body>.*?)"
    r"(?P<last>^<!-- end -->$)",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"^<!-- (?:table\b.*|end) -->$", re.MULTILINE)


def fill(text: str, tables: Callable[[str], str]) -> str:
    """The text with every marked block made anew.

    Args:
        text: of a Markdown file.
        tables: from what stands behind `table` in a mark to the table.

    Raises:
        ValueError: for marks that are no pairs, and what `tables` refuses.
    """
    marks = len(_MARK.findall(text))
    blocks = list(_BLOCK.finditer(text))
    if marks != 2 * len(blocks) or any(_MARK.search(b["body"]) for b in blocks):
        raise ValueError(
            "expected every `<!-- table NAME -->` to have its `<!-- end -->`, found "
            f"{marks} marks that do not pair up"
        )

    def replace(block: re.Match) -> str:
        return f"{block['first']}{tables(block['name'])}\n{block['last']}"

    return _BLOCK.sub(replace, text)


def markdown(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; every row has as many cells as the head."""
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"expected {len(head)} cells, received {list(row)}")
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
