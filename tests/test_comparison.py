import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from wingkeras import plots
from wingkeras.comparison import Comparison
from wingkeras.data.faces import FaceDataset
from wingkeras.evaluation import Evaluation
from wingkeras.schemes import IBUG68


@pytest.fixture(scope="module")
def faces():
    landmarks = np.random.default_rng(0).uniform(20, 80, (4, 68, 2)).astype(np.float32)
    images = tuple(Path(f"{i}.jpg") for i in range(4))
    return FaceDataset(images, landmarks, IBUG68, ("made",) * 4)


def _evaluation(faces, ocular, found=4):
    predictions = faces.landmarks.copy()
    predictions[found:] = np.nan
    errors = np.array(ocular)
    errors[found:] = np.inf
    both = {"inter_ocular": errors, "inter_pupil": 1.5 * errors}
    return Evaluation(faces, "landmarks", False, predictions, both)


@pytest.fixture
def comparison(faces):
    good = _evaluation(faces, [0.01, 0.02, 0.03, 0.04])
    poor = _evaluation(faces, [0.05, 0.09, 0.11, 0.04], found=3)
    return Comparison({"good": good, "runs/poor": poor})


def test_rows_have_the_figures_of_the_summaries(comparison):
    good, poor = comparison.rows()
    assert [good["model"], poor["model"]] == ["good", "runs/poor"]
    assert [good["found"], poor["found"]] == [4, 3]
    assert good["inter_ocular_nme_percent"] == 2.5
    assert poor["inter_ocular_nme_percent"] == pytest.approx(100 * 0.25 / 3, abs=1e-4)
    assert good["inter_pupil_nme_percent"] == 3.75
    assert good["inter_ocular_failure_rate_8_percent"] == 0
    assert poor["inter_ocular_failure_rate_8_percent"] == 75
    assert good["inter_ocular_auc_10"] == pytest.approx(0.75)


def test_the_table_has_a_line_per_model(comparison):
    about, titles, *lines = comparison.table().splitlines()
    assert about == "4 faces, boxes 'landmarks', errors over inter_ocular"
    assert titles.split()[:4] == ["model", "found", "NME", "%"]
    assert lines[0].split() == [
        "good",
        "4",
        "2.50",
        "0.688",
        "0.00",
        "0.750",
        "0.00",
        "3.75",
    ]
    assert lines[1].split()[:3] == ["runs/poor", "3", "8.33"]
    assert len({len(line) for line in (titles, *lines)}) == 1


def test_a_model_that_finds_no_face_has_no_error(faces):
    blind = Comparison({"blind": _evaluation(faces, [0.1] * 4, found=0)})
    assert blind.table().splitlines()[2].split()[:3] == ["blind", "0", "-"]


def test_files(comparison, tmp_path):
    comparison.save(tmp_path / "report")
    with (tmp_path / "report" / "comparison.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = comparison.rows()
    assert [{k: str(v) for k, v in row.items()} for row in expected] == rows
    assert (tmp_path / "report" / "ced.png").stat().st_size > 1000
    assert len(list((tmp_path / "report").iterdir())) == 2


def test_what_the_data_set_lacks_is_said(faces, tmp_path, monkeypatch):
    lacking = dataclasses.replace(
        faces, skipped=("a.jpg: broken",), missing_subsets=("ibug",)
    )
    notes = []
    draw = plots.cumulative_errors

    def noted(curves, threshold, normalizer, note):
        notes.append(note)
        return draw(curves, threshold, normalizer, note)

    monkeypatch.setattr(plots, "cumulative_errors", noted)
    comparison = Comparison({"good": _evaluation(lacking, [0.01] * 4)})
    about = comparison.table().splitlines()[0]
    assert about.startswith("4 faces (1 of 5 faces skipped, without ibug), boxes")
    comparison.save(tmp_path)
    assert (tmp_path / "skipped.txt").read_text() == "a.jpg: broken\n"
    assert notes == ["1 of 5 faces skipped, without ibug"]


def test_only_what_was_measured_alike_is_compared(comparison, faces):
    one = comparison.evaluations["good"]
    moved = dataclasses.replace(faces, landmarks=faces.landmarks + 1)
    changes = {
        "faces": {"faces": moved},
        "boxes": {"boxes": "yunet"},
        "normalizers": {"errors": {"inter_pupil": one.errors["inter_pupil"]}},
    }
    for what, change in changes.items():
        other = dataclasses.replace(one, **change)
        with pytest.raises(ValueError, match=f"same {what}; those of 'a' and 'b'"):
            Comparison({"a": one, "b": other})
    with pytest.raises(ValueError, match="at least one"):
        Comparison({})
