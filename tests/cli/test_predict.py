"""`wingkeras predict` with the pictures and folders that people have."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import PIL.features
import PIL.Image
import pytest
from matplotlib.cbook import get_sample_data

from wingkeras import cli
from wingkeras.data.pts import read_pts

PORTRAIT = Path(get_sample_data("grace_hopper.jpg", asfileobj=False))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def _predict(capsys, *arguments, model="cnn6_300w"):
    code = cli.main(["predict", "--model", model, *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out.splitlines(), captured.err.splitlines()


def _put(*names, picture=PORTRAIT):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        if Path(name).suffix.lower() in (".jpg", ".jpeg"):
            shutil.copy(picture, name)
        else:
            cv2.imwrite(str(name), cv2.imread(str(picture)))


def _written(folder="landmarks"):
    files = (path for path in Path(folder).rglob("*") if path.is_file())
    return sorted(str(path.relative_to(folder)) for path in files)


def test_nothing_that_a_picture_can_be_ends_the_others(capsys):
    _put("x/first.jpg", "x/last.jpg", "x/" + "n" * 240 + ".jpg", "x/taken.jpg")
    _put("x/two\nlines\x1b[31m.jpg")
    _put("x/grey.png")
    cv2.imwrite("x/grey.png", np.full((200, 200, 3), 99, np.uint8))
    Path("x/broken.jpg").write_bytes(PORTRAIT.read_bytes()[:20_000])
    Path("x/folder.jpg").mkdir()
    Path("landmarks/x/taken.jpg.landmarks.json").mkdir(parents=True)
    failing = ["broken.jpg", "dead.jpg", "fifo.jpg", "taken.jpg"]
    os.symlink("nowhere.jpg", "x/dead.jpg")
    os.mkfifo("x/fifo.jpg")
    others = 0
    if sys.platform == "linux":
        shutil.copy(PORTRAIT, b"x/\xff.jpg")
        others = 1
    code, out, err = _predict(capsys, "x", "none.jpg", "k" * 300 + ".jpg")
    assert code == 1
    assert len(out) == 5 + others
    assert [line.split(": ")[1].split("/")[-1] for line in err[:4]] == failing
    assert "taken.jpg: Is a directory: landmarks/x/taken.jpg.landmarks.json" in err[3]
    assert "none.jpg: No such file" in err[4] and "File name too long" in err[5]
    total = f"{5 + others} pictures, {4 + others} faces, 1 without a face, 6 failed"
    assert err[6:] == [f"wingkeras: {total}"]
    assert any(r"two\nlines\x1b[31m.jpg: 1 face" in line for line in out)
    grey = json.loads(Path("landmarks/x/grey.png.landmarks.json").read_text())
    assert grey["faces"] == []


def test_a_picture_without_a_face_is_no_failure(capsys):
    cv2.imwrite("grey.png", np.full((200, 200, 3), 99, np.uint8))
    code, out, err = _predict(capsys, "grey.png")
    assert code == 0 and "grey.png: 0 faces" in out[0]
    assert err == ["wingkeras: 1 picture, 0 faces, 1 without a face, 0 failed"]


def test_head_poses_are_drawn_where_they_are_asked_for(capsys):
    _put("a.png")
    pictures = []
    for option in ((), ("--draw-head-pose",)):
        assert _predict(capsys, "a.png", *option)[0] == 0
        pictures.append(cv2.imread("landmarks/a.png.landmarks.png").astype(int))
    face = json.loads(Path("landmarks/a.png.landmarks.json").read_text())["faces"][0]
    assert all(abs(angle) < 15 for angle in face["head_pose"].values())
    left, top, right, bottom = (round(edge) for edge in face["box"])
    changed = np.abs(pictures[0] - pictures[1]).max(axis=2) > 50
    inside = changed[top:bottom, left:right].sum()
    assert inside > 100 and inside > 0.9 * changed.sum()


def test_an_error_of_the_networks_is_one_picture_s(capsys, monkeypatch):
    from wingkeras.inference import batches

    def fail(*_):
        raise RuntimeError("out of something")

    monkeypatch.setattr(batches, "localize", fail)
    _put("a.jpg", "b.jpg")
    code, _, err = _predict(capsys, "a.jpg", "b.jpg")
    assert code == 1
    assert err[:2] == [f"wingkeras: {x}.jpg: out of something" for x in "ab"]


def test_the_limit_of_pixels_is_an_option(capsys):
    _put("a.jpg")
    code, _, err = _predict(capsys, "a.jpg", "--max-pixels", 300_000)
    assert code == 1 and "at most 300,000 pixels, received 512 x 600" in err[0]
    assert "`wingkeras predict --max-pixels`" in err[0]
    assert _predict(capsys, "a.jpg", "--max-pixels", 512 * 600)[0] == 0


def test_results_have_the_place_of_their_input(capsys):
    _put("x/a.jpg", "x/a.png", "y/a.jpg", "x/sub/deep/b.jpg", "c.jpg")
    code, out, _ = _predict(capsys, "x", "y/a.jpg", "c.jpg", "./x/a.jpg", "-r")
    assert code == 0 and len(out) == 5
    names = ["c.jpg", "x/a.jpg", "x/a.png", "x/sub/deep/b.jpg", "y/a.jpg"]
    drawn = [f"{name}.landmarks{name[-4:]}" for name in names]
    tables = [f"{name}.landmarks.json" for name in names]
    assert _written() == sorted(drawn + tables)
    for name in names:
        table = Path("landmarks", f"{name}.landmarks.json")
        assert json.loads(table.read_text())["image"] == name


def test_what_is_written_can_be_chosen(capsys):
    _put("x.jpg", "x.facebook.jpg")
    cases = {
        "json": ["landmarks.json"],
        "picture": ["landmarks.jpg"],
        "pts": ["face1.pts"],
    }
    for kind, endings in cases.items():
        inputs = ("x.jpg", "x.facebook.jpg", "--format", kind, "-o", kind)
        code, out, _ = _predict(capsys, *inputs)
        assert code == 0
        expected = [f"{name}.jpg.{e}" for name in ("x", "x.facebook") for e in endings]
        assert _written(kind) == sorted(expected)
        assert out[0] == f"x.jpg: 1 face, {kind}/x.jpg.{endings[0]}"
    assert read_pts("pts/x.jpg.face1.pts", 68).shape == (68, 2)
    both = ("x.jpg", "--format", "pts", "--format", "json", "-o", "both")
    assert _predict(capsys, *both)[0] == 0
    assert _written("both") == ["x.jpg.face1.pts", "x.jpg.landmarks.json"]


def test_results_in_the_folder_of_the_pictures_are_no_pictures(capsys):
    _put("a.jpg", "a.png")
    for _ in range(2):
        code, out, _ = _predict(capsys, ".", "--output", ".")
        assert code == 0 and len(out) == 2
    assert len(_written(".")) == 6


def test_started_again_it_goes_on_where_it_was(capsys):
    _put("a.jpg", "b.jpg")
    assert _predict(capsys, "a.jpg")[0] == 0
    first = Path("landmarks/a.jpg.landmarks.json")
    before = first.stat().st_mtime_ns
    code, out, err = _predict(capsys, ".", "--skip-existing")
    assert code == 0 and len(out) == 1 and out[0].startswith("b.jpg: 1 face")
    assert err[-1].endswith("1 picture, 1 face, 0 without a face, 0 failed, 1 skipped")
    assert first.stat().st_mtime_ns == before
    Path("landmarks/b.jpg.landmarks.jpg").unlink()
    _, out, _ = _predict(capsys, ".", "--skip-existing")
    assert [line.split(":")[0] for line in out] == ["b.jpg"]


def test_scores_and_flip_errors_are_in_the_json(capsys):
    _put("a.jpg")
    options = ("--format", "json", "--flip-error", "--min-score", "0.5")
    assert _predict(capsys, "a.jpg", *options)[0] == 0
    (face,) = json.loads(Path("landmarks/a.jpg.landmarks.json").read_text())["faces"]
    assert 0.7 < face["score"] <= 1 and 0 < face["flip_error"] < 0.035


def test_min_face_finds_small_faces_in_large_pictures(capsys):
    group = np.full((3000, 4000, 3), 128, np.uint8)
    small = cv2.resize(cv2.imread(str(PORTRAIT)), None, fx=0.25, fy=0.25)
    group[1000 : 1000 + small.shape[0], 2000 : 2000 + small.shape[1]] = small
    cv2.imwrite("group.png", group)
    options = ("group.png", "--format", "json")
    assert "1 face" in _predict(capsys, *options)[1][0]
    assert "0 faces" in _predict(capsys, *options, "--min-face", 400)[1][0]


@pytest.mark.parametrize("ending", ["gif", "ppm", "jp2", "avif"])
def test_other_kinds_of_pictures(capsys, ending):
    if ending == "avif" and not PIL.features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    with PIL.Image.open(PORTRAIT) as picture:
        picture.save(f"photo.{ending}")
    code, out, _ = _predict(capsys, ".")
    assert code == 0 and out[0].startswith(f"photo.{ending}: 1 face")
    assert f"photo.{ending}.landmarks.png" in _written()


def test_videos_in_folders_are_taken(capsys):
    Path("x").mkdir()
    _put("x/a.jpg")
    picture = cv2.imread(str(PORTRAIT))
    fourcc = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter("x/b.avi", fourcc, 10, picture.shape[1::-1])
    for _ in range(3):
        writer.write(picture)
    writer.release()
    code, out, err = _predict(capsys, "x")
    assert code == 0 and len(out) == 2
    assert err[-1].endswith("1 picture, 1 video, 2 faces, 0 without a face, 0 failed")
    assert {f"x/b.avi.landmarks.{e}" for e in ("mp4", "jsonl")} < set(_written())
    _, out, err = _predict(capsys, "x", "--skip-existing")
    assert not out and err[-1].endswith("2 skipped")


# -P: the installed package, not the folder the tests are run in.
PROGRAM = [sys.executable, "-P", "-m", "wingkeras"]


@pytest.mark.parametrize("runtime", ["keras", "onnx", "litert", "openvino"])
def test_it_says_nothing_but_its_result(here, cache, runtime):
    modules = {"onnx": "onnxruntime", "litert": "ai_edge_litert"}
    if not find_spec(modules.get(runtime, runtime)):
        pytest.skip(f"needs the extra `{runtime}`")
    _put("a.jpg")
    command = [*PROGRAM, "predict", "a.jpg", "--model", "cnn6_300w"]
    settings = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    settings["WINGKERAS_HOME"] = str(here / "cache")
    result = subprocess.run(
        [*command, "--runtime", runtime], capture_output=True, text=True, env=settings
    )
    assert result.returncode == 0
    assert result.stdout == "a.jpg: 1 face, landmarks/a.jpg.landmarks.jpg\n"
    *told, total = result.stderr.splitlines()
    assert total == "wingkeras: 1 picture, 1 face, 0 without a face, 0 failed"
    assert len(told) == (runtime != "keras")
    assert all("Converting a network of cnn6_300w to ." in line for line in told)
