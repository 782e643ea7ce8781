"""Every public class and function has an example, and the examples run."""

import functools
import importlib
import inspect
from pathlib import Path

import keras
import numpy as np
import pytest

import wingkeras
from example_files import make_files
from snippets import docstring, run, snippets
from wingkeras import models, zoo

MODULES = (
    *("comparison", "data", "evaluation", "export", "geometry", "imaging", "inference"),
    *("losses", "metrics", "models", "openness", "plots", "schemes", "storage"),
    *("training", "video", "zoo"),
)
FIRST = ("wingkeras.training.run.train", "wingkeras.export.conversion.convert")
"""What writes the files that other examples read."""

NOT_RUN = 2


def _public() -> dict[str, object]:
    """Public classes and functions by their full name, each once."""
    found = {}
    for module in ("", *MODULES):
        package = importlib.import_module(f"wingkeras.{module}".rstrip("."))
        names = getattr(package, "__all__", None) or [
            name
            for name, value in vars(package).items()
            if not name.startswith("_")
            and getattr(value, "__module__", None) == package.__name__
        ]
        for name in names:
            value = getattr(package, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                found[f"{value.__module__}.{value.__qualname__}"] = value
    return dict(sorted(found.items()))


PUBLIC = _public()


def test_everything_public_has_an_example():
    without = [
        name for name, each in PUBLIC.items() if not snippets(docstring(each), "python")
    ]
    assert not without


def test_few_examples_are_not_run():
    reasons = [
        block.reason
        for each in PUBLIC.values()
        for block in snippets(docstring(each), "python")
        if block.reason
    ]
    assert len(reasons) == NOT_RUN, reasons


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """Runs the examples of a name, once, in a folder with the files that they name.

    A fit of one epoch stands for those of many, and every model is built once.
    """
    folder = tmp_path_factory.mktemp("examples")
    fit = keras.Model.fit

    def fit_once(self, *arguments, epochs=1, initial_epoch=0, **options):
        ends = min(epochs, initial_epoch + 1)
        settings = {"epochs": ends, "initial_epoch": initial_epoch, **options}
        return fit(self, *arguments, **settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zoo, "load", functools.cache(zoo.load))
        patch.setattr(keras.Model, "fit", fit_once)
        localizer = zoo.load("cnn6_300w")
        shared = {
            **{"np": np, "Path": Path, "wingkeras": wingkeras, "models": models},
            **{"localizer": localizer, "other": localizer},
            **make_files(folder, localizer),
        }

        @functools.cache
        def run_once(name):
            value = PUBLIC[name]
            home = importlib.import_module(value.__module__)
            names = {**_names_beside(home), **vars(home), **shared}
            names["model"] = models.CNN6(5)
            with pytest.MonkeyPatch.context() as inside:
                inside.chdir(folder)
                for block in snippets(docstring(value), "python"):
                    if not block.reason:
                        run(block.code, dict(names), f"the example of {name}")

        for name in FIRST:
            run_once(name)
        yield run_once


def _names_beside(home) -> dict:
    """The public names of the package that a module is in."""
    package = importlib.import_module(home.__name__.rpartition(".")[0])
    names = getattr(package, "__all__", ())
    return {name: getattr(package, name) for name in names if "__" not in name}


@pytest.mark.parametrize("name", PUBLIC)
def test_example_runs(name, examples):
    examples(name)
    blocks = snippets(docstring(PUBLIC[name]), "python")
    if blocks and all(block.reason for block in blocks):
        pytest.skip(blocks[0].reason)
