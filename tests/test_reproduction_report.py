import csv
import re
import shutil

import numpy as np
import pytest

from made_bodies import MadeBody
from wingkeras.reproduction import report, tables
from wingkeras.reproduction.bodies import BODIES
from wingkeras.reproduction.cells import LOSSES
from wingkeras.reproduction.claims import answer, verdict
from wingkeras.reproduction.results import Result, Spread, spread

_RUN = {
    "length": 1e-5,
    "machine": dict.fromkeys(("cpu", "cores", "tensorflow", "keras", "commit"), "none"),
}


def test_miniature_of_table_1(tmp_path, monkeypatch):
    """Trained from scratch; the report's figures are those of its CSV files."""
    monkeypatch.setitem(BODIES, "made", MadeBody(tmp_path))
    cells = tables.table1(["made"])
    folder = tmp_path / "results" / "table1"
    trainer = tables.Trainer(
        tmp_path, tmp_path / "cache", 2e-3, rates=(1e-3, 4e-3), say=lambda line: None
    )
    trained = [trainer.train(cell) for cell in cells]
    assert trainer.minutes_done == pytest.approx(tables.minutes(cells, rates=2))
    tables.write(folder, trained, trainer.trials, tmp_path, _RUN)
    report.write_report(tmp_path / "results")
    text = (tmp_path / "results" / "README.md").read_text()

    with (folder / "cells.csv").open(newline="") as file:
        rows = {row["key"]: row for row in csv.DictReader(file)}
    with (folder / "made_inter_pupil.csv").open(newline="") as file:
        columns = list(zip(*csv.reader(file), strict=True))[1:]
    means = {loss: [] for loss in LOSSES}
    for key, *errors in columns:
        means[rows[key]["loss"]].append(100 * np.mean([float(e) for e in errors]))
    table = re.search(r"\| loss \|.*?\n\n", text, re.DOTALL)[0].splitlines()[2:6]
    for line, (loss, values) in zip(table, means.items(), strict=True):
        assert len(values) == 3
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        deviation = np.std(values, ddof=1)
        assert cells[0] == loss
        assert cells[3] == f"{np.mean(values):.2f} ± {deviation:.2f}"
        change = 100 * (np.mean(values) / np.mean(means["L2"]) - 1)
        assert cells[4] == f"{change:+.0f} %"
    assert (folder / "ced_made.png").stat().st_size > 10_000
    assert "made, CNN-6: " in text and "Not run yet" in text

    before = (tmp_path / "results" / "README.md").read_bytes()
    shutil.rmtree(tmp_path / "cache")
    report.write_report(tmp_path / "results")
    assert (tmp_path / "results" / "README.md").read_bytes() == before


def test_spread():
    assert str(spread([])) == "-"
    assert str(spread([2.0])) == "2.00"
    assert spread([1.0, 2.0, 3.0]) == Spread(2.0, 1.0, 3)
    assert str(spread([1.0, 2.0, 3.0])) == "2.00 ± 1.00"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Spread(5.0, 0.1, 3), Spread(4.5, 0.2, 3), "**lower**"),
        (Spread(5.0, 0.1, 3), Spread(5.5, 0.2, 3), "**higher**"),
        (Spread(5.0, 0.1, 3), Spread(4.65, 0.2, 3), "**no difference**"),
        (Spread(5.0, 0.1, 3), Spread(4.0, np.nan, 1), "no verdict"),
    ],
)
def test_verdicts(before, after, expected):
    assert expected in verdict(before, after)


def _result(error, **changes):
    values = {
        "body": "300w",
        "method": "CNN-6",
        "loss": "wing",
        "mined": False,
        "w": np.nan,
        "epsilon": np.nan,
        "seed": 0,
        "learning_rate": 1e-3,
        "passes": 1,
        "images": ("helen/testset/1.jpg", "ibug/2.jpg"),
        "errors": {
            "inter_ocular": np.array([error / 100, 0.5]),
            "inter_pupil": np.array([error / 50, 0.5]),
        },
        "poses": {},
    }
    return Result(**values | changes)


def test_subsets():
    result = _result(4.0)
    assert result.error("inter_ocular", "common") == pytest.approx(4)
    assert result.error("inter_ocular", "challenge") == pytest.approx(50)
    assert result.error("inter_ocular", "full") == pytest.approx(27)
    common = _result(4.0, images=("a/1.jpg", "a/2.jpg"))
    assert np.isnan(common.error("inter_ocular", "challenge"))


def test_claims():
    def seeds(values, **changes):
        images = ("a/1.jpg", "a/2.jpg")
        return [
            _result(v, seed=i, images=images, **changes) for i, v in enumerate(values)
        ]

    poses = {c: {"poses": dict.fromkeys(range(1, 6), c)} for c in (0.1, 0.08)}
    plain = seeds((4.0, 4.2, 4.4), **poses[0.1])
    found = dict(
        answer(
            {
                "table1": [
                    *seeds((6, 6.2), loss="L2"),
                    *seeds((5, 5.2), loss="L1"),
                    *plain,
                ],
                "table2": [
                    *seeds((4.0,), w=10, epsilon=2),
                    *seeds((4.2,), w=4, epsilon=2),
                    *seeds((9.0,), w=4, epsilon=0.5),
                ],
                "table3": [
                    *plain,
                    *seeds((3.0, 3.2, 3.4), mined=True, **poses[0.08]),
                    *seeds((2.0,), method="CNN-6/7"),
                ],
            }
        )
    )
    l1, wing, plateau, mining, stages = found.values()
    assert len(found) == 5
    assert "lower" in l1[0] and "28.05 ± 0.07 -> 27.55 ± 0.07 %" in l1[0]
    assert "lower" in wing[0]
    assert "27.00 % at w = 10, epsilon = 2 to 29.50 % at 4, 0.5; 27.00 %" in plateau[0]
    assert plateau[1].startswith("2 of 3 settings") and "27.10 %" in plateau[1]
    assert "lower" in mining[0] and "yaw -60 degrees: 10.00" in mining[1]
    assert "27.00 -> 26.00 %, -1.00 points (one seed: no verdict)" in stages[0]
    assert dict(answer({}))["Two stages help"] == []


def test_table_4_has_subsets_that_are_at_hand():
    results = [_result(4.0, loss=loss, method="CNN-6/7") for loss in LOSSES]
    text = report._table4(results)
    assert "| common | inter_pupil | 8.00 (paper 4.18, +3.82) |" in text
    assert "| challenge | inter_ocular | 50.00 |" in text
    few = [
        _result(4.0, loss=loss, images=("a/1.jpg", "a/2.jpg"), method="CNN-6/7")
        for loss in LOSSES
    ]
    assert "not at hand" in report._table4(few)
    assert "full" not in report._table4(few)
