import dataclasses
import json

import numpy as np
import pytest

from made_localizers import MEAN, make_localizer
from wingkeras import zoo
from wingkeras.inference import saving
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.models import CNN6
from wingkeras.models.folding import fold_batch_norm
from wingkeras.storage.download import sha256_of


@pytest.fixture(scope="module")
def localizer():
    return make_localizer(2)


@pytest.fixture(scope="module")
def other(localizer):
    network = CNN6(5, MEAN)
    network.get_layer("landmarks").kernel.assign(np.zeros((1024, 10)))
    return localizer.replace(stages=[KerasStage(network, MEAN)])


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_files_are_named_by_their_content(localizer, tmp_path):
    entry = zoo.save(localizer, tmp_path, "made")
    for i, stage in enumerate(entry.stages, start=1):
        assert stage.file == f"made.stage{i}.{stage.sha256[:8]}.weights.h5"
        assert sha256_of(tmp_path / stage.file) == stage.sha256
        assert (tmp_path / stage.file).stat().st_size == stage.bytes
    assert _names(tmp_path) == sorted(
        ["model.json", *(stage.file for stage in entry.stages)]
    )


def test_the_files_of_the_model_before_go_last(localizer, other, tmp_path):
    zoo.save(localizer, tmp_path, "made")
    (tmp_path / "made.stage9.weights.h5").touch()  # another's
    entry = zoo.save(other, tmp_path, "made")
    expected = ["made.stage9.weights.h5", "model.json", entry.stages[0].file]
    assert _names(tmp_path) == sorted(expected)


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_failure_leaves_the_model_of_before(
    localizer, other, tmp_path, monkeypatch, failing
):
    """At every file: the two with weights, and the description."""
    before = zoo.save(other, tmp_path, "made")
    calls, write = [], saving.atomic_write

    def fail(path):
        calls.append(path)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        return write(path)

    monkeypatch.setattr(saving, "atomic_write", fail)
    with pytest.raises(OSError, match="No space"):
        zoo.save(localizer, tmp_path, "made")
    loaded = zoo.load(tmp_path)
    assert json.loads((tmp_path / "model.json").read_text())["stages"][0]["sha256"] == (
        before.stages[0].sha256
    )
    assert len(loaded.stages) == 1


def test_a_damaged_description_does_not_keep_a_model_out(localizer, tmp_path):
    (tmp_path / "model.json").write_text("{")
    zoo.save(localizer, tmp_path, "made")
    assert len(zoo.load(tmp_path).stages) == 2


@pytest.mark.parametrize("name", ["../made", "", "a/b", "/made", ".made", "a\0"])
def test_names_that_no_file_can_have(other, tmp_path, name):
    with pytest.raises(ValueError, match="'name' to be a plain name"):
        zoo.save(other, tmp_path / "folder", name)
    assert not _names(tmp_path)


def test_what_could_not_be_loaded_is_not_saved(other, tmp_path):
    broken = dataclasses.replace(other.stages[0], mean_shape=np.full((5, 2), np.nan))
    with pytest.raises(ValueError):
        zoo.save(other.replace(stages=[broken]), tmp_path, "made")
    assert not _names(tmp_path)


def test_batch_normalisation_has_to_be_folded_first(other, tmp_path):
    network = CNN6(5, MEAN, batch_norm=True)
    with pytest.raises(ValueError, match=r"layers of a CNN6.*`models\.folding\."):
        zoo.save(other.replace(stages=[KerasStage(network, MEAN)]), tmp_path, "made")
    assert not _names(tmp_path)
    folded = KerasStage(fold_batch_norm(network), MEAN)
    zoo.save(other.replace(stages=[folded]), tmp_path, "made")
    assert zoo.load(tmp_path).stages[0].network.count_params()
