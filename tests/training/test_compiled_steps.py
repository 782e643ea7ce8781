"""Every network, every loss and backend: a compiled step is the step that is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from wingkeras.losses import WingLoss

LOSSES = ("WingLoss", "RectifiedWingLoss", "L1Loss", "L2Loss", "SmoothL1Loss")
SCRIPT = Path(__file__).parents[1] / "helpers" / "steps_on_backend.py"


# Each loss with a single layer, each network with one loss: what they compile to does
# not depend on each other.
@pytest.mark.slow
# The rates keep the first step so short that the second loss tells the gradient:
# further on, batch normalisation over four faces makes any rounding grow.
@pytest.mark.parametrize(
    ("network", "size", "rate", "losses"),
    [
        ("Dense", 8, 1e-8, LOSSES),
        ("CNN6", 64, 1e-4, LOSSES[:1]),
        ("CNN7", 128, 1e-4, LOSSES[:1]),
        ("ResNet50", 64, 1e-8, LOSSES[:1]),
    ],
)
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_compiled_step_is_the_step(backend, network, size, rate, losses):
    result = subprocess.run(
        [sys.executable, SCRIPT, network, str(size), str(rate), *losses],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    steps = json.loads(result.stdout.splitlines()[-1])
    assert tuple(steps) == losses
    for loss, (compiled, plain) in steps.items():
        np.testing.assert_allclose(compiled[0], plain[0], rtol=1e-5, err_msg=loss)
        drops = np.array([compiled[0] - compiled[1], plain[0] - plain[1]])
        assert drops[1] > 0, loss
        np.testing.assert_allclose(drops[0], drops[1], rtol=0.1, err_msg=loss)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_step_is_traced_once(jit_compile):
    """Over epochs; a last batch with fewer faces costs one trace more, once."""
    traces = []

    class Counting(WingLoss):
        def call(self, y_true, y_pred):
            traces.append(y_pred.shape)
            return super().call(y_true, y_pred)

    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    network.compile("sgd", Counting(), jit_compile=jit_compile)
    x, y = np.zeros((10, 3), np.float32), np.zeros((10, 4), np.float32)
    network.fit(x[:8], y[:8], batch_size=4, epochs=3, verbose=0)
    assert len(traces) == 1
    network.fit(x, y, batch_size=4, epochs=3, verbose=0)
    assert len(traces) == 2


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_output_and_loss_stay_in_float32(precision):
    from wingkeras import models

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        network = models.build("CNN6", 5)
    finally:
        keras.config.set_dtype_policy(before)
    shapes = network(np.zeros((1, 64, 64, 3), np.float32))
    assert keras.backend.standardize_dtype(shapes.dtype) == "float32"
    value = WingLoss(reduction=None)(np.zeros((1, 10)), shapes)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
