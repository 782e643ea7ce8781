"""`wingkeras predict` killed in the middle of a folder, and started again."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from wingkeras.data.pts import read_pts

# Five points in boxes that need no network: it starts without TensorFlow.
PROGRAM = """
import sys, time
import numpy as np
from wingkeras import cli
from wingkeras.cli import arguments
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage
from wingkeras.schemes import FIVE
mean = np.array([[20, 24], [44, 24], [32, 34], [24, 44], [40, 44]], np.float32)
def run(crops):
    return np.repeat(mean.T.reshape(1, -1), len(crops), axis=0)
def detect(image):
    time.sleep(0.02)
    return np.array([[9, 9, 60, 60], [40, 30, 99, 89]], np.float32)
localizer = Localizer([FileStage(run, mean, 64)], FIVE, 1.2)
arguments.load_localizer = lambda options: localizer
arguments.load_detector = lambda options, localizer: detect
formats = [x for name in ("json", "pts", "picture") for x in ("--format", name)]
sys.exit(cli.main(["predict", "x", *formats, *sys.argv[1:]]))
"""
COUNT = 40


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-P", "-c", PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def written(folder):
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {path.name: path.read_bytes() for path in files}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_nothing_is_half_written_and_it_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("x").mkdir()
    for i in range(COUNT):
        noise = np.random.default_rng(i).integers(0, 256, (120, 130, 3), np.uint8)
        PIL.Image.fromarray(noise).save(f"x/{i}.jpg")
    process = start("-o", "killed")
    deadline = time.monotonic() + 60
    while len(list(Path("killed").rglob("[!.]*.json"))) < 5:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    done = 0
    for path in Path("killed").rglob("[!.]*"):
        if path.suffix == ".json":
            assert len(json.loads(path.read_text())["faces"]) == 2
            done += 1
        elif path.suffix == ".pts":
            assert read_pts(path, 5).shape == (5, 2)
        elif path.suffix == ".jpg":
            with PIL.Image.open(path) as picture:
                picture.load()
    assert 5 <= done < COUNT

    again = start("-o", "killed", "--skip-existing")
    _, err = again.communicate()
    assert again.returncode == 0, err
    found, skipped = re.fullmatch(
        r"wingkeras: (\d+) pictures?, \d+ faces, .* (\d+) skipped\n", err
    ).groups()
    assert int(skipped) >= 5 and int(found) + int(skipped) == COUNT
    whole = start("-o", "whole")
    whole.communicate()
    assert whole.returncode == 0
    assert written("killed") == written("whole") and len(written("whole")) == 4 * COUNT
