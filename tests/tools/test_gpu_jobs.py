"""Jobs for a machine with a GPU: packed, run, killed, gone on with, brought home."""

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gpu_jobs
from accelerator import archive, jobs, merging, running
from accelerator.packing import is_unpacked, pack_faces, read_faces, unpack_faces
from faces_of_68_points import make_68
from reproduction.datasets import W300
from wingkeras.imaging.images import read_image

HELPERS = Path(__file__).parents[1] / "helpers"
SCRIPT = "gpu_jobs_without_tensorflow.py"
TOOLS = Path(__file__).parents[2] / "tools"


def _half(faces):
    landmarks = faces.landmarks.copy()
    landmarks[:, ::2] = np.nan
    return replace(faces, landmarks=landmarks, boxes=None)


def test_names_that_the_help_has():
    assert tuple(jobs.JOBS) == gpu_jobs.JOBS


def test_packed_faces_come_back(tmp_path):
    faces = make_68(tmp_path / "faces", 12, size=320)
    faces = replace(faces, attributes={"kind": np.array(["a", "b"] * 6)})
    small = _half(make_68(tmp_path / "small", 3))
    packed = tmp_path / "faces.npz"
    measured = pack_faces({"300w_test": faces, "partly": small}, packed, 96, 90)
    assert measured["partly"]["faces"] == 3 and measured["partly"]["psnr_db"] > 25
    assert not is_unpacked(tmp_path / "data")
    unpack_faces(packed, tmp_path / "data")
    unpack_faces(packed, tmp_path / "data")

    back = read_faces(tmp_path / "data", "partly")
    np.testing.assert_allclose(back.landmarks, small.landmarks, atol=0.01)
    np.testing.assert_allclose(back.boxes, small.boxes, atol=1e-3)
    back = W300.test_faces(tmp_path / "data")
    assert (back.subsets, back.scheme) == (faces.subsets, faces.scheme)
    assert [i.name for i in back.images] == [i.name for i in faces.images]
    assert [*back.attributes["kind"]] == ["a", "b"] * 6
    for part, other in zip(back.split(0.25, 0), faces.split(0.25, 0), strict=True):
        assert [i.name for i in part.images] == [i.name for i in other.images]
    # A cut-out: dots are where the landmarks say, boxes around them.
    image = read_image(back.images[0])
    assert max(image.shape) <= 96
    at = np.rint(back.landmarks[0]).astype(int)
    assert image[at[:, 1], at[:, 0]].mean() < 0.8 * image.mean()
    square = replace(back, boxes=None).boxes
    np.testing.assert_allclose(back.boxes, square, atol=0.1)
    with pytest.raises(FileNotFoundError, match=r"'aflw_test' among .* 300w_test"):
        read_faces(tmp_path / "data", "aflw_test")


def test_few_files_hold_the_worthiest(tmp_path):
    folder, parts = tmp_path / "output", tmp_path / "parts"
    rng = np.random.default_rng(0)
    for name, size in {"a": 10, "b": 20 * 2**20, "c": 50 * 2**20, "d": 5}.items():
        (folder / "runs").mkdir(parents=True, exist_ok=True)
        (folder / "runs" / name).write_bytes(rng.bytes(size))
    files = sorted((folder / "runs").iterdir())
    assert archive.collect(folder, files, parts) == [folder / "runs" / "c"]
    sizes = [path.stat().st_size for path in parts.iterdir()]
    assert len(sizes) == 2 and max(sizes) <= 16 * 2**20
    archive.restore(parts, tmp_path / "home")
    for name in "abd":
        path = Path("runs") / name
        assert (tmp_path / "home" / path).read_bytes() == (folder / path).read_bytes()
    archive.collect(folder, files[:1], parts)
    assert [path.name for path in parts.iterdir()] == ["results.zip.0of1"]
    (parts / "results.zip.0of1").rename(parts / "results.zip.0of2")
    with pytest.raises(ValueError, match="all parts"):
        archive.restore(parts, tmp_path / "home")


def test_jobs_go_on_after_one_that_fails_and_stop_when_the_time_is_up(tmp_path):
    class Deadline:
        left = 100.0

    def fail(work):
        raise RuntimeError("out of memory")

    def last(work):
        work.deadline.left = 1.0
        return {"rate": 7}

    said = []
    work = jobs.Work(tmp_path, tmp_path, {"cpu": "x"}, Deadline(), said.append)
    some = {"first": fail, "second": last, "third": fail}
    states = running.run(some, [*some], work)
    assert states == {"first": "failed", "second": "done", "third": "not begun"}
    assert "out of memory" in (tmp_path / "failed" / "first.txt").read_text()
    done = json.loads((tmp_path / "done" / "second.json").read_text())
    assert done == {"machine": {"cpu": "x"}, "length": 1.0, "rate": 7}
    work.deadline.left = 100.0
    assert running.run(some, ["second"], work) == {"second": "done"}
    assert said[-1] == "second: done"


def _start(pack, output, names, *options):
    arguments = ["run", "--pack", pack, "--output", output, "--budget", "20"]
    arguments += ["--length", "0.006", "--jobs", *names]
    return subprocess.Popen(
        [sys.executable, HELPERS / SCRIPT, *options, *arguments],
        env={
            **os.environ,
            "JAX_PLATFORMS": "cpu",
            "PYTHONPATH": os.pathsep.join([str(HELPERS), str(TOOLS)]),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _errors(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        return [float(row["val_nme"]) for row in csv.DictReader(file)]


@pytest.mark.slow
def test_rehearsal(tmp_path):
    """On a CPU: killed in the second job, gone on with, and as if never killed."""
    pack = tmp_path / "pack"
    sets = {
        "300w_training": make_68(tmp_path / "a", 42),
        "300w_test": make_68(tmp_path / "b", 5, seed=1),
        "partly": _half(make_68(tmp_path / "c", 6, seed=2)),
    }
    pack_faces(sets, pack / "faces.npz", 96, 80)
    (pack / "manifest.json").write_text(json.dumps({"commit": "abc"}))
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    uninterrupted = _start(pack, whole, ["student_cnn6"])
    process = _start(pack, killed, ["speed_cnn6", "student_cnn6"], "--die-after", "2")
    output = process.communicate()[0]
    assert process.returncode == -signal.SIGKILL, output
    run = Path("runs") / "student_cnn6"
    assert len(_errors(killed / run)) == 2
    speed = killed / "done" / "speed_cnn6.json"
    written = speed.stat().st_mtime_ns

    names = ["speed_cnn6", "student_cnn6", "table1_long"]
    process = _start(pack, killed, names)
    output = process.communicate()[0]
    assert process.returncode == 0, output
    output = uninterrupted.communicate()[0]
    assert uninterrupted.returncode == 0, output
    assert speed.stat().st_mtime_ns == written
    rates = json.loads(speed.read_text())
    # Those with the padding around pictures may count or not.
    assert rates["multiply_adds_of_a_face"] == pytest.approx(75e6, rel=0.1)
    assert rates["training"][0]["perturbed_faces_per_second"] > 0
    errors = _errors(killed / run)
    assert len(errors) == 3
    np.testing.assert_allclose(errors, _errors(whole / run), rtol=1e-4)
    done = json.loads((killed / "done" / "student_cnn6.json").read_text())
    assert done["held_out_nme_percent"] == round(100 * min(errors), 3)
    assert (done["faces"], done["extra_faces"]) == (42, 6)

    results = tmp_path / "results"
    assert merging.merge(killed, results) == [
        "table1_long, 300w: 1 experiments",
        "benchmark_accelerator.json: cnn6",
    ]
    assert merging.merge(killed, results)
    known = json.loads((results / "benchmark_accelerator.json").read_text())
    assert known["cnn6"]["machine"]["backend"] == "jax"
