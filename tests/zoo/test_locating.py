import shutil
import sys
import types

import pytest

from same_landmarks import find_the_same
from wingkeras import zoo
from wingkeras.storage import hub
from wingkeras.storage.download import FetchError
from wingkeras.zoo import loading


def test_given_path(registry, saved, localizer, tmp_path):
    assert find_the_same(zoo.load("tiny", path=saved[0]), localizer)
    with pytest.raises(FileNotFoundError, match=r"tiny\.stage1.*there is no"):
        zoo.load("tiny", path=tmp_path)


def test_mirror_folder(registry, saved, localizer, monkeypatch, tmp_path):
    monkeypatch.setenv("WINGKERAS_ZOO", str(saved[0]))
    assert find_the_same(zoo.load("tiny"), localizer)
    monkeypatch.setenv("WINGKERAS_ZOO", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="there is no"):
        zoo.load("tiny")


def test_mirror_address_fills_the_cache(registry, mirror, localizer, monkeypatch):
    monkeypatch.setenv("WINGKERAS_ZOO", mirror)
    assert find_the_same(zoo.load("tiny"), localizer)
    monkeypatch.delenv("WINGKERAS_ZOO")
    assert find_the_same(zoo.load("tiny"), localizer)


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
    assert find_the_same(zoo.load("tiny"), localizer)


def test_packaged_copy(registry, saved, localizer):
    shutil.copy(saved[0] / saved[1].stages[0].file, registry())
    assert find_the_same(zoo.load("tiny"), localizer)


def test_address_of_the_entry(registry, mirror, localizer):
    registry(url=mirror)
    assert find_the_same(zoo.load("tiny"), localizer)


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
    assert find_the_same(zoo.load("hf://someone/landmarks"), localizer)
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
    assert find_the_same(zoo.load("tiny"), localizer)
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
