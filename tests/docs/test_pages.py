"""README and docs: their Python runs, their commands exist, their tables agree."""

import csv
import functools
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

import write_tables
from snippets import run, snippets
from wingkeras import cli, zoo

ROOT = Path(__file__).parents[2]
PAGES = [
    path
    for pattern in ("*.md", "docs/*.md", "zoo/*.md", "examples/*/README.md")
    for path in sorted(ROOT.glob(pattern))
    if path.name != "CHANGELOG.md"
]


@pytest.fixture(scope="module")
def models():
    """`zoo.load` that builds every model once: it takes most of the time."""
    return functools.cache(zoo.load)


@pytest.fixture
def folder(tmp_path, monkeypatch, models):
    """What the pages' examples find: a picture, faces in it, room to write."""
    portrait = Path(get_sample_data("grace_hopper.jpg", asfileobj=False))
    (tmp_path / "photo.jpg").write_bytes(portrait.read_bytes())
    shape = np.reshape(zoo.model_info("cnn6_300w").stages[0].mean_shape, (-1, 2))
    moved = [shape * (3 + 0.1 * i) + (170, 60 + i) for i in range(32)]
    rows = [["photo.jpg", *points.T.ravel()] for points in moved]
    header = ["image", *(f"{axis}{i}" for axis in "xy" for i in range(1, 69))]
    with (tmp_path / "faces.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(zoo, "load", models)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_of_a_page_runs(page, folder):
    """In order, in one namespace that is empty at first: pages import what they use."""
    blocks = snippets(page.read_text(), "python")
    namespace: dict = {"__name__": "__main__"}
    for block in blocks:
        if not block.reason:
            run(block.code, namespace, f"{page.name}:{block.line}")
    if blocks and all(block.reason for block in blocks):
        pytest.skip("; ".join(block.reason for block in blocks))


def _commands(page: Path) -> list[list[str]]:
    found = []
    for language in ("sh", "bash", "console"):
        for block in snippets(page.read_text(), language):
            for line in block.code.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                found += _split(words, "&&")
    return [_without_environment(words) for words in found if words]


def _split(words: list[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == separator:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _without_environment(words: list[str]) -> list[str]:
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    return words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_exist(page):
    for words in _commands(page):
        if words[:1] == ["wingkeras"] and not any(w in words for w in ("|", "...")):
            placeholder = [w for w in words if w.startswith("[") or w.endswith("]")]
            if not placeholder:
                cli.build_parser().parse_args(words[1:])
        for word in words:
            if re.fullmatch(r"(tools|tests|examples|\.ci)/[\w./]+", word):
                assert (ROOT / word).exists(), f"{page.name}: there is no {word}"


def test_tables_are_those_of_the_results(capsys):
    assert write_tables.main(["--check"]) == 0, capsys.readouterr().out
    assert len([p for p in write_tables.documents() if "<!-- table " in p.read_text()])


def test_links_between_pages_lead_somewhere():
    broken = []
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
            if not (page.parent / link).exists():
                broken.append(f"{page.name}: {link}")
    assert not broken
