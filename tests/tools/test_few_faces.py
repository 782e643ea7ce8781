import csv
import dataclasses

import numpy as np
import pytest

import few_faces
from learning_curve import cells, summary, tasks
from synthetic_datasets import SyntheticDataset
from wingkeras.schemes import IBUG68


@pytest.fixture
def made(tmp_path, monkeypatch):
    task = dataclasses.replace(tasks.FIVE_POINTS, dataset=SyntheticDataset(tmp_path))
    monkeypatch.setitem(tasks.TASKS, "mtfl5", task)
    return tmp_path


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_command_names_the_tasks():
    assert tuple(tasks.TASKS) == few_faces.TASKS


def test_the_curve_in_miniature(made, capsys, monkeypatch):
    results = made / "results"
    command = ["--data", str(made), "--tasks", "mtfl5", "--faces", "8", "--seeds"]
    places = ["--cache", str(made / "cache"), "--results", str(results)]
    short = ["--length", "0.002", *places]
    assert few_faces.main([*command, "1", *short]) == 0
    first = rows(results / "cells.csv")
    assert [(r["start"], r["faces"]) for r in first] == [
        ("random weights", "8"),
        ("cnn6_300w", "8"),
    ]
    assert all(0 < float(row["nme_percent"]) < 200 for row in first)
    assert (results / "curves.png").stat().st_size > 5000
    assert len(rows(results / "summary.csv")) == 2

    def refuse(*arguments, **settings):
        raise AssertionError("trained again")

    with monkeypatch.context() as patch:
        patch.setattr(cells, "train", refuse)
        assert few_faces.main([*command, "1", *short]) == 0
        with pytest.raises(AssertionError, match="trained again"):
            few_faces.main([*command, "2", *short])
    assert rows(results / "cells.csv") == first
    assert "mtfl5, 8 faces, cnn6_300w, seed 0" in capsys.readouterr().out


def test_a_cell_recorded_again_takes_the_place_of_the_old_row(tmp_path):
    names = cells.COLUMNS
    row = dict.fromkeys(names, "1") | {"task": "a", "start": "b", "nme_percent": "5"}
    cells.record(tmp_path / "cells.csv", row)
    cells.record(tmp_path / "cells.csv", row | {"seed": "2", "nme_percent": "7"})
    found = cells.record(tmp_path / "cells.csv", row | {"key": "3", "nme_percent": "6"})
    assert [r["nme_percent"] for r in found] == ["7", "6"]
    assert rows(tmp_path / "cells.csv") == found
    errors = summary.curves(found)["a"]["b"][1]
    assert errors.mean == 6.5 and errors.seeds == 2
    assert errors.deviation == pytest.approx(np.sqrt(0.5))


def test_fewer_faces_are_among_more(made):
    faces = tasks.TASKS["mtfl5"].training_faces(made)
    few, more = (tasks.choose(faces, count, seed=3) for count in (5, 12))
    assert set(few.images) < set(more.images) and len(set(more.images)) == 12
    assert set(tasks.choose(faces, 5, seed=4).images) != set(few.images)
    with pytest.raises(ValueError, match="up to 40 faces, received 41"):
        tasks.choose(faces, 41, seed=0)


def test_nineteen_points_are_mirrored_as_the_68():
    scheme = tasks.NINETEEN
    assert len(scheme) == 19
    for point, other in enumerate(scheme.mirror):
        index = IBUG68.points.index(scheme.points[point])
        assert IBUG68.points[IBUG68.mirror[index]] == scheme.points[other]
    corners = [scheme.points[i] for i in scheme.outer_eye_corners]
    assert corners == [IBUG68.points[i] for i in IBUG68.outer_eye_corners]
