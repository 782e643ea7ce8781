import dataclasses
import math

import numpy as np
import pytest

from faces_on_disk import make_faces
from made_localizers import make_localizer
from wingkeras import zoo
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import FIVE, LandmarkScheme
from wingkeras.training.run import train
from wingkeras.training.run_folder import RunFolder
from wingkeras.training.small_sets import suitable_recipe

# Discs of five colours, of which the last four are taken: no face, and no mirror image.
DISCS = LandmarkScheme("discs", ("green", "blue", "yellow", "cyan"), mirror=None)


def made_discs(folder, count):
    faces = make_faces(folder, count)
    landmarks = faces.landmarks[:, 1:]
    return dataclasses.replace(faces, landmarks=landmarks, scheme=DISCS, boxes=None)


@pytest.mark.parametrize("count", [3, 10, 50, 120, 1000, 20_000])
def test_steps_and_validation_follow_the_number_of_faces(count):
    recipe = suitable_recipe(count, DISCS)
    validation = round(recipe.validation_split * count)
    trained_on = count - validation
    shown = recipe.epochs * recipe.passes_per_epoch * trained_on
    assert shown == pytest.approx(3000 * math.sqrt(count), rel=0.1)
    assert 0.05 <= recipe.validation_split <= 0.2 and validation >= 1
    assert recipe.batch_size <= recipe.passes_per_epoch * trained_on
    assert 10 <= recipe.epochs <= 60


def test_a_short_training_has_few_epochs():
    recipe = suitable_recipe(100, DISCS, length=0.05)
    assert recipe.epochs * recipe.passes_per_epoch * 85 == pytest.approx(1500, rel=0.1)
    assert recipe.epochs <= 10 < suitable_recipe(100, DISCS, length=2).epochs


def test_a_start_decides_network_and_rates():
    both = make_localizer(2)
    tuned = suitable_recipe(100, DISCS, both)
    assert (tuned.network, tuned.size, tuned.loss.w) == ("CNN7", 128, 15)
    assert tuned.freeze_fraction > 0 and tuned.backbone_lr_multiplier < 1
    further = suitable_recipe(100, FIVE, both)
    assert further.freeze_fraction == 0 and further.backbone_lr_multiplier == 1
    assert further.learning_rate < tuned.learning_rate
    assert suitable_recipe(100, DISCS).freeze_fraction == 0


def test_too_few_faces():
    with pytest.raises(ValueError, match=r"at least 3 faces .* received 2"):
        suitable_recipe(2, DISCS)


def test_other_points_keep_the_trunk_and_get_a_new_output(tmp_path):
    """While the trunk is frozen, nothing but the output layer changes."""
    faces = made_discs(tmp_path / "faces", 12)
    start = make_localizer(1)
    recipe = dataclasses.replace(
        suitable_recipe(12, DISCS, start),
        passes_per_epoch=1,
        epochs=2,
        batch_size=4,
        ema=0.0,
    )
    frozen = dataclasses.replace(recipe, freeze_fraction=0.9)
    trained = train(frozen, faces, tmp_path / "run", init_from=start, verbose=False)
    assert trained.scheme == DISCS and len(trained.stages[0].mean_shape) == 4
    networks = [localizer.stages[0].network for localizer in (start, trained)]
    for before, after in zip(*(n.layers[:-1] for n in networks), strict=True):
        for a, b in zip(before.get_weights(), after.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)

    described = RunFolder(tmp_path / "run").read()
    assert described["scheme"]["points"] == list(DISCS.points) and described["start"]
    loaded = zoo.load(tmp_path / "run")
    assert loaded.scheme == DISCS
    with pytest.raises(ValueError, match="No detector finds"):
        loaded.detect(faces.images[0])
    turned = dataclasses.replace(DISCS, mirror=(1, 0, 2, 3))
    turned_faces = dataclasses.replace(faces, scheme=turned)
    with pytest.raises(ValueError, match="another recipe, of other faces"):
        train(frozen, turned_faces, tmp_path / "run", init_from=start, verbose=False)


def test_of_a_cascade_the_last_fitting_network_counts(tmp_path):
    faces, both = made_discs(tmp_path / "faces", 12), make_localizer(2)
    recipe = dataclasses.replace(
        suitable_recipe(12, DISCS), passes_per_epoch=1, epochs=1, batch_size=4, ema=0.0
    )
    still = dataclasses.replace(recipe, learning_rate=1e-9, final_learning_rate=1e-9)
    trained = train(still, faces, tmp_path / "run", init_from=both, verbose=False)
    expected = both.stages[0].network.get_layer("conv3").get_weights()
    result = trained.stages[0].network.get_layer("conv3").get_weights()
    np.testing.assert_allclose(result[0], expected[0], atol=1e-6)

    second = Localizer(both.stages[1:], FIVE, 1.1)
    with pytest.raises(ValueError, match=r"CNN6 of 64 px, received .* CNN7 of 128 px"):
        train(still, faces, tmp_path / "other", init_from=second, verbose=False)
    assert not (tmp_path / "other").exists()
