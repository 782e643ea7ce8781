"""The script in `examples/`, as a user runs it."""

import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.cbook import get_sample_data

from faces_on_disk import make_faces
from wingkeras.data.csv_files import save_csv

SCRIPT = Path(__file__).parents[1] / "examples" / "typed_user_script.py"

pytest.importorskip("wingkeras.inference.faces", reason="needs typed results")


def test_finds_fits_and_trains(tmp_path):
    save_csv(make_faces(tmp_path / "faces", 12), tmp_path / "faces.csv")
    portrait = get_sample_data("grace_hopper.jpg", asfileobj=False)
    program = [sys.executable, SCRIPT, portrait, tmp_path / "faces.csv", tmp_path / "o"]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "1 faces found; trained: five"
    assert (tmp_path / "o" / "model.json").is_file()
