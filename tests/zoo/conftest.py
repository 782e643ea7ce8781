"""A saved model of five points, and the places where its files may be."""

import dataclasses
import json

import keras
import pytest

from made_localizers import MEAN
from served_folder import served
from wingkeras import models, zoo
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import FIVE
from wingkeras.storage import locating
from wingkeras.storage import registry as registry_module


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
