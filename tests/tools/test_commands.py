"""The tools as programs: each says quickly what it does, and starts."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import benchmark
import draw_failures
import label_faces
import reproduce
from benchmarks.detector_boxes import fit, match
from faces_on_disk import make_faces
from reproduction import datasets, tables
from wingkeras import geometry
from wingkeras.data.csv_files import coordinate_columns
from wingkeras.geometry import to_shape_vectors
from wingkeras.inference.detections import Detections
from wingkeras.schemes import FIVE

TOOLS = Path(__file__).parents[2] / "tools"
HEAVY = ("tensorflow", "keras", "cv2", "matplotlib")
PROGRAM = """
import pathlib, runpy, sys
sys.argv = sys.argv[1:]
sys.path.insert(0, str(pathlib.Path(sys.argv[0]).parent))
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print("loaded:", *sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize("path", sorted(TOOLS.glob("*.py")), ids=lambda path: path.name)
def test_help_says_what_a_tool_does(path):
    program = [sys.executable, "-P", "-c", PROGRAM, path, "--help"]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: ")
    assert importlib.import_module(path.stem).__doc__
    loaded = done.stderr.rpartition("loaded:")[2].split()
    assert not {*HEAVY} & {*loaded}


@pytest.mark.parametrize("name", benchmark.COMMANDS)
def test_help_of_every_benchmark(name, capsys):
    with pytest.raises(SystemExit) as end:
        benchmark.main([name, "--help"])
    assert end.value.code == 0
    assert f"usage: {Path(sys.argv[0]).name} {name}" in capsys.readouterr().out


def test_names_that_the_help_of_reproduce_has():
    assert tuple(tables.TABLES) == reproduce.TABLES
    assert tuple(datasets.DATASETS) == reproduce.DATASETS


def test_benchmark_writes_what_it_prints(tmp_path, capsys):
    """Of shapes that change with the yaw that comes with them, and little else."""
    rng = np.random.default_rng(0)
    yaw = rng.uniform(-60, 60, 200)
    mean = rng.uniform(0, 100, (68, 2))
    turned = mean * [1, 1] + yaw[:, None, None] * rng.normal(0, 0.3, (68, 2))
    poses = np.stack([yaw, 0 * yaw, 0 * yaw], axis=1)
    np.savez(tmp_path / "poses.npz", made_landmarks=turned, made_pose=poses)
    arguments = ["balance", "--shapes", str(tmp_path / "poses.npz"), "--set", "made"]
    assert benchmark.main(["--results", str(tmp_path), *arguments]) == 0
    written = json.loads((tmp_path / "benchmark_balance.json").read_text())
    assert written == json.loads(capsys.readouterr().out)
    assert abs(written["spearman_correlation_with_yaw"]) > 0.9
    assert written["machine"]["cores"] and written["shapes"] == 200


def test_failures_are_drawn(tmp_path, capsys):
    path = tmp_path / "failures.jpg"
    assert draw_failures.main(["cnn6_300w", "--output", str(path)]) == 0
    printed = re.findall(
        r"^(.*): NME ([\d.]+) %", capsys.readouterr().out, re.MULTILINE
    )
    errors = {title: float(error) for title, error in printed}
    assert len(errors) == 12
    assert errors["plain"] == min(errors.values()) < 1.5
    assert errors["turned by 180 degrees"] > 20
    assert cv2.imread(str(path)).shape[0] > 500


def test_five_point_faces_get_68(tmp_path, capsys):
    faces = make_faces(tmp_path / "faces", 2)
    columns = [*coordinate_columns(FIVE), "gender", "smile", "glasses", "head_pose"]
    lines = [",".join(["image", *columns])]
    for image, vector in zip(
        faces.images, to_shape_vectors(faces.landmarks), strict=True
    ):
        lines.append(",".join([str(image), *map(str, vector), "1", "1", "1", "3"]))
    (tmp_path / "lfw.csv").write_text("\n".join(lines))
    arguments = ["cnn6_300w", "--data", str(tmp_path / "lfw.csv")]
    output = tmp_path / "lfw68.csv"
    assert label_faces.main([*arguments, "--output", str(output)]) == 0
    # Discs are no faces: the model disagrees with itself.
    assert capsys.readouterr().out.splitlines()[-1] == f"{output}: 0 of 2 faces"
    assert output.read_text().startswith("image,x1,")


class _Detector:
    """Finds every face, in a box with a known place, and something that is none."""

    def __init__(self, faces):
        sides = faces.boxes[:, 2:3] - faces.boxes[:, :1]
        shift = sides * [0.05, 0.1, 0.05, 0.1]
        self._boxes = iter(geometry.scale_boxes(faces.boxes, 0.8) + shift)

    def raw(self, image):
        boxes = np.stack([np.array([0, 0, 4, 4]), next(self._boxes)])
        return Detections(boxes, np.full(2, np.nan))


def test_calibration_is_found_again(tmp_path):
    faces = make_faces(tmp_path, 8)
    found, landmarks, extra = match(_Detector(faces), faces)
    assert len(found) == 8 and extra == 8
    truth = geometry.landmark_boxes(landmarks)
    calibration = fit(found, truth)
    assert calibration.scale == pytest.approx(1.25, abs=1e-3)
    np.testing.assert_allclose(calibration(found), truth, atol=0.05)
