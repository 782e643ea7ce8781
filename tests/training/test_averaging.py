import dataclasses
import json

import keras
import numpy as np
import pytest

from faces_on_disk import make_faces
from train_made_faces import RECIPE
from wingkeras.models.weights import load_weights
from wingkeras.training.building import build_network
from wingkeras.training.optimizers import build_optimizer
from wingkeras.training.recipe import Recipe
from wingkeras.training.run import train


def _walk(recipe, steps):
    """Weights `(steps, ...)` under random gradients, and their average at the end."""
    rng = np.random.default_rng(0)
    network = keras.Sequential(
        [
            keras.Input((40,)),
            keras.layers.Dense(40, name="hidden"),
            keras.layers.Dense(4, name="landmarks"),
        ]
    )
    optimizer = build_optimizer(recipe, steps)
    variables = network.trainable_variables
    optimizer.build(variables)
    path = []
    for _ in range(steps):
        optimizer.apply(
            [
                keras.ops.convert_to_tensor(rng.normal(size=v.shape).astype(np.float32))
                for v in variables
            ]
        )
        path.append(network.get_weights())
    optimizer.finalize_variable_values(variables)
    return path, network.get_weights()


@pytest.mark.parametrize("momentum", [0.5, 0.999])
@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "sgd"},
        {"optimizer": "adamw"},
        {"optimizer": "muon"},
        {"optimizer": "adamw", "backbone_lr_multiplier": 0.1},
    ],
    ids=str,
)
def test_average_is_that_of_its_definition(change, momentum):
    """0.5 takes over from the warm-up after nine steps, 0.999 does not in thirty."""
    recipe = Recipe("r", ema=momentum, learning_rate=0.1, **change)
    path, averaged = _walk(recipe, 30)
    for i, result in enumerate(averaged):
        expected = np.zeros(result.shape)
        for t, weights in enumerate(path):
            kept = min(momentum, t / (t + 9))
            expected = kept * expected + (1 - kept) * weights[i]
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_long_runs_are_averaged_as_before():
    """Weights that change by one per step lag as far behind as with a fixed 0.99."""
    values = np.arange(5000.0)
    warmed = fixed = values[0]
    for t, value in enumerate(values):
        kept = min(0.99, t / (t + 9))
        warmed = kept * warmed + (1 - kept) * value
        fixed = 0.99 * fixed + 0.01 * value
    variable = keras.Variable(np.zeros(1, np.float32), name="kernel")
    optimizer = build_optimizer(Recipe("r", optimizer="sgd", ema=0.99), 10)
    optimizer.build([variable])
    optimizer.iterations.assign(5000)
    optimizer._model_variables_moving_average[0].assign([warmed])
    variable.assign([5000.0])
    optimizer._update_model_variables_moving_average([variable])
    optimizer.finalize_variable_values([variable])
    expected = 0.99 * fixed + 0.01 * 5000
    np.testing.assert_allclose(variable.numpy(), [expected], rtol=1e-6)


def test_short_run_with_a_long_average_keeps_what_it_has_learnt(tmp_path):
    """Not the mean shape, from which its network started."""
    faces = make_faces(tmp_path / "faces", 60)
    kept, errors = {}, {}
    for momentum in (0.0, 0.999):
        recipe = dataclasses.replace(RECIPE, epochs=1, ema=momentum, warmup=0.0)
        folder = tmp_path / f"ema{momentum}"
        localizer = train(recipe, faces, folder, verbose=False)
        start = build_network(recipe, 5, localizer.stages[0].mean_shape)
        before = start.get_weights()
        load_weights(start, folder / "best.weights.h5")
        kept[momentum] = start.get_weights()
        text = (folder / "metrics.csv").read_text()
        errors[momentum] = float(text.splitlines()[-1].split(",")[-1])

    def distance(one, other):
        return np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(one, other, strict=1)))

    assert distance(kept[0.999], kept[0.0]) < 0.5 * distance(kept[0.0], before)
    assert errors[0.999] == pytest.approx(errors[0.0], rel=0.2)


@pytest.mark.parametrize("name", ["sgd", "adamw", "muon"])
def test_optimizers_are_saved_with_a_model(name):
    optimizer = build_optimizer(Recipe("r", optimizer=name, warmup=0.0), 10)
    text = json.dumps(keras.optimizers.serialize(optimizer))
    again = keras.optimizers.deserialize(json.loads(text))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
