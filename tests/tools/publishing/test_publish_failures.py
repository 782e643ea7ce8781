"""What a failure on the way leaves of a zoo."""

import os
from pathlib import Path

import numpy as np
import pytest

from publishing import steps, zoo_folder
from publishing.zoo_folder import ZooFolder
from publishing_runs import landmarks_of, publish_run, state
from wingkeras import zoo


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
    before, calls = state(published), []
    landmarks = landmarks_of("tiny", faces)
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
            publish_run(runs / "further", "tiny", faces, published, **settings)
    assert calls[-1] == when
    assert state(published) == before
    for entry in published.entries().values():
        published.check(entry)
    np.testing.assert_array_equal(landmarks_of("tiny", faces), landmarks)


def test_weights_that_changed_on_the_way_are_not_registered(
    runs, faces, published, monkeypatch
):
    def cut(source, target):
        Path(target).write_bytes(Path(source).read_bytes()[:-1])

    before = state(published)
    monkeypatch.setattr(zoo_folder.shutil, "copyfile", cut)
    settings = {"init_from": runs / "first", "extra_faces": "the same ones"}
    with pytest.raises(ValueError, match="expected SHA-256"):
        publish_run(runs / "further", "tiny", faces, published, **settings)
    assert state(published) == before


def test_old_files_that_cannot_be_removed_are_no_failure(
    runs, faces, published, monkeypatch
):
    def refuse(*_):
        raise PermissionError("read only")

    monkeypatch.setattr(ZooFolder, "prune", refuse)
    settings = {"init_from": runs / "first", "extra_faces": "the same ones"}
    entry = publish_run(runs / "further", "tiny", faces, published, **settings)
    assert published.entries()["tiny"] == entry
