"""On JAX nothing on the way from faces to a trained localizer loads TensorFlow."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wingkeras.training.run_folder import RunFolder

SCRIPT = Path(__file__).parents[1] / "helpers" / "train_without_tensorflow.py"


def _run(*command):
    return subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )


def test_importing_training_does_not_load_it():
    code = (
        "import sys, wingkeras.training.run, wingkeras.data.pipeline\n"
        "print(sorted(m for m in sys.modules if m.partition('.')[0] == 'tensorflow'))"
    )
    result = _run("-P", "-c", code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_faces_on_the_device_are_trained_on_and_validated_with(tmp_path):
    result = _run(SCRIPT, tmp_path / "faces", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    errors = RunFolder(tmp_path / "run").validation_errors()
    assert len(set(errors)) == 3
    measured = float(result.stdout.splitlines()[-1])
    assert measured == pytest.approx(min(errors), rel=0.03)


def test_compiled_loops_train_as_single_steps_do(tmp_path):
    result = _run(SCRIPT.with_name("train_in_loops.py"), tmp_path)
    assert result.returncode == 0, result.stderr
    single, looped = json.loads(result.stdout.splitlines()[-1])
    assert single[-1] == looped[-1] == 3 * 5
    assert looped[2] < looped[0]
    assert looped == pytest.approx(single, rel=1e-4)


def test_loops_are_for_one_accelerator_of_jax():
    code = (
        "import jax; from wingkeras.training import on_device\n"
        "print(on_device.loop_lengths(3, 1))\n"
        "jax.default_backend = lambda: 'gpu'\n"
        "for steps, devices in ((3, 1), (300, 1), (3, 2)):\n"
        "    print(on_device.loop_lengths(steps, devices))"
    )
    result = _run("-P", "-c", code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "[1, 1, 1]",
        "[3]",
        "[100, 100, 100]",
        "[1, 1, 1]",
    ]
