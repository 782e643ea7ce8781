import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from faces_on_disk import make_faces
from made_localizers import make_localizer
from wingkeras import cli, zoo
from wingkeras.cli.arguments import DEFAULT_MODEL, load_localizer
from wingkeras.metrics import usual_normalizers

PORTRAIT = get_sample_data("grace_hopper.jpg", asfileobj=False)


def _run(capsys, *arguments):
    try:
        code = cli.main([str(a) for a in arguments])
    except SystemExit as end:  # argparse's way out
        code = end.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_demo_writes_a_picture_with_landmarks(capsys, tmp_path):
    code, out, _ = _run(capsys, "demo", "--output", tmp_path)
    assert code == 0 and "68 landmarks on 1 face" in out
    picture = tmp_path / "grace_hopper.landmarks.jpg"
    assert f"Picture: {picture}" in out
    drawn, plain = cv2.imread(str(picture)), cv2.imread(PORTRAIT)
    changed = np.flatnonzero((drawn != plain).any(axis=2).any(axis=1))
    assert drawn.shape == plain.shape and len(changed) > 50
    face = json.loads((tmp_path / "grace_hopper.landmarks.json").read_text())
    landmarks = np.array(face["faces"][0]["landmarks"])
    left, top, right, bottom = face["faces"][0]["box"]
    assert landmarks.shape == (68, 2)
    low, high = np.array([left, top]) - 20, np.array([right, bottom]) + 20
    assert ((landmarks > low) & (landmarks < high)).all()


def test_train_then_evaluate(capsys, tmp_path):
    faces = make_faces(tmp_path / "faces", 40)
    columns = [f"{axis}{i}" for axis in "xy" for i in range(1, 6)]
    lines = [",".join(["image", *columns, "video"])]
    for i, path in enumerate(faces.images):
        values = [f"{v:.3f}" for v in faces.landmarks[i].T.ravel()]
        lines.append(",".join([str(path), *values, f"clip {i // 4}"]))
    table = tmp_path / "faces.csv"
    table.write_text("\n".join(lines))
    train = ("train", "--recipe", "modern_cnn6", "--data", table, "--scheme", "five")
    run = tmp_path / "run"
    changes = ("--epochs", 2, "--optimizer", "muon", "--weight-decay", 0.01)
    code, _, err = _run(capsys, *train, "--group-by", "clip", "--output", run)
    assert code == 1 and "['video'] of the faces" in err and not run.exists()
    changes += ("--group-by", "video")
    code, out, _ = _run(capsys, *train, *changes, "--output", run)
    assert code == 0 and str(run) in out
    assert zoo.load(run).scheme.name == "five"
    recipe = json.loads((run / "recipe.json").read_text())["recipe"]
    names = ("epochs", "optimizer", "weight_decay", "group_by")
    assert [recipe[name] for name in names] == [2, "muon", 0.01, "video"]

    report = tmp_path / "report"
    code, out, err = _run(capsys, "evaluate", run, "--data", table, "--output", report)
    assert code == 0
    assert f"Files: {report}" in err
    summary = json.loads((report / "summary.json").read_text())
    assert summary["faces"] == 40 and summary["boxes"] == "landmarks"
    assert json.loads(out) == {"model": str(run), **summary}

    twice = tmp_path / "twice"
    zoo.save(zoo.load(run).replace(flip_tta=True), twice, "twice")
    errors = []
    models = [(run,), (twice, "--no-flip-tta"), (twice,), (run, "--flip-tta")]
    for model, *options in models:
        _, out, _ = _run(capsys, "evaluate", model, "--data", table, *options)
        errors.append(json.loads(out)["inter_pupil"])
    assert errors[0] == errors[1] != errors[2] == errors[3]

    output = tmp_path / "landmarks"
    code, *_ = _run(capsys, "predict", PORTRAIT, "--model", run, "--output", output)
    assert code == 0
    (table,) = output.rglob("grace_hopper.jpg.landmarks.json")
    found = json.loads(table.read_text())
    left, _, right, _ = found["faces"][0]["box"]
    assert 80 < right - left < 120  # around five points; around 68 it is 200

    code, _, err = _run(capsys, *train, "--epochs", 3, "--output", run)
    assert code == 1 and "another recipe" in err


def test_zoo_lists_and_describes(capsys):
    code, out, _ = _run(capsys, "zoo")
    assert code == 0 and "cnn6_300w: " in out
    code, out, _ = _run(capsys, "zoo", "cnn6_300w", "--json")
    assert code == 0 and json.loads(out)["licence"].startswith("research use only")


@pytest.mark.parametrize("name", zoo.list_models())
def test_a_card_is_one_screen(capsys, name):
    code, out, _ = _run(capsys, "zoo", name)
    lines = out.splitlines()
    assert code == 0 and len(lines) <= 24
    # A path is not broken, however long the folder of the installation is.
    assert all(len(x) <= 80 for x in lines if not x.startswith("Card "))
    entry = zoo.model_info(name)
    usual = usual_normalizers(entry.scheme)[0]
    words = " ".join(out.split())  # as long lines are wrapped
    for part in (
        f"{name}: {entry.description}",
        f"Landmarks {entry.num_landmarks}, scheme {entry.scheme}",
        *(f"{stage.input_size} px for {stage.network}" for stage in entry.stages),
        f"Parameters {sum(s.parameters for s in entry.stages) / 1e6:.1f} M",
        f"Weights {sum(s.bytes for s in entry.stages) / 1e6:.1f} MB",
        f"{entry.metrics[0][usual]['nme_percent']:.2f} % {usual.replace('_', '-')}",
        f"Licence {entry.licence}",
        f'wingkeras.zoo.load("{name}")',
    ):
        assert part in words


def test_control_characters_reach_no_terminal(capsys, tmp_path):
    evil, escaped = "a\x1b]0;title\x07", r"a\x1b]0;title\x07"
    code, _, err = _run(capsys, "evaluate", "cnn6_300w", "--data", evil)
    assert code == 1 and f"there is no {escaped}." in err and "\x1b" not in err
    zoo.save(make_localizer(2), tmp_path, "own")
    entry = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**entry, "licence": evil}))
    code, out, _ = _run(capsys, "zoo", tmp_path)
    assert code == 0 and escaped in out and "\x1b" not in out


def test_a_card_of_ones_own_model(capsys, tmp_path):
    zoo.save(make_localizer(2), tmp_path, "own")
    code, out, _ = _run(capsys, "zoo", tmp_path)
    assert code == 0 and out.startswith("own\n")
    assert f'wingkeras.zoo.load("{tmp_path}")' in out and "Licence" not in out


@pytest.mark.parametrize("switch", ["flip_tta", "recrop"])
def test_switches_are_shown_and_changed(capsys, tmp_path, switch):
    zoo.save(make_localizer(1).replace(**{switch: True}), tmp_path, "own")
    _, card, _ = _run(capsys, "zoo", tmp_path)
    lines = {"flip_tta": "flip test-time augmentation", "recrop": "cropped again"}
    assert [name for name in lines if lines[name] in card] == [switch]

    option = switch.replace("_", "-")
    for arguments, value in (
        ([], True),
        ([f"--{option}"], True),
        ([f"--no-{option}"], False),
    ):
        command = ["predict", "a.jpg", "--model", str(tmp_path), *arguments]
        options = cli.build_parser().parse_args(command)
        assert getattr(load_localizer(options), switch) is value


@pytest.mark.parametrize(("given", "used"), [(None, "1"), ("0", "0")])
def test_training_uses_onednn_unless_told_otherwise(capsys, monkeypatch, given, used):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")  # restored afterwards
    if given is None:
        monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    code, _, _ = _run(capsys, "train", "--recipe", "x", "--data", ".")
    assert code == 1 and os.environ["TF_ENABLE_ONEDNN_OPTS"] == used


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("demo", "cnn9"), "received 'cnn9'"),
        (("zoo", "cnn6_300"), "Did you mean 'cnn6_300w'"),
        (("evaluate", "cnn6_300w", "--data", "/nowhere"), "there is no /nowhere"),
        (("train", "--recipe", "x", "--data", "."), "modern_cnn6"),
        (
            ("train", "--recipe", "x", "--data", ".", "--strategy", "data-parallel"),
            "set KERAS_BACKEND=jax",
        ),
        (("predict", "x.jpg", "--detector", "yunet", "--yunet", "no.onnx"), "no.onnx"),
    ],
    ids=str,
)
def test_errors_are_one_line_and_code_1(capsys, arguments, message):
    code, _, err = _run(capsys, *arguments)
    assert code == 1 and message in err and "Traceback" not in err


# -P: the installed package, not the folder the tests are run in.
PROGRAM = [sys.executable, "-P", "-m", "wingkeras"]


def _start(*arguments, **settings):
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **settings)


def test_convert_checks_what_it_wrote(capsys, tmp_path):
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    path = tmp_path / "face.onnx"
    code, out, _ = _run(
        capsys, "convert", "cnn6_300w", "--stage", "stage1", "--output", path
    )
    report = json.loads(out)
    assert code == 0 and report["within_tolerance"] and report["faces"] == 32
    assert report["stage"] == "stage1" and report["bytes"] == path.stat().st_size
    code, out, _ = _run(capsys, "convert", "cnn6_300w", "--check", path)
    assert code == 0 and json.loads(out)["stage"] == "stage1"


def test_convert_fails_for_a_file_of_another_network(capsys, tmp_path):
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    from wingkeras import export

    localizer = zoo.load("cnn6_300w")
    head = localizer.stages[0].network.get_layer("landmarks")
    head.bias.assign(head.bias + 0.5)
    path = tmp_path / "other.onnx"
    described = export.metadata("other", localizer.scheme, "stage1", None, "")
    export.convert(export.build_graph(localizer, "stage1"), path, described)
    code, out, err = _run(capsys, "convert", "cnn6_300w", "--check", path)
    assert code == 1 and not json.loads(out)["within_tolerance"]
    assert "other.onnx moves a landmark by" in err and "0.02 px are allowed" in err
    code, out, err = _run(capsys, "convert", "cnn6_aflw5", "--check", path)
    assert code == 1 and not out
    assert "the 5 points of scheme 'five'; " in err and "the 68 of 'ibug68'" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--check", "{}/garbage.onnx"], "garbage.onnx is not a .onnx file"),
        (["--check", "{}/garbage.tflite"], "garbage.tflite is not a .tflite file"),
        (["--check", "{}/none.onnx"], "there is no"),
        (["--stage", "stage2", "--output", "{}/a.onnx"], "'all', 'stage1'"),
        (["--to", "onnx", "--output", "{}/a.tflite"], "to end with .onnx"),
    ],
)
def test_convert_refuses_what_it_cannot_do(capsys, tmp_path, arguments, message):
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    for ending in (".onnx", ".tflite"):
        (tmp_path / f"garbage{ending}").write_bytes(b"garbage" * 9)
    before = sorted(tmp_path.iterdir())
    arguments = [argument.format(tmp_path) for argument in arguments]
    code, _, err = _run(capsys, "convert", "cnn6_300w", *arguments)
    assert code == 1 and message in err
    assert sorted(tmp_path.iterdir()) == before


def test_goes_on_with_keras_where_nothing_can_be_kept(
    capsys, tmp_path, monkeypatch, caplog
):
    pytest.importorskip("openvino", reason="needs the extra `openvino`")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("WINGKERAS_HOME", str(tmp_path / "file" / "cache"))
    with caplog.at_level("INFO", logger="wingkeras"):
        code, _, _ = _run(capsys, "demo", "--verbose", "--output", tmp_path / "out")
    assert code == 0 and "WINGKERAS_HOME" in caplog.text
    assert f"{DEFAULT_MODEL} runs on keras." in caplog.text
    code, _, err = _run(capsys, "demo", "--runtime", "onnx", "--output", tmp_path / "o")
    assert code == 1 and "WINGKERAS_HOME" in err


def test_says_which_runtime_it_uses(capsys, tmp_path, caplog):
    with caplog.at_level("INFO", logger="wingkeras"):
        code, *_ = _run(capsys, "demo", "-v", "--runtime", "keras", "-o", tmp_path)
    assert code == 0 and f"{DEFAULT_MODEL} runs on keras." in caplog.text
