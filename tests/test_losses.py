import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from wingkeras import losses

SCRIPT = Path(__file__).parent / "helpers" / "losses_on_backend.py"


def wing_reference(x, w=10.0, epsilon=2.0):
    """Equation 5, point by point."""
    constant = w - w * np.log(1 + w / epsilon)
    return np.array(
        [
            w * np.log(1 + abs(v) / epsilon) if abs(v) < w else abs(v) - constant
            for v in np.ravel(x)
        ]
    ).reshape(np.shape(x))


def rectified_reference(x, r=0.5, w=10.0, epsilon=2.0):
    constant = w - w * np.log(1 + (w - r) / epsilon)

    def value(v):
        if abs(v) < r:
            return 0.0
        if abs(v) < w:
            return w * np.log(1 + (abs(v) - r) / epsilon)
        return abs(v) - constant

    return np.vectorize(value)(x)


def smooth_l1_reference(x):
    return np.vectorize(lambda v: v * v / 2 if abs(v) < 1 else abs(v) - 0.5)(x)


REFERENCES = {
    losses.WingLoss: wing_reference,
    losses.RectifiedWingLoss: rectified_reference,
    losses.L1Loss: np.abs,
    losses.L2Loss: lambda x: x**2 / 2,
    losses.SmoothL1Loss: smooth_l1_reference,
}
CLASSES = list(REFERENCES)


def _targets(seed=0, shape=(6, 10)):
    rng = np.random.default_rng(seed)
    y_true = rng.uniform(0, 64, shape).astype(np.float32)
    errors = rng.normal(0, 1, shape) * rng.choice([0.1, 1, 10, 30], shape)
    return y_true, (y_true + errors).astype(np.float32)


def _one(function, x, **parameters):
    """The loss of single coordinates."""
    x = np.asarray(x, np.float32)[:, None]
    return function(np.zeros_like(x), x, **parameters).numpy()


@pytest.mark.parametrize("cls", CLASSES)
def test_value_is_the_definition_summed_over_coordinates(cls):
    y_true, y_pred = _targets()
    expected = REFERENCES[cls](y_pred.astype(float) - y_true).sum(axis=1)
    np.testing.assert_allclose(cls(reduction=None)(y_true, y_pred), expected, rtol=1e-5)
    np.testing.assert_allclose(cls()(y_true, y_pred), expected.mean(), rtol=1e-5)


@pytest.mark.parametrize("cls", CLASSES)
def test_landmarks_and_shape_vectors_give_the_same(cls):
    y_true, y_pred = _targets(shape=(4, 5, 2))
    loss = cls(reduction=None)
    vectors = (np.moveaxis(y, 2, 1).reshape(4, 10) for y in (y_true, y_pred))
    np.testing.assert_allclose(loss(y_true, y_pred), loss(*vectors), rtol=1e-5)


def test_anchors_of_the_wing():
    values = _one(losses.wing, [10.0, 1e-4, 0.0, 10.001, 9.999])
    np.testing.assert_allclose(values[0], 17.9176, atol=1e-4)
    np.testing.assert_allclose(values[1], 5e-4, rtol=1e-3)
    assert values[2] == 0
    np.testing.assert_allclose(values[3], values[4], atol=0.01)


@pytest.mark.parametrize("w", [4.0, 10.0, 15.0])
@pytest.mark.parametrize("epsilon", [0.5, 2.0, 3.0])
def test_wing_is_even_rising_and_continuous(w, epsilon):
    x = np.linspace(0, 2 * w, 4001)
    values = _one(losses.wing, x, w=w, epsilon=epsilon)
    negated = _one(losses.wing, -x, w=w, epsilon=epsilon)
    np.testing.assert_array_equal(values, negated)
    steps = np.diff(values)
    assert (steps > 0).all() and steps.max() < 2 * (w / epsilon) * x[1]


@pytest.mark.parametrize("scale", [2.0, 64.0, 224.0])
def test_scaling_targets_and_parameters_scales_the_loss(scale):
    x = np.linspace(-30, 30, 101)
    scaled = _one(losses.wing, x / scale, w=10 / scale, epsilon=2 / scale)
    np.testing.assert_allclose(scaled, _one(losses.wing, x) / scale, rtol=2e-4)


def test_rectified_wing_without_rectification_is_the_wing():
    x = np.linspace(-30, 30, 301)
    rectified = _one(losses.rectified_wing, x, r=0.0)
    np.testing.assert_allclose(rectified, _one(losses.wing, x), rtol=1e-6)
    assert not _one(losses.rectified_wing, [0.49, -0.49, 0.0], r=0.5).any()


def _gradient(loss, y_true, y_pred):
    prediction = tf.constant(y_pred)
    with tf.GradientTape() as tape:
        tape.watch(prediction)
        value = loss(y_true, prediction)
    return value.numpy(), tape.gradient(value, prediction).numpy()


@pytest.mark.parametrize("cls", CLASSES)
def test_unlabelled_points_change_nothing(cls):
    y_true, y_pred = _targets()
    missing = np.zeros(y_true.shape, bool)
    missing[::2, 1:4] = True
    partial = np.where(missing, np.nan, y_true).astype(np.float32)
    value, gradient = _gradient(cls(), partial, y_pred)
    same = np.where(missing, y_pred, y_true)
    expected, expected_gradient = _gradient(cls(), same, y_pred)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    assert not gradient[missing].any()
    np.testing.assert_allclose(gradient[~missing], expected_gradient[~missing])


@pytest.mark.parametrize("cls", CLASSES)
def test_gradient_is_that_of_the_definition_and_finite_everywhere(cls):
    x = np.array([-40, -10, -3, -0.7, 0, 1e-8, 0.2, 0.6, 5, 10, 1e6], np.float32)[None]
    _, gradient = _gradient(cls(), np.zeros_like(x), x)
    assert np.isfinite(gradient).all() and gradient[0, 4] == 0
    smooth = [0, 2, 3, 6, 7, 8]
    step = 1e-5
    definition, x = REFERENCES[cls], x.astype(float)
    expected = (definition(x + step) - definition(x - step)) / (2 * step)
    np.testing.assert_allclose(
        gradient[0, smooth], expected[0, smooth], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("cls", CLASSES)
def test_low_precision_predictions_are_computed_in_float32(cls, dtype):
    y_true, y_pred = _targets()
    low = tf.cast(y_pred, dtype)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(f"mixed_{dtype}")
    try:
        value = cls(reduction=None)(y_true, low)
    finally:
        keras.config.set_dtype_policy(before)
    assert value.dtype == tf.float32
    errors = tf.cast(low, tf.float32).numpy() - y_true
    expected = REFERENCES[cls](errors.astype(float)).sum(axis=1)
    np.testing.assert_allclose(value, expected, rtol=1e-5)


@pytest.mark.parametrize("cls", CLASSES)
def test_sample_weights(cls):
    y_true, y_pred = _targets()
    weights = np.arange(6, dtype=np.float32)
    expected = REFERENCES[cls](y_pred.astype(float) - y_true).sum(axis=1) * weights
    np.testing.assert_allclose(
        cls()(y_true, y_pred, sample_weight=weights), expected.mean(), rtol=1e-5
    )


@pytest.mark.parametrize("cls", CLASSES)
def test_configuration_round_trip(cls):
    parameters = {
        losses.WingLoss: {"w": 7.0, "epsilon": 1.5},
        losses.RectifiedWingLoss: {"r": 0.3, "w": 7.0, "epsilon": 1.5},
    }.get(cls, {})
    loss = cls(**parameters, reduction="sum", name="mine")
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert type(copy) is cls and copy.get_config() == loss.get_config()
    assert all(getattr(copy, k) == v for k, v in parameters.items())
    y_true, y_pred = _targets()
    np.testing.assert_array_equal(copy(y_true, y_pred), loss(y_true, y_pred))


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["w", "epsilon"])
def test_bad_parameters_are_refused(name, value):
    y_true, y_pred = _targets()
    for refuse in (
        lambda: losses.WingLoss(**{name: value}),
        lambda: losses.RectifiedWingLoss(**{name: value}),
        lambda: losses.wing(y_true, y_pred, **{name: value}),
        lambda: losses.rectified_wing(y_true, y_pred, **{name: value}),
    ):
        with pytest.raises(ValueError, match=f"`{name}` > 0 and finite, received"):
            refuse()


@pytest.mark.parametrize("r", [-0.1, 10.0, 11.0, float("nan")])
def test_bad_rectification_is_refused(r):
    with pytest.raises(ValueError, match="0 <= `r` < `w` = 10"):
        losses.RectifiedWingLoss(r=r, w=10.0)


@pytest.mark.parametrize("cls", CLASSES)
def test_shapes_must_agree(cls):
    for shape in ((6, 5, 2), (6, 8), (6, 1)):
        with pytest.raises(ValueError, match=r"same shape as `y_true`, \(6, 10\)"):
            cls()(np.zeros((6, 10)), np.zeros(shape))


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (losses.WingLoss(w=10, epsilon=2), "WingLoss(w=10, epsilon=2)"),
        (losses.WingLoss(1 / 8, 0.5), "WingLoss(w=0.125, epsilon=0.5)"),
        (losses.RectifiedWingLoss(), "RectifiedWingLoss(r=0.5, w=10, epsilon=2)"),
        (losses.L1Loss(reduction=None), "L1Loss(reduction=None)"),
    ],
    ids=str,
)
def test_a_loss_shows_its_parameters(loss, expected):
    assert repr(loss) == expected


@pytest.fixture(scope="module", params=["tensorflow", "jax", "torch"])
def on_backend(request, tmp_path_factory):
    """What a process of its own computes on a backend, and its input."""
    if not importlib.util.find_spec(request.param):
        pytest.skip(f"needs {request.param}, which is not installed")
    folder = tmp_path_factory.mktemp(request.param)
    y_true, y_pred = _targets(seed=5)
    y_true[2, [1, 6]] = np.nan
    y_pred[0, 0] = y_true[0, 0]
    np.savez(folder / "input.npz", y_true=y_true, y_pred=y_pred)
    result = subprocess.run(
        [sys.executable, SCRIPT, folder / "input.npz", folder / "output.npz"],
        env={**os.environ, "KERAS_BACKEND": request.param},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    output = np.load(folder / "output.npz")
    assert output["backend"] == request.param
    return y_true, y_pred, output


@pytest.mark.parametrize("cls", CLASSES)
def test_every_backend_computes_the_same(on_backend, cls):
    y_true, y_pred, output = on_backend
    errors = np.where(np.isnan(y_true), 0.0, y_pred.astype(float) - y_true)
    expected = REFERENCES[cls](errors).sum(axis=1)
    np.testing.assert_allclose(output[f"{cls.__name__}.value"], expected, rtol=1e-5)
    gradient = output[f"{cls.__name__}.gradient"]
    assert np.isfinite(gradient).all()
    # At 0 any slope between those on either side is a subgradient; backends differ.
    assert abs(gradient[0, 0]) <= 5 and not gradient[2, [1, 6]].any()


@pytest.mark.parametrize("cls", CLASSES)
def test_a_batch_without_faces_has_no_losses(on_backend, cls):
    """One replica of several may get no faces of the last batch."""
    assert on_backend[2][f"{cls.__name__}.of_no_faces"].shape == (0,)


def test_every_backend_measures_the_same_error(on_backend):
    y_true, y_pred, output = on_backend
    truth, found = (y.reshape(6, 2, 5).swapaxes(1, 2) for y in (y_true, y_pred))
    eyes = np.linalg.norm(truth[:, 0] - truth[:, 1], axis=1)
    errors = np.nanmean(np.linalg.norm(truth - found, axis=2), axis=1) / eyes
    np.testing.assert_allclose(output["nme"], np.nanmean(errors), rtol=1e-5)


def test_every_backend_trains_saves_and_loads(on_backend):
    first, last, change, loss, _ = on_backend[2]["round_trip"]
    assert last < first and loss < first
    assert change == 0
