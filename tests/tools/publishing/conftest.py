"""Runs to publish, and zoos to publish them into."""

import shutil

import pytest

from faces_on_disk import make_faces
from publishing.zoo_folder import ZooFolder
from publishing_runs import publish_run
from train_made_faces import RECIPE
from wingkeras import zoo
from wingkeras.data.csv_files import save_csv
from wingkeras.data.datasets import load_faces
from wingkeras.schemes import FIVE
from wingkeras.storage import registry
from wingkeras.training.run import train


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run, one that goes on from it, and the second network of a cascade."""
    folder = tmp_path_factory.mktemp("runs")
    faces = make_faces(folder / "faces", 15)
    save_csv(make_faces(folder / "test", 4, seed=1), folder / "test.csv")
    train(RECIPE, faces, folder / "first", verbose=False)
    first = zoo.load(folder / "first")
    more = {"extra_faces": faces, "verbose": False}
    train(RECIPE, faces, folder / "further", init_from=first, **more)
    train(RECIPE, faces, folder / "second", first_stage=first, verbose=False)
    return folder


@pytest.fixture(scope="module")
def faces(runs):
    return load_faces(runs / "test.csv", scheme=FIVE)


@pytest.fixture
def empty(tmp_path):
    folder = tmp_path / "zoo"
    folder.mkdir()
    (folder / "registry.json").write_text("[]")
    return ZooFolder(folder)


@pytest.fixture(scope="module")
def two_models(runs, faces, tmp_path_factory):
    folder = ZooFolder(tmp_path_factory.mktemp("zoo"))
    for name in ("other", "tiny"):
        publish_run(runs / "first", name, faces, folder)
    (folder.path / "tiny.md").write_text("no picture")
    return folder.path


@pytest.fixture
def published(two_models, tmp_path, monkeypatch):
    """A zoo with two models, which `zoo.load` takes for the package's."""
    path = tmp_path / "published"
    shutil.copytree(two_models, path)
    monkeypatch.setattr(registry, "packaged_folder", lambda: path)
    monkeypatch.setattr("wingkeras.storage.locating.packaged_folder", lambda: path)
    return ZooFolder(path)
