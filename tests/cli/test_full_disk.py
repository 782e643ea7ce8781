"""A disk that is full, in a process of its own: a message, an exit code, no crash."""

import contextlib
import os
import shutil
import subprocess
import sys

import pytest

from faces_on_disk import make_faces
from wingkeras.data.csv_files import save_csv

resource = pytest.importorskip("resource", reason="needs limits of processes")

BYTES = 40_000_000
"""Room for the best weights, 15 MB, and not for the checkpoint with its optimizer."""


@contextlib.contextmanager
def _small_disk(folder):
    """Whether the folder is a small disk now: only root can make one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={BYTES}", "none", folder]
    mounted = (
        shutil.which("mount")
        and not subprocess.run(mount, stderr=subprocess.DEVNULL).returncode
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)


def _limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, BYTES))


def test_training_ends_with_a_message_and_an_exit_code(tmp_path):
    save_csv(make_faces(tmp_path / "faces", 15), tmp_path / "faces" / "faces.csv")
    options = ["--recipe", "modern_cnn6", "--scheme", "five", "--epochs", "1"]
    options += ["--batch-size", "4", "--data", tmp_path / "faces" / "faces.csv"]
    with _small_disk(tmp_path / "disk") as mounted:
        folder = tmp_path / "disk" / "run"
        done = subprocess.run(
            [sys.executable, "-P", "-m", "wingkeras", "train", *options, "-o", folder],
            capture_output=True,
            text=True,
            preexec_fn=None if mounted else _limit_files,
        )
        left = {path.name for path in folder.glob("*")} - {"tensorboard"}
    assert done.returncode == 1, done.stderr
    last = done.stderr.splitlines()[-1]
    reason = "No space left on device" if mounted else "File too large"
    assert last.startswith("wingkeras: ") and reason in last
    assert str(folder / "checkpoint.weights.h5") in last
    assert left == {".lock", "recipe.json", "metrics.csv", "best.weights.h5"}


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_standard_output_on_a_full_disk(unbuffered):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "wingkeras", "zoo"],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == "wingkeras: [Errno 28] No space left on device\n"
