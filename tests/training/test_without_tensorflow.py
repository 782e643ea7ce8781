"""On JAX nothing on the way from faces to a trained localizer loads TensorFlow."""

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
