import dataclasses

import keras
import numpy as np
import pytest

from made_localizers import MEAN
from same_landmarks import BOXES, find_the_same, noise
from wingkeras import models, zoo
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.metrics import usual_normalizers
from wingkeras.schemes import FIVE, LandmarkScheme
from wingkeras.storage import registry as registry_module
from wingkeras.storage.download import sha256_of


def test_saved_folder_loads(saved, localizer):
    loaded = zoo.load(saved[0])
    assert find_the_same(loaded, localizer)
    assert loaded.scheme == FIVE and loaded.box_scale == 1.2
    np.testing.assert_allclose(loaded.stages[0].mean_shape, MEAN)


@pytest.mark.parametrize("switch", ["flip_tta", "recrop"])
def test_switches_travel_with_the_model(localizer, tmp_path, switch):
    for value in (False, True):
        zoo.save(localizer.replace(**{switch: value}), tmp_path, "tiny")
        assert getattr(zoo.load(tmp_path), switch) is value


def test_own_scheme_travels_with_the_model(tmp_path):
    scheme = LandmarkScheme("ends", ("a", "b"), (1, 0), (0,), (1,), edges=((0, 1),))
    network = models.CNN6(2, MEAN[:2])
    zoo.save(Localizer([KerasStage(network, MEAN[:2])], scheme, 1.0), tmp_path, "ends")
    assert zoo.load(tmp_path).scheme == scheme


def test_unknown_name(registry):
    with pytest.raises(ValueError, match=r"\['tiny'\].*'tinny'.*Did you mean 'tiny'"):
        zoo.load("tinny")
    with pytest.raises(ValueError, match="received 'x'"):
        zoo.model_info("x")


def test_names_and_entry(registry, saved):
    assert zoo.list_models() == ["tiny"]
    assert zoo.model_info("tiny").stages[0].sha256 == saved[1].stages[0].sha256


def test_networks_without_their_weights(registry, localizer):
    keras.utils.set_random_seed(1)
    untrained = zoo.load("tiny", load_weights=False)  # no file is anywhere
    own, trained = (x.stages[0].network for x in (untrained, localizer))
    assert own.count_params() == trained.count_params()
    assert not np.allclose(own.get_weights()[0], trained.get_weights()[0])
    with pytest.raises(ValueError, match=r"'keras' with load_weights=False.*'onnx'"):
        zoo.load("tiny", runtime="onnx", load_weights=False)


def test_detector_is_the_one_given(saved):
    loaded = zoo.load(saved[0], detector=lambda image: BOXES[:1])
    assert len(loaded.detect(noise())) == 1


def test_an_entry_is_shown_in_one_line():
    assert repr(zoo.model_info("cnn67_300w")) == (
        "Entry('cnn67_300w', 68 landmarks, CNN6 at 64 px and CNN7 at 128 px, 12.3 M "
        "parameters)"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "blue"}, r"registry\.json: entry 'tiny': .*'colour'"),
        ({"stages": [{"network": "CNN6"}]}, "entry 'tiny', network 1: .*field 'bytes'"),
    ],
    ids=str,
)
def test_broken_registry_says_where(registry, change, message):
    registry(**change)
    with pytest.raises(ValueError, match=message):
        zoo.list_models()


def test_scheme_that_is_none(registry):
    points = ["a", "b", "c", "d", "e"]
    registry(scheme={"name": "odd", "points": points, "mirror": [1, 2, 3, 4, 0]})
    with pytest.raises(ValueError, match=r"Model 'tiny': .*'odd': .*its own inverse"):
        zoo.load("tiny")


def test_network_of_a_newer_version(registry, saved):
    stage = {**dataclasses.asdict(saved[1])["stages"][0], "network": "CNN9"}
    registry(stages=[stage])
    with pytest.raises(ValueError, match=r"'CNN9'.*A newer one may have it"):
        zoo.load("tiny")


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_entry(name):
    entry = zoo.model_info(name)
    package = registry_module.packaged_folder()
    localizer = zoo.load(name)
    for stage in entry.stages:
        path = package / stage.file
        assert sha256_of(path) == stage.sha256
        assert path.stat().st_size == stage.bytes
        network = models.build(
            stage.network, len(stage.mean_shape), size=stage.input_size
        )
        assert network.count_params() == stage.parameters
        assert network.input_shape[1] == stage.input_size
    for text in (entry.description, entry.licence, entry.training_data["licence"]):
        assert text
    assert (package / entry.card).is_file()
    for metric in entry.metrics:
        assert metric["boxes"] and metric["data"] and metric["command"]
        usual = usual_normalizers(localizer.scheme)[0]
        assert metric[usual]["nme_percent"] > 0
    assert [stage.size for stage in localizer.stages] == [
        stage.input_size for stage in entry.stages
    ]
