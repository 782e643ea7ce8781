"""Points of one's own on the command line: train, evaluate, predict."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from faces_on_disk import make_faces
from made_localizers import make_localizer
from wingkeras import zoo
from wingkeras.cli import main
from wingkeras.cli.arguments import load_detector
from wingkeras.data.csv_files import save_csv
from wingkeras.data.scheme_files import save_scheme
from wingkeras.export import describe
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import FIVE, LandmarkScheme

DISCS = LandmarkScheme("discs", ("green", "blue", "yellow", "cyan"), mirror=None)


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """`discs.csv`, twelve pictures, and the scheme in `points.json`."""
    folder = tmp_path_factory.mktemp("discs")
    faces = make_faces(folder / "pictures", 12)
    discs = dataclasses.replace(
        faces, landmarks=faces.landmarks[:, 1:], scheme=DISCS, boxes=None
    )
    save_csv(discs, folder / "discs.csv")
    save_scheme(DISCS, folder / "points.json")
    return folder


@pytest.mark.parametrize(
    ("scheme", "reason"),
    [
        ("six", "received 'six'"),
        ("none.json", "none.json"),
        ("discs.csv", "not a JSON"),
    ],
)
def test_a_scheme_that_is_none(capsys, folder, monkeypatch, scheme, reason):
    monkeypatch.chdir(folder)
    code, _, err = run(capsys, "train", "--data", "discs.csv", "--scheme", scheme)
    assert code == 1 and reason in err and not (folder / "runs").exists()


def test_from_a_table_to_points_in_a_picture(capsys, folder, monkeypatch):
    monkeypatch.chdir(folder)
    data = ("--data", "discs.csv", "--scheme", "points.json")
    short = ("--epochs", 1, "--batch-size", 8)
    code, out, err = run(capsys, "train", "--init-from", "cnn6_300w", *data, *short)
    assert code == 0, err
    assert "12 objects, scheme 'discs': 4 points, never flipped. CNN6 at 64 px" in err
    assert "Epoch 1 of 1: validation NME " in err and "metrics.csv has all" in err
    assert str(folder / "runs" / "discs") in out
    localizer = zoo.load("runs/discs")
    assert localizer.scheme == DISCS
    # The weights are for research only, as those that they started from.
    assert localizer.licence == zoo.load("cnn6_300w").licence != ""
    assert f"started from: {localizer.licence}" in err

    code, out, _ = run(capsys, "evaluate", "runs/discs", "--data", "discs.csv")
    assert code == 0 and json.loads(out)["box"]["nme_percent"] > 0

    picture = next((folder / "pictures").glob("*.png"))
    predict = ("predict", picture, "--model", "runs/discs", "--runtime", "keras")
    output = ("--output", "out", "--format", "json")
    code, _, err = run(capsys, *predict, *output)
    assert code == 1 and "it has no eyes" in err and "--box LEFT" in err
    two = ("--box", "20,20,76,76", "--box", "10,10,60,60")
    for given, count in ((two, 2), (("--box", "picture"), 1)):
        code, _, err = run(capsys, *predict, *output, *given)
        assert code == 0, err
        (file,) = (folder / "out").rglob("*.json")
        found = json.loads(file.read_text())
        assert found["scheme"] == "discs" and len(found["faces"]) == count
        assert np.shape(found["faces"][0]["landmarks"]) == (4, 2)
    code, _, err = run(capsys, "convert", "runs/discs")
    assert code == 1 and "Expected --data PATH" in err
    assert not list(folder.glob("*.onnx"))
    run(capsys, "convert", "runs/discs", "--data", "discs.csv")
    assert describe("discs.all.onnx")["licence"] == localizer.licence
    for box, message in (
        ("20,20,76", "received 20,20,76"),
        ("a,b,c,d", "received a,b,c,d"),
        ("76,20,20,76", "left < right"),
    ):
        code, _, err = run(capsys, *predict, "--box", box)
        assert code == 1 and message in err


@pytest.mark.parametrize("stages", [1, 2])
def test_every_command_finds_a_face_of_ones_own_points_in_its_box(stages):
    """`predict` and `evaluate` take what the localizer takes by itself."""
    own = dataclasses.replace(FIVE, name="own")
    localizer = Localizer(make_localizer(stages).stages, own, 1.1)
    options = SimpleNamespace(
        detector="yunet", yunet=None, min_face=None, min_score=None
    )
    detector = load_detector(options, localizer)
    assert detector.calibration == localizer.detector.calibration
    assert detector.calibration != make_localizer(stages).detector.calibration
