"""A run that is started again: resumed, finished, in use, or another one."""

import csv
import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from faces_on_disk import make_faces
from train_made_faces import RECIPE
from wingkeras.storage.lock import LockedError, locked
from wingkeras.training.run import train

SCRIPT = Path(__file__).parents[1] / "helpers" / "train_made_faces.py"


def _run(tmp_path, run, *arguments, backend="tensorflow"):
    return subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "faces", tmp_path / run, *arguments],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )


def _rows(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _tensors(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()]})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "place", "optimizer"),
    [
        ("tensorflow", "host", "adamw"),
        ("tensorflow", "device", "adamw"),
        ("tensorflow", "device", "muon"),
        ("jax", "host", "adamw"),
        ("jax", "device", "adamw"),
    ],
)
def test_killed_run_resumes_to_the_same_weights(tmp_path, backend, place, optimizer):
    options = ("--augment-on", place, "--optimizer", optimizer)
    whole = _run(tmp_path, "whole", *options, backend=backend)
    assert whole.returncode == 0, whole.stderr
    killed = _run(tmp_path, "killed", *options, "--die-after", "8", backend=backend)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(_rows(tmp_path / "killed")) == 2
    resumed = _run(tmp_path, "killed", *options, backend=backend)
    assert resumed.returncode == 0, resumed.stderr

    assert _rows(tmp_path / "killed") == _rows(tmp_path / "whole")
    assert len(_rows(tmp_path / "whole")) == RECIPE.epochs
    for name in ("checkpoint.weights.h5", "best.weights.h5"):
        expected = _tensors(tmp_path / "whole" / name)
        result = _tensors(tmp_path / "killed" / name)
        assert expected.keys() == result.keys()
        for key, value in expected.items():
            np.testing.assert_array_equal(result[key], value, err_msg=key)


def test_finished_run_is_not_trained_again(tmp_path):
    faces = make_faces(tmp_path / "faces", 15)
    recipe = dataclasses.replace(RECIPE, epochs=2)
    first = train(recipe, faces, tmp_path / "run", verbose=False)
    before = (tmp_path / "run" / "checkpoint.weights.h5").read_bytes()
    again = train(recipe, faces, tmp_path / "run", verbose=False)
    assert (tmp_path / "run" / "checkpoint.weights.h5").read_bytes() == before
    networks = [localizer.stages[0].network for localizer in (first, again)]
    for a, b in zip(*(n.get_weights() for n in networks), strict=True):
        np.testing.assert_array_equal(a, b)


def test_folder_in_use_and_damaged_files_stop_a_run(tmp_path):
    faces = make_faces(tmp_path / "faces", 15)
    recipe = dataclasses.replace(RECIPE, epochs=1)
    train(recipe, faces, tmp_path / "run", verbose=False)
    with (
        locked(tmp_path / "run" / ".lock"),
        pytest.raises(LockedError, match=f"process {os.getpid()} on"),
    ):
        train(recipe, faces, tmp_path / "run", verbose=False)
    for name in ("metrics.csv", "checkpoint.weights.h5"):
        (tmp_path / "run" / name).write_text("broken")
        with pytest.raises(ValueError, match=rf"{name} is damaged"):
            train(recipe, faces, tmp_path / "run", verbose=False)


def test_corrected_landmarks_are_another_run(tmp_path):
    faces = make_faces(tmp_path / "faces", 15)
    recipe = dataclasses.replace(RECIPE, epochs=1)
    train(recipe, faces, tmp_path / "run", verbose=False)
    corrected = dataclasses.replace(faces, landmarks=faces.landmarks + 1)
    with pytest.raises(ValueError, match="of other faces"):
        train(recipe, corrected, tmp_path / "run", verbose=False)


def test_folder_of_another_recipe_is_left_alone(tmp_path):
    faces = make_faces(tmp_path / "faces", 15)
    recipe = dataclasses.replace(RECIPE, epochs=1)
    train(recipe, faces, tmp_path / "run", verbose=False)
    before = (tmp_path / "run" / "metrics.csv").read_text()
    other = dataclasses.replace(recipe, learning_rate=1e-3)
    with pytest.raises(ValueError, match=r"another recipe.*Name another folder"):
        train(other, faces, tmp_path / "run", verbose=False)
    assert (tmp_path / "run" / "metrics.csv").read_text() == before
