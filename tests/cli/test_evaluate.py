"""`wingkeras evaluate` of several models, and its bar."""

import csv
import io
import sys

import numpy as np
import pytest

from faces_on_disk import make_faces
from made_localizers import make_localizer
from wingkeras import cli, zoo
from wingkeras.cli.output import Progress


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Six faces of five points, in a CSV file."""
    folder = tmp_path_factory.mktemp("faces")
    faces = make_faces(folder, 6)
    columns = [f"{axis}{i}" for axis in "xy" for i in range(1, 6)]
    lines = [",".join(["image", *columns])]
    for path, landmarks in zip(faces.images, faces.landmarks, strict=True):
        lines.append(",".join([str(path), *map(str, landmarks.T.ravel())]))
    (folder / "faces.csv").write_text("\n".join(lines))
    return folder / "faces.csv"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Two models of five points, in folders."""
    folders = [tmp_path_factory.mktemp("models") / name for name in ("one", "two")]
    for count, folder in enumerate(folders, start=1):
        zoo.save(make_localizer(count), folder, folder.name)
    return [str(folder) for folder in folders]


def test_several_models_make_one_table_one_csv_and_one_picture(
    capsys, tmp_path, table, models
):
    report = tmp_path / "report"
    arguments = ["evaluate", *models, "--data", str(table), "--output", str(report)]
    assert cli.main(arguments) == 0
    out, err = capsys.readouterr()
    assert "6 faces, boxes 'landmarks', errors over inter_pupil" in out
    lines = out.splitlines()[2:]
    assert [line.split()[0] for line in lines] == models
    assert "[" not in err and f"Files: {report}" in err
    assert sorted(x.name for x in report.iterdir()) == ["ced.png", "comparison.csv"]
    with (report / "comparison.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    errors = [float(row["inter_pupil_nme_percent"]) for row in rows]
    assert [line.split()[2] for line in lines] == [f"{x:.2f}" for x in errors]
    assert errors[0] != errors[1] and np.isfinite(errors).all()


def test_models_of_other_points_are_refused(capsys, table, models):
    arguments = ["evaluate", models[0], "cnn6_300w", "--data", str(table)]
    assert cli.main(arguments) == 1
    err = capsys.readouterr().err
    assert "models of the same landmarks" in err
    assert "scheme 'five', cnn6_300w those of 'ibug68'" in err


def test_a_model_given_twice_is_refused(capsys, table):
    with pytest.raises(SystemExit) as end:
        cli.main(["evaluate", "a", "b", "a", "--data", str(table)])
    assert end.value.code == 2
    assert "argument MODEL: a is given several times" in capsys.readouterr().err


class _Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([(1, 4)], ["model: [######                  ] 1 of 4 faces"]),
        (
            [(1, 2), (2, 2)],
            [
                "model: [############            ] 1 of 2 faces",
                "model: [########################] 2 of 2 faces",
            ],
        ),
        ([(9, 0)], ["model: 9 faces"]),
    ],
)
def test_a_terminal_shows_a_bar(monkeypatch, calls, expected):
    monkeypatch.setattr(sys, "stderr", _Terminal())
    with Progress("faces", "model") as progress:
        for call in calls:
            progress(*call)
    assert sys.stderr.getvalue() == "".join(f"\r{x}" for x in expected) + "\n"


def test_elsewhere_there_is_no_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with Progress("faces") as progress:
        progress(1, 4)
    assert sys.stderr.getvalue() == ""
