import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from wingkeras.data.augment import Augmentation
from wingkeras.losses import RectifiedWingLoss, WingLoss
from wingkeras.training.optimizers import build_optimizer
from wingkeras.training.recipe import Recipe
from wingkeras.training.recipes import RECIPES

ZOO = Path(__file__).parents[2] / "zoo"


def _rates(recipe, steps):
    schedule = build_optimizer(recipe, steps)._learning_rate
    return np.array([float(schedule(step)) for step in range(steps + 1)])


def test_paper_schedule_goes_down_by_a_hundred_in_equal_ratios():
    rates = _rates(RECIPES["paper_cnn6"], 200)
    np.testing.assert_allclose(rates[[0, 200]], [2.4e-4, 2.4e-6], rtol=1e-5)
    np.testing.assert_allclose(rates[1:] / rates[:-1], 0.01 ** (1 / 200), rtol=1e-4)


def test_modern_schedule_warms_up_and_comes_down_to_its_end():
    recipe = Recipe("r", learning_rate=1e-3, final_learning_rate=1e-5, warmup=0.1)
    rates = _rates(recipe, 200)
    assert rates.argmax() == 20 and rates[0] == 0
    np.testing.assert_allclose(rates[20], 1e-3, rtol=1e-5)
    np.testing.assert_allclose(rates[200], 1e-5, rtol=1e-3)
    assert (np.diff(rates[20:]) < 0).all()


@pytest.mark.parametrize("name", RECIPES)
def test_description_is_json_and_tells_recipes_apart(name):
    recipe = RECIPES[name]
    text = json.dumps(recipe.describe())
    assert json.loads(text)["name"] == name
    other = dataclasses.replace(recipe, loss=WingLoss(w=9, epsilon=2))
    assert json.dumps(other.describe()) != text
    same = dataclasses.replace(
        recipe, loss=type(recipe.loss)(w=recipe.loss.w, epsilon=recipe.loss.epsilon)
    )
    assert json.dumps(same.describe()) == text


@pytest.mark.parametrize("name", RECIPES)
def test_description_tells_the_recipe(name):
    recipe = RECIPES[name]
    described = json.loads(json.dumps(recipe.describe()))
    for values in (described, {"recipe": described, "faces": 7}):
        again = Recipe.from_dict(values)
        assert type(again.loss) is type(recipe.loss)
        assert again.loss.get_config() == recipe.loss.get_config()
        assert dataclasses.replace(again, loss=recipe.loss) == recipe
        assert again.describe() == recipe.describe()


def test_names_in_files_and_in_the_code_are_taken():
    old = {
        "name": "r",
        "loss": {"name": "RectifiedWingLoss", "r": 0.4},
        "frozen": 0.2,
        "backbone_rate": 0.5,
        "held_out": 0.1,
        "input": "device",
        "pose_bins": 9,
        "augmentation": {"shift": 0.1, "occlusion": 0.3},
    }
    new = {
        "name": "r",
        "loss": RectifiedWingLoss(r=0.4),
        "freeze_fraction": 0.2,
        "backbone_lr_multiplier": 0.5,
        "validation_split": 0.1,
        "augment_on": "device",
        "hsm_bins": 9,
        "augmentation": {"translate": 0.1, "random_erasing": 0.3},
    }
    recipe = Recipe.from_dict(old)
    assert recipe.describe() == Recipe.from_dict(new).describe()
    assert (recipe.hsm_bins, recipe.augment_on) == (9, "device")
    assert recipe.augmentation == Augmentation(translate=0.1, random_erasing=0.3)
    assert recipe.loss.get_config()["r"] == 0.4
    assert recipe.describe()["pose_bins"] == 9


def test_recipes_of_the_zoo_are_read():
    for entry in json.loads((ZOO / "registry.json").read_text()):
        for values in entry["recipe"] or ():
            known = Recipe.from_dict(values).describe()
            assert {name: known[name] for name in values} == values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "r", "epoch": 3}, "fields of a recipe .*received 'epoch'"),
        (
            {"name": "r", "augmentation": {"turn": 3}},
            "fields of an augmentation .*received 'turn'",
        ),
        ({"name": "r", "loss": {"name": "Recipe"}}, "loss by the name .*'Recipe'"),
        ({"name": "r", "ema": 2}, "`ema` to be a momentum"),
    ],
    ids=str,
)
def test_values_that_are_no_recipe(values, message):
    with pytest.raises(ValueError, match=message):
        Recipe.from_dict(values)


def test_description_names_the_loss():
    recipe = Recipe("r", loss=RectifiedWingLoss(r=0.4))
    assert recipe.describe()["loss"]["name"] == "RectifiedWingLoss"
    assert recipe.describe()["loss"]["r"] == 0.4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "a/b"}, "`name` to be one that a file can have, received 'a/b'"),
        ({"network": "CNN8"}, "`network` to be one of CNN6, CNN7, .*, received 'CNN8'"),
        ({"learning_rate": 1e-9}, "`learning_rate`"),
        ({"learning_rate": float("inf")}, "`learning_rate`"),
        ({"weight_decay": float("nan")}, "`weight_decay`"),
        ({"box_scale": float("inf")}, "`box_scale`"),
        ({"name": ".."}, "`name`"),
        ({"ema": 1.0}, r"`ema` to be a momentum in \[0, 1\), received 1.0"),
        ({"epochs": 0}, "`epochs`"),
        (
            {"freeze_fraction": 1.0},
            r"`freeze_fraction` to be a share in \[0, 1\), received 1.0",
        ),
        (
            {"backbone_lr_multiplier": 0},
            "`backbone_lr_multiplier` to be a number > 0, received 0",
        ),
    ],
    ids=str,
)
def test_senseless_recipes_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**{"name": "r", **change})


@pytest.mark.parametrize("name", ["sgd", "adamw", "muon"])
def test_biases_are_not_decayed(name):
    import keras

    network = keras.Sequential([keras.Input((40,)), keras.layers.Dense(40)])
    network.layers[0].bias.assign([100.0] * 40)
    recipe = Recipe(
        "r", optimizer=name, learning_rate=0.1, weight_decay=0.5, warmup=0.0, ema=0.0
    )
    optimizer = build_optimizer(recipe, 10)
    optimizer.build(network.trainable_variables)
    kernel = network.layers[0].kernel.numpy()
    zeros = [keras.ops.zeros_like(v) for v in network.trainable_variables]
    optimizer.apply(zeros)
    np.testing.assert_allclose(network.layers[0].bias.numpy(), 100.0)
    np.testing.assert_allclose(network.layers[0].kernel.numpy(), kernel * 0.95, 1e-5)


def test_backbone_is_frozen_first_and_then_learns_more_slowly():
    import keras

    network = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Dense(1, name="backbone"),
            keras.layers.Dense(1, name="landmarks"),
        ]
    )
    recipe = Recipe(
        "r",
        optimizer="sgd",
        learning_rate=0.1,
        final_learning_rate=0.1,
        warmup=0.0,
        weight_decay=0.5,
        freeze_fraction=0.3,
        backbone_lr_multiplier=0.2,
        ema=0.0,
    )
    optimizer = build_optimizer(recipe, 10)
    optimizer.build(network.trainable_variables)
    for layer in network.layers:
        layer.kernel.assign([[1.0]])
    zeros = [keras.ops.zeros_like(v) for v in network.trainable_variables]
    kernels = []
    for _ in range(5):
        optimizer.apply(zeros)
        kernels.append([float(layer.kernel.numpy()[0, 0]) for layer in network.layers])
    backbone, head = np.array(kernels).T
    np.testing.assert_allclose(head, 0.95 ** np.arange(1, 6), rtol=1e-5)
    np.testing.assert_allclose(backbone, [1, 1, 1, 0.99, 0.99**2], rtol=1e-5)
    assert float(optimizer.optimizers[0].learning_rate) == pytest.approx(0.1)


@pytest.mark.parametrize(
    "field", [{"group_by": "video"}, {"hsm_cap": 8}, {"passes_per_epoch": 4}], ids=str
)
def test_a_recipe_without_later_fields_is_described_as_before_there_were_any(field):
    # Keys of recorded results and folders of unfinished runs depend on it.
    assert not field.keys() & Recipe("mine").describe().keys()
    described = Recipe("mine", **field).describe()
    assert field.items() <= described.items()
    assert Recipe.from_dict(described).describe() == described
