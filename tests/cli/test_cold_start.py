"""What `wingkeras predict` loads where its networks are in files already."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from matplotlib.cbook import get_sample_data

from wingkeras import zoo
from wingkeras.inference.runtimes import RUNTIMES

HELPERS = Path(__file__).parents[1] / "helpers"
PROGRAM = """
import absent, json, sys
absent.hide(*json.loads(sys.argv[1]))
from wingkeras import cli
code = cli.main(["predict", "photo.jpg", "--model", "cnn6_300w"])
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
sys.exit(code)
"""


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_converted_network_is_run_without_keras(cache, runtime, tmp_path):
    needed = RUNTIMES[runtime]
    if not find_spec(needed.module):
        pytest.skip(f"needs the extra `{needed.extra}`")
    zoo.load("cnn6_300w", runtime=runtime)
    shutil.copy(get_sample_data("grace_hopper.jpg", asfileobj=False), "photo.jpg")
    # What converts may be gone; of the other runtimes the command knows nothing.
    others = {each.module for each in RUNTIMES.values()} - {needed.module}
    absent = ["keras", "tensorflow", "tf2onnx", "h5py", *others]
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, json.dumps(absent)],
        env={**os.environ, "PYTHONPATH": str(HELPERS)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found, loaded = done.stdout.splitlines()
    assert found == "photo.jpg: 1 face, landmarks/photo.jpg.landmarks.jpg"
    assert needed.module in json.loads(loaded)
    assert not {"keras", "tensorflow", "matplotlib"} & {*json.loads(loaded)}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
