import json
import shutil
from pathlib import Path

import pytest

import write_tables
from documents.marked import fill, markdown
from documents.recorded import Recorded
from documents.tables import TABLES, Tables

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path):
    """A copy of the recorded results, which may be changed."""
    shutil.copytree(ROOT / "results", tmp_path / "results")
    (tmp_path / "zoo").mkdir()
    shutil.copy(ROOT / "zoo/registry.json", tmp_path / "zoo")
    (tmp_path / "SECURITY.md").write_text("No table.\n")
    return tmp_path


def test_a_block_is_filled_and_the_rest_stays():
    text = "a\n<!-- table x -->\nold\n<!-- end -->\nb\n"
    filled = fill(text, lambda mark: f"table of {mark}")
    assert filled == "a\n<!-- table x -->\ntable of x\n<!-- end -->\nb\n"
    assert fill(filled, lambda mark: f"table of {mark}") == filled


@pytest.mark.parametrize(
    "text",
    [
        "<!-- table x -->\n",
        "<!-- end -->\n",
        "<!-- table x -->\n<!-- table y -->\n<!-- end -->\n",
    ],
)
def test_marks_that_do_not_pair_up(text):
    with pytest.raises(ValueError, match="do not pair up"):
        fill(text, str)


def test_rows_have_the_cells_of_the_head():
    assert markdown(["a", "b"], [[1, 2]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    with pytest.raises(ValueError, match="expected 2 cells"):
        markdown(["a", "b"], [[1]])


@pytest.mark.parametrize("mark", ["nothing", "", "pose", "jitter nobody", "zoo x"])
def test_tables_that_there_are_not(root, mark):
    with pytest.raises(ValueError):
        Tables(root)(mark)


ARGUMENTS = {
    "errors": "common",
    "errors-of": "cnn6_300w",
    "pose": "cnn67_300w cnn6_300w",
    "robustness": "cnn67_300w",
    "jitter": "cnn6_300w",
}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_can_be_made(root, name):
    lines = Tables(root)(f"{name} {ARGUMENTS.get(name, '')}").splitlines()
    assert len(lines) > 2 and len({line.count("|") for line in lines}) == 1


def test_the_full_set_is_both_test_sets(root):
    path = root / "results/benchmark_errors.json"
    values = json.loads(path.read_text())
    rows = [
        {
            **{"model": "peer", "split": split, "boxes": "landmarks"},
            **{"flip_tta": False, "found": found},
            "inter_ocular": {"nme_percent": percent},
        }
        for split, found, percent in (("common", 300, 2.0), ("challenge", 100, 6.0))
    ]
    path.write_text(json.dumps(values | {"rows": rows}))
    assert Recorded(root).full_percent("peer") == 3.0
    path.write_text(json.dumps(values | {"rows": rows[:1]}))
    assert Recorded(root).full_percent("peer") is None


def test_a_result_that_changed_is_noticed(root, monkeypatch, capsys):
    page = root / "README.md"
    page.write_text("<!-- table latency -->\n<!-- end -->\n")
    monkeypatch.setattr(write_tables, "ROOT", root)
    assert write_tables.main(["--check"]) == 1
    assert f"{page}: differs" in capsys.readouterr().out
    assert write_tables.main([]) == 0 and "| LiteRT, int8 |" in page.read_text()
    assert write_tables.main(["--check"]) == 0
    results = root / "results/latency.csv"
    head, first, *rest = results.read_text().splitlines()
    *key, _ = first.split(",")
    results.write_text("\n".join([head, ",".join([*key, "7654.3"]), *rest]))
    assert write_tables.main(["--check"]) == 1
    assert "7654" not in page.read_text()


def test_a_mark_without_a_table_names_the_file(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("<!-- table nothing -->\n<!-- end -->\n")
    assert write_tables.main([str(page)]) == 1
    assert str(page) in capsys.readouterr().err
