import dataclasses
import functools
import json

import h5py
import keras
import numpy as np
import pytest

from faces_on_disk import make_faces
from train_made_faces import RECIPE
from wingkeras import models, zoo
from wingkeras.data import balance
from wingkeras.evaluation import evaluate
from wingkeras.training.distribution import Strategy
from wingkeras.training.recipe import Recipe
from wingkeras.training.run import train
from wingkeras.training.run_folder import RunFolder


def test_callbacks_of_the_user_come_last(tmp_path):
    faces = make_faces(tmp_path / "faces", 15)
    recipe = dataclasses.replace(RECIPE, epochs=4)
    folder, seen = RunFolder(tmp_path / "run"), []

    class Stopping(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((dict(logs), len(folder.rows())))
            self.model.stop_training = epoch == 1

    train(recipe, faces, folder.path, callbacks=[Stopping()], verbose=False)
    rows = folder.rows()
    assert [count for _, count in seen] == [1, 2] and len(rows) == 2
    for (logs, _), row in zip(seen, rows, strict=True):
        assert {name: row[name] for name in logs} == logs
        assert logs.keys() == {"loss", "val_nme", "learning_rate"}


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "sgd", "schedule": "exponential", "ema": 0.0, "warmup": 0.0},
        {"precision": "mixed_bfloat16"},
        pytest.param(
            {"optimizer": "muon", "jit_compile": True}, marks=pytest.mark.slow
        ),
        pytest.param(
            {"augment_on": "device", "precision": "mixed_bfloat16"},
            marks=pytest.mark.slow,
        ),
    ],
    ids=str,
)
def test_options(tmp_path, change, capfd):
    faces = make_faces(tmp_path / "faces", 15)
    changes = {"learning_rate": 1e-4, "epochs": 3, **change}
    train(dataclasses.replace(RECIPE, **changes), faces, tmp_path / "run")
    rows = RunFolder(tmp_path / "run").rows()
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    recipe = Recipe.from_dict(RunFolder(tmp_path / "run").read())
    assert all(getattr(recipe, name) == value for name, value in change.items())
    assert "val_nme" in capfd.readouterr().out


@pytest.mark.slow
def test_batch_normalised_training_ends_with_the_plain_network(tmp_path):
    faces = make_faces(tmp_path / "faces", 30)
    recipe = dataclasses.replace(RECIPE, batch_norm=True, epochs=3)
    trained = train(recipe, faces, tmp_path / "run", verbose=False)
    loaded = zoo.load(tmp_path / "run")
    assert loaded.stages[0].network.count_params() == models.CNN6(5).count_params()
    _, validation = faces.split(recipe.validation_split, recipe.seed)
    best = min(float(row["val_nme"]) for row in RunFolder(tmp_path / "run").rows())
    for localizer in (trained, loaded):
        errors = evaluate(localizer, validation).errors["inter_pupil"]
        assert errors.mean() == pytest.approx(best, rel=0.03)
    with pytest.raises(ValueError, match="recipe without `batch_norm` to start from"):
        train(recipe, faces, tmp_path / "on", init_from=trained, verbose=False)
    assert not (tmp_path / "on").exists()


@pytest.mark.slow
def test_backbone_comes_back_from_its_folder(tmp_path):
    faces = make_faces(tmp_path / "faces", 15)
    changes = {"network": "MobileNetV3Small", "input_size": 32, "freeze_fraction": 0.4}
    recipe = dataclasses.replace(RECIPE, epochs=2, **changes)
    trained = train(recipe, faces, tmp_path / "run", verbose=False)
    loaded = zoo.load(tmp_path / "run")
    assert [stage.size for stage in loaded.stages] == [32]
    expected, errors = (
        evaluate(x, faces).errors["inter_pupil"] for x in (trained, loaded)
    )
    np.testing.assert_allclose(errors, expected, rtol=0.02)
    assert float(RunFolder(tmp_path / "run").rows()[0]["learning_rate"]) > 0


@pytest.mark.slow
def test_cascade_is_validated_on_what_it_does_on_pictures(tmp_path):
    """Training's upright crops are those that the localizer makes in use."""
    faces = make_faces(tmp_path / "faces", 30)
    recipe = dataclasses.replace(RECIPE, epochs=2, hsm_bins=3)
    first = train(recipe, faces, tmp_path / "first", verbose=False)
    recipe = dataclasses.replace(recipe, network="CNN7", box_scale=1.4)
    both = train(recipe, faces, tmp_path / "both", first_stage=first, verbose=False)
    assert [stage.size for stage in both.stages] == [64, 128]

    _, validation = faces.split(recipe.validation_split, recipe.seed)
    for localizer, run in ((first, "first"), (both, "both")):
        best = min(float(row["val_nme"]) for row in RunFolder(tmp_path / run).rows())
        errors = evaluate(localizer, validation).errors["inter_pupil"]
        assert errors.mean() == pytest.approx(best, rel=0.03)

    with pytest.raises(ValueError, match="other networks before it"):
        train(recipe, faces, tmp_path / "both", verbose=False)


@pytest.mark.slow
def test_hard_sample_mining_makes_epochs_longer(tmp_path):
    faces = make_faces(tmp_path / "faces", 30)
    steps = {}
    for bins in (0, 5):
        recipe = dataclasses.replace(RECIPE, epochs=1, hsm_bins=bins)
        folder = tmp_path / f"bins{bins}"
        train(recipe, faces, folder, verbose=False)
        with h5py.File(folder / "checkpoint.weights.h5") as file:
            steps[bins] = int(file["optimizer/vars/0"][()])
    training_faces, _ = faces.split(RECIPE.validation_split, RECIPE.seed)
    poses = balance.pose_coefficients(training_faces.landmarks, faces.scheme)
    shown = balance.copies(poses, 5).sum()
    assert shown > len(training_faces)
    assert steps == {0: len(training_faces) // 4, 5: shown // 4}


@pytest.mark.slow
def test_starts_from_another_run(tmp_path):
    faces = make_faces(tmp_path / "faces", 30)
    recipe = dataclasses.replace(RECIPE, epochs=8)
    start = train(recipe, faces, tmp_path / "start", verbose=False)
    recipe = dataclasses.replace(recipe, epochs=1, learning_rate=1e-6)
    on = train(recipe, faces, tmp_path / "on", init_from=start, verbose=False)
    for before, after in zip(
        *(x.stages[0].network.get_weights() for x in (start, on)), strict=True
    ):
        np.testing.assert_allclose(after, before, atol=1e-3)
    described = json.loads((tmp_path / "on" / "recipe.json").read_text())
    assert described["start"] and described["further_faces"] == 0
    with pytest.raises(ValueError, match="the 1 stages of `first_stage` and one more"):
        train(
            recipe,
            faces,
            tmp_path / "wrong",
            first_stage=start,
            init_from=start,
            verbose=False,
        )
    wrong = dataclasses.replace(recipe, network="CNN7")
    with pytest.raises(ValueError, match=r"from a CNN7 .* with a CNN6"):
        train(wrong, faces, tmp_path / "wrong", init_from=start, verbose=False)
    assert not (tmp_path / "wrong").exists()


def test_further_faces_are_trained_on_but_not_validated_with(tmp_path):
    faces = make_faces(tmp_path / "faces", 30)
    further = make_faces(tmp_path / "further", 9, seed=7)
    recipe = dataclasses.replace(RECIPE, epochs=1)
    localizer = train(
        recipe, faces, tmp_path / "run", extra_faces=further, verbose=False
    )
    training_faces, validation = faces.split(recipe.validation_split, recipe.seed)
    with h5py.File(tmp_path / "run" / "checkpoint.weights.h5") as file:
        steps = int(file["optimizer/vars/0"][()])
    assert steps == (len(training_faces) + len(further)) // recipe.batch_size
    best = min(float(row["val_nme"]) for row in RunFolder(tmp_path / "run").rows())
    errors = evaluate(localizer, validation).errors["inter_pupil"]
    assert errors.mean() == pytest.approx(best, rel=0.03)


def test_faces_that_cannot_be_measured_are_not_validated_with(tmp_path):
    faces = make_faces(tmp_path / "faces", 30)
    _, validation = faces.split(RECIPE.validation_split, RECIPE.seed)
    indices = [faces.images.index(image) for image in validation.images]
    recipe = dataclasses.replace(RECIPE, epochs=1)
    landmarks = faces.landmarks.copy()
    landmarks[indices[1], 0] = np.nan
    partly = dataclasses.replace(faces, landmarks=landmarks)
    localizer = train(recipe, partly, tmp_path / "run", verbose=False)
    _, validation = partly.split(recipe.validation_split, recipe.seed)
    errors = evaluate(localizer, validation).errors["inter_pupil"]
    assert np.isnan(errors).sum() == 1
    best = min(float(row["val_nme"]) for row in RunFolder(tmp_path / "run").rows())
    assert np.nanmean(errors) == pytest.approx(best, rel=0.03)

    landmarks[indices, 0] = np.nan
    blind = dataclasses.replace(faces, landmarks=landmarks)
    with pytest.raises(ValueError, match=r"inter_pupil distance.*none of the 6 held"):
        train(recipe, blind, tmp_path / "blind", verbose=False)
    landmarks[:, 3] = np.nan
    blind = dataclasses.replace(faces, landmarks=landmarks)
    with pytest.raises(ValueError, match="none of the 24 training faces has mouth_le"):
        train(recipe, blind, tmp_path / "blind", verbose=False)


def test_scheme_without_eyes(tmp_path):
    faces = make_faces(tmp_path / "faces", 15)
    scheme = dataclasses.replace(faces.scheme, left_eye=(), right_eye=())
    faces = dataclasses.replace(faces, scheme=scheme)
    recipe = dataclasses.replace(RECIPE, epochs=1)
    localizer = train(recipe, faces, tmp_path / "run", verbose=False)
    assert set(evaluate(localizer, faces).errors) == {"box"}


def test_diverging_run_ends_at_once(tmp_path):
    faces = make_faces(tmp_path / "faces", 15)
    recipe = dataclasses.replace(RECIPE, optimizer="sgd", learning_rate=1e12, ema=0.0)
    with pytest.raises(
        FloatingPointError, match=r"after epoch \d .*lower learning rate"
    ):
        train(recipe, faces, tmp_path / "run", verbose=False)
    log = tmp_path / "run" / "metrics.csv"
    assert not log.exists() or len(RunFolder(tmp_path / "run").rows()) < recipe.epochs


@pytest.mark.slow
def test_steps_that_float16_skips_do_not_count_as_missing(tmp_path, monkeypatch):
    """A loss scale that overflows: the optimizer's own step counter stays behind."""
    scaler = keras.optimizers.LossScaleOptimizer
    huge = functools.partial(scaler, initial_scale=2.0**60)
    monkeypatch.setattr(keras.optimizers, "LossScaleOptimizer", huge)
    faces = make_faces(tmp_path / "faces", 15)
    recipe = dataclasses.replace(RECIPE, precision="mixed_float16", epochs=2)
    train(recipe, faces, tmp_path / "run", verbose=False)
    before = RunFolder(tmp_path / "run").rows()
    assert len(before) == 2
    with h5py.File(tmp_path / "run" / "checkpoint.weights.h5") as file:
        steps = int(file["optimizer/inner_optimizer/vars/0"][()])
    assert steps < 2 * (12 // recipe.batch_size)
    train(recipe, faces, tmp_path / "run", verbose=False)
    assert RunFolder(tmp_path / "run").rows() == before


def test_refused_arguments_leave_no_folder(tmp_path):
    faces = make_faces(tmp_path / "faces", 15)
    refused = {
        "lower the batch size": {"batch_size": 64},
        "float99": {"precision": "float99"},
        "has its own": {"network": "ResNet50", "batch_norm": True},
    }
    for message, change in refused.items():
        recipe = dataclasses.replace(RECIPE, **change)
        with pytest.raises(ValueError, match=message):
            train(recipe, faces, tmp_path / "run", verbose=False)
        assert not (tmp_path / "run").exists()


def test_first_stage_finds_the_points_of_the_faces(tmp_path):
    faces = make_faces(tmp_path / "faces", 15)
    first = zoo.load("cnn6_300w")
    with pytest.raises(ValueError, match=r"scheme 'five' of the faces.* of 'ibug68'"):
        train(RECIPE, faces, tmp_path / "run", first_stage=first, verbose=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "count", "message"),
    [
        ({"jit_compile": True}, 1, "`jit_compile` to be 'auto' or False"),
        (
            {"augment_on": "device"},
            1,
            "`augment_on` to be 'host' for the strategy 'mirrored'",
        ),
        ({"batch_size": 3}, 2, "a batch size that 2 devices can share evenly"),
    ],
    ids=str,
)
def test_what_devices_cannot_do(tmp_path, change, count, message):
    devices = Strategy()
    devices.xla = devices.resident = count > 1
    devices.count = count
    faces = make_faces(tmp_path / "faces", 15)
    recipe = dataclasses.replace(RECIPE, **change)
    with pytest.raises(ValueError, match=message):
        train(recipe, faces, tmp_path / "run", strategy=devices)
    assert not (tmp_path / "run").exists()
