import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from wingkeras.training.muon import Muon

RATE = 0.5


def _stepped(shape, path="hidden", optimizer=None, gradient=None):
    """A variable after one step from zero, and the gradient it took."""
    if gradient is None:
        gradient = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    with keras.name_scope(path):
        variable = keras.Variable(np.zeros(shape, np.float32), name="kernel")
    optimizer = optimizer or Muon(RATE, exclude_layers=["^land.*s/"], weight_decay=0)
    optimizer.build([variable])
    optimizer.apply([keras.ops.convert_to_tensor(gradient)])
    return variable.numpy(), gradient


@pytest.mark.parametrize("shape", [(3, 3, 16, 40), (3, 3, 8, 96), (48, 64), (64, 48)])
def test_step_is_the_orthogonal_matrix_nearest_to_the_momentum(shape):
    value, gradient = _stepped(shape)
    step = -value.reshape(-1, shape[-1]).astype(np.float64)
    u, _, v = np.linalg.svd(gradient.reshape(step.shape), full_matrices=False)
    size = RATE * 0.2 * np.sqrt(max(step.shape))
    along = np.diag(u.T @ step @ v.T) / size
    # Five iterations bring singular values near 1, not to it.
    assert along.min() > 0.6 and along.max() < 1.3
    rest = step / size - u @ np.diag(along) @ v
    assert np.abs(rest).max() < 0.02
    np.testing.assert_allclose(step.std(), 0.2 * RATE, rtol=0.3)


def test_all_directions_of_a_convolution_move_alike():
    """However unlike their gradients are, which is what AdamW and SGD follow."""
    rng = np.random.default_rng(1)
    gradient = rng.normal(size=(288, 40)).astype(np.float32)
    gradient *= np.geomspace(1, 30, 40, dtype=np.float32)
    value, _ = _stepped((3, 3, 32, 40), gradient=gradient.reshape(3, 3, 32, 40))
    lengths = np.linalg.norm(value.reshape(288, 40), axis=0)
    assert lengths.max() < 2 * lengths.min()


def test_unscaled_step_is_the_orthogonal_matrix_itself():
    optimizer = Muon(RATE, weight_decay=0, rms_rate=None)
    value, _ = _stepped((3, 3, 16, 40), optimizer=optimizer)
    lengths = np.linalg.svd(value.reshape(144, 40), compute_uv=False) / RATE
    assert lengths.min() > 0.6 and lengths.max() < 1.3


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        ((40,), "hidden"),
        ((3, 3, 3, 64), "first"),
        ((3, 3, 64, 1), "depthwise"),
        ((64, 136), "landmarks"),
        ((64, 64), "embedding"),
    ],
)
def test_the_rest_is_stepped_by_adamw(shape, path):
    value, gradient = _stepped(shape, path)
    expected, _ = _stepped(
        shape, path, keras.optimizers.AdamW(RATE, weight_decay=0), gradient
    )
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_weights_decay_apart_from_the_gradient():
    with keras.name_scope("hidden"):
        kernel = keras.Variable(np.ones((64, 64), np.float32), name="kernel")
    optimizer = Muon(0.1, weight_decay=0.2, adam_weight_decay=0.2)
    optimizer.build([kernel])
    optimizer.apply([keras.ops.zeros((64, 64))])
    np.testing.assert_allclose(kernel.numpy(), 0.98, rtol=1e-5)


def test_it_is_saved_with_a_model():
    optimizer = Muon(1e-3, weight_decay=0.1, exclude_layers=["last"], use_ema=True)
    text = json.dumps(keras.optimizers.serialize(optimizer))
    again = keras.optimizers.deserialize(json.loads(text))
    assert type(again) is Muon
    assert again.get_config() == optimizer.get_config()


@pytest.mark.slow
def test_steps_on_jax_are_those_on_tensorflow():
    code = (
        "import numpy as np, keras\n"
        "from wingkeras.training.muon import Muon\n"
        "v = keras.Variable(np.zeros((3, 3, 16, 40), np.float32), name='kernel')\n"
        "g = np.random.default_rng(0).normal(size=v.shape).astype(np.float32)\n"
        "o = Muon(0.5, weight_decay=0)\n"
        "o.build([v])\n"
        "for _ in range(2): o.apply([keras.ops.convert_to_tensor(g)])\n"
        "print(np.asarray(v.value, np.float64).ravel().tolist())"
    )
    steps = []
    for backend in ("tensorflow", "jax"):
        environment = {**os.environ, "KERAS_BACKEND": backend}
        out = subprocess.check_output(
            [sys.executable, "-P", "-c", code], env=environment
        )
        steps.append(json.loads(out))
    # The matrices are made orthogonal in bfloat16, which processors round differently:
    # single entries differ by some percent, the steps' lengths and directions do not.
    first, second = np.array(steps)
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    assert lengths[0] == pytest.approx(lengths[1], rel=0.01)
    assert first @ second / np.prod(lengths) > 0.998
