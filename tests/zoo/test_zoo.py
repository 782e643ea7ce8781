import dataclasses
import json
import shutil
import sys
import types

import keras
import numpy as np
import pytest

from served_folder import served
from wingkeras import models, zoo
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.metrics import usual_normalizers
from wingkeras.schemes import FIVE, LandmarkScheme
from wingkeras.storage import hub, locating
from wingkeras.storage import registry as registry_module
from wingkeras.storage.download import FetchError, sha256_of
from wingkeras.zoo import loading

MEAN = np.array([[20, 24], [44, 24], [32, 34], [24, 44], [40, 44]], np.float32)


def _image():
    return np.random.default_rng(0).integers(0, 256, (120, 140, 3), np.uint8)


BOXES = np.array([[20, 20, 90, 90], [50, 30, 110, 90]], np.float32)


@pytest.fixture(scope="module")
def localizer():
    keras.utils.set_random_seed(0)
    return Localizer([KerasStage(models.CNN6(5, MEAN), MEAN)], FIVE, 1.2)


@pytest.fixture(scope="module")
def saved(localizer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    return folder, zoo.save(localizer, folder, "tiny")


@pytest.fixture
def registry(saved, tmp_path, monkeypatch):
    """An empty cache, and a package whose registry knows `tiny`, without weights."""
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(registry_module, "packaged_folder", lambda: package)
    monkeypatch.setattr(locating, "packaged_folder", lambda: package)
    monkeypatch.setenv("WINGKERAS_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("WINGKERAS_ZOO", raising=False)

    def write(**changes):
        values = {**dataclasses.asdict(saved[1]), **changes}
        (package / "registry.json").write_text(json.dumps([values]))
        return package

    write()
    return write


@pytest.fixture
def mirror(saved):
    with served(saved[0]) as address:
        yield address


def _same(result, localizer):
    difference = result(_image(), BOXES) - localizer(_image(), BOXES)
    return np.abs(difference).max() < 0.1


def test_saved_folder_loads(saved, localizer):
    loaded = zoo.load(saved[0])
    assert _same(loaded, localizer)
    assert loaded.scheme == FIVE and loaded.box_scale == 1.2
    np.testing.assert_allclose(loaded.stages[0].mean_shape, MEAN)


def test_flip_tta_travels_with_the_model(localizer, tmp_path):
    for flip_tta in (False, True):
        zoo.save(localizer.replace(flip_tta=flip_tta), tmp_path, "tiny")
        assert zoo.load(tmp_path).flip_tta is flip_tta


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


def test_given_path(registry, saved, localizer, tmp_path):
    assert _same(zoo.load("tiny", path=saved[0]), localizer)
    with pytest.raises(FileNotFoundError, match=r"tiny\.stage1.*there is no"):
        zoo.load("tiny", path=tmp_path)


def test_mirror_folder(registry, saved, localizer, monkeypatch, tmp_path):
    monkeypatch.setenv("WINGKERAS_ZOO", str(saved[0]))
    assert _same(zoo.load("tiny"), localizer)
    monkeypatch.setenv("WINGKERAS_ZOO", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="there is no"):
        zoo.load("tiny")


def test_mirror_address_fills_the_cache(registry, mirror, localizer, monkeypatch):
    monkeypatch.setenv("WINGKERAS_ZOO", mirror)
    assert _same(zoo.load("tiny"), localizer)
    monkeypatch.delenv("WINGKERAS_ZOO")
    assert _same(zoo.load("tiny"), localizer)


def test_places_that_are_not_there(registry, tmp_path, monkeypatch):
    """They are refused even where a converted network would do without them."""
    with pytest.raises(FileNotFoundError, match=r"`path` to be a folder .* no .*none"):
        zoo.load("tiny", path=tmp_path / "none")
    monkeypatch.setenv("WINGKERAS_ZOO", str(tmp_path / "none"))
    monkeypatch.setattr(loading, "_converted", lambda *_: pytest.fail("was looked for"))
    for runtime in ("keras", "onnx"):
        with pytest.raises(FileNotFoundError, match=r"WINGKERAS_ZOO .*none.*unset it"):
            zoo.load("tiny", runtime=runtime)


def test_without_a_home_directory(registry, saved, localizer, monkeypatch):
    for name in ("WINGKERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def nobody():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("pathlib.Path.home", nobody)
    with pytest.raises(FetchError, match="in WINGKERAS_HOME"):
        zoo.load("tiny")
    shutil.copy(saved[0] / saved[1].stages[0].file, registry())
    assert _same(zoo.load("tiny"), localizer)


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
    assert len(loaded.detect(_image())) == 1


def test_an_entry_is_shown_in_one_line():
    assert repr(zoo.model_info("cnn67_300w")) == (
        "Entry('cnn67_300w', 68 landmarks, CNN6 at 64 px and CNN7 at 128 px, 12.3 M "
        "parameters)"
    )


def test_packaged_copy(registry, saved, localizer):
    shutil.copy(saved[0] / saved[1].stages[0].file, registry())
    assert _same(zoo.load("tiny"), localizer)


def test_address_of_the_entry(registry, mirror, localizer):
    registry(url=mirror)
    assert _same(zoo.load("tiny"), localizer)


def _install_client(monkeypatch, **functions):
    """A stand-in for the Hub's client, which needs the network."""
    module = types.ModuleType("huggingface_hub")
    vars(module).update(functions, __spec__=types.SimpleNamespace())
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)


def test_repository_on_the_hub(saved, localizer, monkeypatch):
    asked = []

    def snapshot_download(repo_id, allow_patterns):
        asked.append(repo_id)
        return str(saved[0])

    _install_client(monkeypatch, snapshot_download=snapshot_download)
    assert _same(zoo.load("hf://someone/landmarks"), localizer)
    assert asked == ["someone/landmarks"]


@pytest.mark.parametrize("address", ["hf://", "hf://someone", "hf://a/b/c", "hf:///b"])
def test_addresses_that_name_no_repository(address):
    with pytest.raises(ValueError, match="Expected hf://owner/repo, received"):
        zoo.load(address)


def test_repository_without_a_model(monkeypatch, tmp_path):
    (tmp_path / "README.md").write_text("nothing")
    _install_client(monkeypatch, snapshot_download=lambda **_: str(tmp_path))
    with pytest.raises(FetchError, match=r"model\.json.*received \['README\.md'\]"):
        zoo.load("hf://someone/landmarks")


def test_repository_out_of_reach(monkeypatch):
    def snapshot_download(**_):
        raise RuntimeError("no route")

    _install_client(monkeypatch, snapshot_download=snapshot_download)
    with pytest.raises(
        FetchError, match=r"hf://a/b could not.*no route.*go on offline"
    ):
        zoo.load("hf://a/b")


def test_repository_without_the_client(monkeypatch):
    monkeypatch.setattr(hub.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install .*\[hub\]"):
        zoo.load("hf://a/b")


def test_hub(registry, saved, localizer, monkeypatch):
    asked = []

    def hf_hub_download(repo_id, filename):
        asked.append((repo_id, filename))
        return str(saved[0] / filename)

    _install_client(monkeypatch, hf_hub_download=hf_hub_download)
    registry(hub="hf://someone/landmarks")
    assert _same(zoo.load("tiny"), localizer)
    assert asked == [("someone/landmarks", saved[1].stages[0].file)]


def test_nowhere_to_be_had(registry, saved, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.setattr(hub.importlib.util, "find_spec", lambda name: None)
    registry(url="http://127.0.0.1:9", hub="hf://someone/landmarks")
    with pytest.raises(FetchError) as failure:
        zoo.load("tiny")
    message = str(failure.value)
    for part in ("package", "cache", "127.0.0.1:9", "[hub]"):
        assert part in message
    assert f"put {saved[1].stages[0].file} with SHA-256" in message
    assert "WINGKERAS_ZOO" in message


def test_wrong_file_is_never_loaded(registry, saved, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    file = saved[1].stages[0].file
    (wrong / file).write_bytes((saved[0] / file).read_bytes() + b"x")
    with pytest.raises(ValueError, match="another file than the registry's"):
        zoo.load("tiny", path=wrong)
    shutil.copy(wrong / file, registry())
    with pytest.raises(ValueError, match="another file than the registry's"):
        zoo.load("tiny")


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
