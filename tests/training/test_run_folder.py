import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys

import h5py
import keras
import numpy as np
import pytest

from wingkeras.storage import lock
from wingkeras.storage.lock import LockedError
from wingkeras.training.recipe import Recipe
from wingkeras.training.run_folder import RunFolder

RECIPE = Recipe("tiny", epochs=4, hsm_bins=3, freeze_fraction=0.25)
RUN = {"recipe": RECIPE.describe(), "faces": 12, "landmarks": "abc"}
OLD_TEXT = """{
 "recipe": {"name": "tiny", "network": "CNN6", "frozen": 0.25, "backbone_rate": 1.0,
  "loss": {"name": "WingLoss", "reduction": "sum_over_batch_size", "w": 10.0,
   "epsilon": 2.0}, "optimizer": "adamw", "epochs": 4, "ema": 0.999, "pose_bins": 3,
  "augmentation": {"rotation": 30.0, "shift": 0.0, "occlusion": 0.0},
  "held_out": 0.05, "input": "host"},
 "faces": 12,
 "landmarks": "abc"
}"""
HOLD = """
import importlib.util, pathlib, sys, time
spec = importlib.util.spec_from_file_location("lock", sys.argv[1])
lock = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lock)
with lock.locked(pathlib.Path(sys.argv[2])):
    print("held", flush=True)
    time.sleep(600)
"""


@contextlib.contextmanager
def _held_elsewhere(folder):
    arguments = [lock.__file__, str(folder.path / ".lock")]
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", HOLD, *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def folder(tmp_path):
    """Of a run that began."""
    folder = RunFolder(tmp_path / "run")
    with folder.claimed(RUN):
        return folder


def _model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def test_claimed_folder_takes_its_own_run_only(folder):
    folder.check(RUN)
    assert folder.read() == json.loads(json.dumps(RUN))
    others = (
        {**RUN, "faces": 13},
        {**RUN, "recipe": dataclasses.replace(RECIPE, epochs=5).describe()},
    )
    for other in others:
        with pytest.raises(ValueError, match=r"another recipe.*Name another folder"):
            folder.check(other)
        with (
            pytest.raises(ValueError, match="another recipe"),
            folder.claimed(other),
        ):
            pass
    assert folder.read()["faces"] == 12


def test_what_differs_is_named(folder):
    other = {**RUN, "recipe": dataclasses.replace(RECIPE, epochs=5, ema=0.5).describe()}
    with pytest.raises(ValueError, match=r"differs in recipe \(epochs, ema\)\. Name"):
        folder.check(other)
    with pytest.raises(ValueError, match=r"differs in faces, landmarks\. Name"):
        folder.check({**RUN, "faces": 13, "landmarks": "abd"})


def test_pictures_count_where_they_were_written_down(folder, tmp_path):
    folder.check({**RUN, "pictures": "1"})  # an earlier version did not
    newer = RunFolder(tmp_path / "newer")
    with newer.claimed({**RUN, "pictures": "1"}):
        pass
    newer.check({**RUN, "pictures": "1"})
    with pytest.raises(ValueError, match="differs in pictures"):
        newer.check({**RUN, "pictures": "2"})


def test_checking_makes_no_folder(tmp_path):
    RunFolder(tmp_path / "run").check(RUN)
    assert not (tmp_path / "run").exists()


def test_run_of_an_earlier_version_is_known_again(folder):
    """Its names are older, and fields that came later have their defaults."""
    (folder.path / "recipe.json").write_text(OLD_TEXT)
    folder.check(RUN)
    with folder.claimed(RUN):
        pass
    assert (folder.path / "recipe.json").read_text() == OLD_TEXT
    changed = OLD_TEXT.replace('"frozen": 0.25', '"frozen": 0.5')
    (folder.path / "recipe.json").write_text(changed)
    with pytest.raises(ValueError, match="another recipe"):
        folder.check(RUN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"recipe": {',
        "[]",
        "{}",
        '{"recipe": 5}',
        '{"recipe": {"name": 3}}',
        '{"recipe": {"name": "tiny", "epochs": "4"}}',
        "[" * 100_000,
    ],
)
def test_damaged_description(folder, text):
    (folder.path / "recipe.json").write_text(text)
    with pytest.raises(ValueError, match=r"recipe\.json.*[Nn]ame another folder"):
        folder.check(RUN)


def test_second_process_is_told_who_trains(folder):
    with _held_elsewhere(folder) as process:
        for attempt in (folder.check, lambda run: folder.claimed(run).__enter__()):
            with pytest.raises(
                LockedError, match=rf"{folder.path}.*process {process.pid} on .*Wait"
            ):
                attempt(RUN)


def test_lock_of_a_killed_process_is_taken_over(folder):
    with _held_elsewhere(folder) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert str(process.pid) in (folder.path / ".lock").read_text()
        folder.check(RUN)
        with folder.claimed(RUN), pytest.raises(LockedError, match=f"{os.getpid()}"):
            folder.check(RUN)
    folder.check(RUN)


def test_checkpoint_comes_back(folder):
    model = _model()
    assert folder.restore_checkpoint(model) == 0
    model.fit(np.ones((4, 3)), np.zeros((4, 4)), verbose=0)
    folder.save_checkpoint(model, 7)
    again = _model()
    assert folder.restore_checkpoint(again) == 7
    for a, b in zip(again.variables, model.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    np.testing.assert_array_equal(again.optimizer.iterations, 1)


def test_damaged_checkpoint_is_named(folder):
    path = folder.path / "checkpoint.weights.h5"
    message = r"checkpoint\.weights\.h5 is damaged.*Delete it to train"
    folder.save_checkpoint(_model(), 1)
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"no weights" * 100):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=message):
            folder.restore_checkpoint(_model())
    path.write_bytes(whole)
    with h5py.File(path, "a") as file:
        del file.attrs["wingkeras_epochs"]
    with pytest.raises(ValueError, match=message):
        folder.restore_checkpoint(_model())
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)])
    folder.save_checkpoint(other, 1)
    with pytest.raises(ValueError, match=message):
        folder.restore_checkpoint(_model())


def _flipped(content, place):
    """One bit of a value, where HDF5 notices nothing."""
    values = _model().get_weights()[0].tobytes()
    start = content.index(values)
    changed = bytearray(content)
    changed[start + place] ^= 1
    return bytes(changed)


def test_a_flipped_bit_is_noticed(folder):
    model = _model()
    folder.save_checkpoint(model, 1)
    folder.save_best(model)
    for name, load in (
        ("checkpoint", folder.restore_checkpoint),
        ("best", folder.load_best),
    ):
        path = folder.path / f"{name}.weights.h5"
        path.write_bytes(_flipped(path.read_bytes(), 13))
        with pytest.raises(ValueError, match=rf"{name}.*damaged.*do not have the SHA"):
            load(_model())


def test_weights_of_an_earlier_version_have_no_hash(folder):
    model = _model()
    folder.save_checkpoint(model, 3)
    folder.save_best(model)
    for name in ("checkpoint", "best"):
        with h5py.File(folder.path / f"{name}.weights.h5", "a") as file:
            del file.attrs["wingkeras_sha256"]
    assert folder.restore_checkpoint(_model()) == 3
    folder.load_best(_model())


def test_best_weights_are_finite(folder):
    model = _model()
    model.layers[0].kernel.assign(np.full((3, 4), np.nan))
    with pytest.raises(ValueError, match="not finite"):
        folder.save_best(model)
    assert not folder.has_best


def test_log_is_read_as_it_was_written(folder):
    assert folder.rows() == [] and folder.validation_errors() == []
    values = np.random.default_rng(0).random((3, 2))
    for epoch, (loss, error) in enumerate(values):
        folder.log(epoch, {"val_nme": error, "loss": loss})
    for curve, expected in zip(folder.curves(), values.T, strict=True):
        np.testing.assert_array_equal(curve, expected)
    assert folder.validation_errors() == values[:, 1].tolist()
    text = (folder.path / "metrics.csv").read_text()
    assert text.splitlines()[0] == "epoch,loss,val_nme"
    folder.cut_log(3)
    assert len(folder.rows()) == 3
    folder.cut_log(1)
    assert folder.rows() == [
        {"epoch": 0, "loss": values[0, 0], "val_nme": values[0, 1]}
    ]


@pytest.mark.parametrize(
    "text",
    [
        "epoch,loss,val_nme\n0,1.5,0.1\n1,0.",
        "epoch,loss,val_nme\n0,1.5,0.1\n2,1.4,0.1\n",
        "epoch,loss,val_nme\n0,1.5,0.1\n1,many,0.1\n",
        "epoch,loss\n0,1.5\n1,1.4\n",
        "epoch,loss,val_nme\n0,1.5,0.1,7\n",
        "epoch,loss,val_nme\n0,1.5,nan\n",
        "epoch,loss,val_nme\n0,1.5,inf\n1,1.5,-1\n",
        "\0\0\0\0\n\0\0",
    ],
)
def test_damaged_log_is_named(folder, text):
    (folder.path / "metrics.csv").write_text(text)
    for read in (folder.rows, folder.curves, lambda: folder.cut_log(1)):
        with pytest.raises(
            ValueError, match=r"metrics\.csv is damaged.*together with checkpoint"
        ):
            read()


def test_log_that_lacks_epochs_of_the_checkpoint(folder):
    folder.log(0, {"loss": 1.0, "val_nme": 0.1})
    with pytest.raises(ValueError, match=r"metrics\.csv is damaged: it has 1 of 2"):
        folder.cut_log(2)
    (folder.path / "metrics.csv").unlink()
    with pytest.raises(ValueError, match="it has 0 of 2 epochs"):
        folder.cut_log(2)


def test_best_weights_come_back_until_they_are_dropped(folder):
    model = _model()
    folder.save_best(model)
    folder.save_checkpoint(model, 1)
    assert folder.has_best
    model.layers[0].kernel.assign(np.zeros((3, 4)))
    folder.load_best(model)
    np.testing.assert_array_equal(model.get_weights()[0], _model().get_weights()[0])
    folder.drop_weights()
    assert not folder.has_best and folder.restore_checkpoint(model) == 0
    with pytest.raises(FileNotFoundError, match=r"best\.weights\.h5"):
        folder.load_best(model)
