"""Publishing into a zoo of the test's own, and what a failure leaves of it."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import publish
from faces_on_disk import make_faces
from publishing import candidates, steps, zoo_folder
from publishing.candidates import load_candidate
from publishing.zoo_folder import ZooFolder
from train_made_faces import RECIPE
from wingkeras import zoo
from wingkeras.data.csv_files import save_csv
from wingkeras.data.datasets import load_faces
from wingkeras.evaluation import evaluate
from wingkeras.schemes import FIVE
from wingkeras.storage import registry
from wingkeras.storage.download import sha256_of
from wingkeras.training.run import train

BOX = np.array([[20, 20, 76, 76]], np.float32)
DESCRIPTION = "five points of discs"


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
        _publish(runs / "first", name, faces, folder)
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


def _publish(run, name, faces, folder, **settings):
    candidate = load_candidate(name, [run], **settings)
    return steps.publish(candidate, DESCRIPTION, faces, folder, lambda line: None)


def _state(folder):
    return {path.name: path.read_bytes() for path in folder.path.iterdir()}


def _landmarks(name, faces):
    image = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    return zoo.load(name)(image, BOX)


def test_published_by_command(runs, faces, empty, capsys):
    arguments = [str(runs / "first"), "tiny", "--data", str(runs / "test.csv")]
    arguments += ["--description", DESCRIPTION, "--zoo", str(empty.path), "--recrop"]
    assert publish.main(arguments) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index("\n[") :]) == [
        *empty.entries()["tiny"].metrics
    ]
    entry = empty.entries()["tiny"]
    assert entry.recrop and not entry.flip_tta
    assert all(metric["recrop"] for metric in entry.metrics)
    before = _state(empty)
    assert publish.main(["nowhere", *arguments[1:]]) == 1
    assert "nowhere" in capsys.readouterr().err and _state(empty) == before


def test_entry_says_where_the_model_comes_from(runs, faces, published):
    entry = published.entries()["tiny"]
    described = json.loads((runs / "first" / "recipe.json").read_text())
    assert [*entry.recipe] == [described["recipe"]]
    assert entry.training_data["faces"] == 12
    assert (entry.scheme, entry.description) == ("five", DESCRIPTION)
    plain, mirrored = entry.metrics
    assert plain["command"] == "wingkeras evaluate tiny --data aflw.csv"
    assert mirrored["command"].endswith(" --flip-tta")
    expected = evaluate(zoo.load(runs / "first"), faces).summary()
    assert plain["inter_pupil"] == expected["inter_pupil"]
    assert not plain["flip_tta"] and mirrored["flip_tta"]
    (stage,) = entry.stages
    assert stage.file == f"tiny.stage1.{stage.sha256[:8]}.weights.h5"
    assert sha256_of(published.path / stage.file) == stage.sha256
    assert len(list(published.path.glob("tiny.stage1.*.training.png"))) == 1
    np.testing.assert_array_equal(
        _landmarks("tiny", faces), _landmarks(runs / "first", faces)
    )


def test_the_same_again_changes_nothing(runs, faces, published):
    before = _state(published)
    _publish(runs / "first", "tiny", faces, published)
    assert _state(published) == before


def test_a_better_model_takes_the_place_of_the_old(runs, faces, published):
    old, other = published.entries()["tiny"], published.entries()["other"]
    settings = {"init_from": runs / "first", "extra_faces": "the same ones"}
    entry = _publish(runs / "further", "tiny", faces, published, **settings)
    assert published.entries() == {"other": other, "tiny": entry}
    assert entry.training_data["extra_faces"] == "the same ones"
    assert entry.licence.endswith("photographs of its extra faces")
    assert len(entry.recipe) == 2
    assert not (published.path / old.stages[0].file).exists()
    assert len(list(published.path.glob("tiny.*"))) == 3
    np.testing.assert_array_equal(
        _landmarks("tiny", faces), _landmarks(runs / "further", faces)
    )


def test_goes_on_from_a_model_of_the_zoo(runs, faces, published, tmp_path):
    few = faces.select([0, 1, 2, 3] * 2)
    train(RECIPE, few, tmp_path / "run", init_from=zoo.load("tiny"), verbose=False)
    entry = _publish(tmp_path / "run", "new", faces, published, init_from="tiny")
    assert len(entry.recipe) == 1
    assert not entry.licence.endswith("photographs of its extra faces")
    with pytest.raises(ValueError, match=r"if any; received .*further"):
        load_candidate("new", [tmp_path / "run"], runs / "further")


def test_the_licence_of_a_model_that_it_goes_on_from_counts(
    runs, faces, published, tmp_path
):
    settings = {"init_from": runs / "first", "extra_faces": "the same ones"}
    _publish(runs / "further", "tiny", faces, published, **settings)
    few = faces.select([0, 1, 2, 3] * 2)
    train(RECIPE, few, tmp_path / "run", init_from=zoo.load("tiny"), verbose=False)
    entry = _publish(tmp_path / "run", "new", faces, published, init_from="tiny")
    assert entry.training_data["num_extra_faces"] == 0
    assert entry.licence.endswith("photographs of its extra faces")


def test_curves_that_the_card_shows_stay(runs, faces, published):
    (shown,) = published.path.glob("tiny.*.training.png")
    (published.path / "tiny.md").write_text(f"![curves]({shown.name})")
    settings = {"init_from": runs / "first", "extra_faces": "the same ones"}
    _publish(runs / "further", "tiny", faces, published, **settings)
    assert shown.exists() and len(list(published.path.glob("tiny.*.png"))) == 2


def test_a_cascade_has_the_files_of_both_networks(runs, faces, published):
    pair = [runs / "first", runs / "second"]
    candidate = load_candidate("pair", pair)
    steps.publish(candidate, DESCRIPTION, faces, published, lambda line: None)
    assert len(zoo.load("pair").stages) == 2
    assert len(list(published.path.glob("pair.stage?.*"))) == 4


def test_a_cascade_may_begin_with_a_network_of_the_zoo(
    runs, faces, published, tmp_path
):
    first, few = zoo.load("tiny"), faces.select([0, 1, 2, 3] * 2)
    train(RECIPE, few, tmp_path / "run", first_stage=first, verbose=False)
    candidate = load_candidate("pair", ["tiny", tmp_path / "run"])
    entry = steps.publish(candidate, DESCRIPTION, faces, published, lambda line: None)
    assert len(zoo.load("pair").stages) == len(entry.stages) == 2
    assert entry.stages[0].sha256 == published.entries()["tiny"].stages[0].sha256
    assert len(entry.recipe) == 1
    assert not list(published.path.glob("pair.stage1.*.png"))
    assert len(list(published.path.glob("pair.stage2.*.png"))) == 1


class _Failure(OSError):
    """What is made to happen."""


# Where it fails, and in which call of it: every step of the way.
FAILURES = {
    "saving": (zoo, "save", 1),
    "drawing": (steps.plots, "training_curves", 1),
    "writing a picture": (steps.plots, "save_figure", 1),
    "reading back": (steps.zoo, "load", 2),
    "cost of float16": (steps, "cost_of_float16", 1),
    "measuring": (steps, "measure", 1),
    "copying weights": (zoo_folder.shutil, "copyfile", 1),
    "copying a picture": (zoo_folder.shutil, "copyfile", 2),
    "the registry's text": (zoo_folder, "entry_values", 2),
    "the registry's name": (os, "replace", "registry.json"),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "kind"),
    [
        *((step, _Failure) for step in FAILURES),
        ("copying a picture", KeyboardInterrupt),
        ("the registry's name", KeyboardInterrupt),
    ],
)
def test_a_failure_leaves_the_zoo_as_it_was(
    runs, faces, published, monkeypatch, step, kind
):
    owner, name, when = FAILURES[step]
    before, calls = _state(published), []
    landmarks = _landmarks("tiny", faces)
    function = getattr(owner, name)

    def fail(*args, **settings):
        calls.append(Path(args[-1]).name if isinstance(when, str) else len(calls) + 1)
        if calls[-1] == when:
            raise kind
        return function(*args, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fail)
        settings = {"init_from": runs / "first", "extra_faces": "the same ones"}
        with pytest.raises(kind):
            _publish(runs / "further", "tiny", faces, published, **settings)
    assert calls[-1] == when
    assert _state(published) == before
    for entry in published.entries().values():
        published.check(entry)
    np.testing.assert_array_equal(_landmarks("tiny", faces), landmarks)


def test_weights_that_changed_on_the_way_are_not_registered(
    runs, faces, published, monkeypatch
):
    def cut(source, target):
        Path(target).write_bytes(Path(source).read_bytes()[:-1])

    before = _state(published)
    monkeypatch.setattr(zoo_folder.shutil, "copyfile", cut)
    settings = {"init_from": runs / "first", "extra_faces": "the same ones"}
    with pytest.raises(ValueError, match="expected SHA-256"):
        _publish(runs / "further", "tiny", faces, published, **settings)
    assert _state(published) == before


def test_old_files_that_cannot_be_removed_are_no_failure(
    runs, faces, published, monkeypatch
):
    def refuse(*_):
        raise PermissionError("read only")

    monkeypatch.setattr(ZooFolder, "prune", refuse)
    settings = {"init_from": runs / "first", "extra_faces": "the same ones"}
    entry = _publish(runs / "further", "tiny", faces, published, **settings)
    assert published.entries()["tiny"] == entry


def test_runs_that_do_not_belong_together(runs, tmp_path):
    first, second, further = (runs / n for n in ("first", "second", "further"))
    for arguments, message in (
        (([second],), r"each of the 2 networks in .*second, received 1"),
        (([first, first],), r"each of the 1 networks in .*first, received 2"),
        (([further, second],), r"the run of network 1 of .*second, received .*further"),
        (([further],), r"the run that .*further went on from, if any; received None"),
        (([first], first), r"the run that .*first went on from"),
        (([first], None, "photographs"), r"--extra-faces for 0 extra faces, or"),
        (([further], first), r"--extra-faces for 15 extra faces, or neither"),
    ):
        with pytest.raises(ValueError, match=message):
            load_candidate("tiny", *arguments)


def test_a_scheme_that_has_no_protocol(runs, monkeypatch):
    monkeypatch.setattr(candidates, "PROTOCOLS", {"ibug68": None})
    with pytest.raises(ValueError, match=r"one of the schemes \['ibug68'\].*'five'"):
        load_candidate("tiny", [runs / "first"])


def test_float32_weights_are_compared_where_there_are_any(runs, faces, tmp_path):
    lines = steps.cost_of_float16(load_candidate("tiny", [runs / "first"]), faces)
    assert [line.split()[0] for line in lines] == ["float32:", "float16:", "landmarks"]
    shutil.copytree(runs / "first", tmp_path / "run")
    (tmp_path / "run" / "best.weights.h5").unlink()
    (line,) = steps.cost_of_float16(load_candidate("tiny", [tmp_path / "run"]), faces)
    assert line.endswith("keeps no float32 weights to compare with.")
