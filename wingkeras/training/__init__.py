"""Training: takes a recipe and faces, gives the best weights and a log."""

from typing import TYPE_CHECKING

from wingkeras.lazy import lazy_names

if TYPE_CHECKING:
    from wingkeras.training.distribution import DataParallel, Mirrored, Strategy
    from wingkeras.training.muon import Muon
    from wingkeras.training.pseudo_labels import pseudo_label
    from wingkeras.training.recipe import Recipe
    from wingkeras.training.recipes import RECIPES
    from wingkeras.training.run import train
    from wingkeras.training.run_folder import RunFolder
    from wingkeras.training.small_sets import suitable_recipe

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "wingkeras.training.distribution": ["DataParallel", "Mirrored", "Strategy"],
        "wingkeras.training.muon": ["Muon"],
        "wingkeras.training.pseudo_labels": ["pseudo_label"],
        "wingkeras.training.recipe": ["Recipe"],
        "wingkeras.training.recipes": ["RECIPES"],
        "wingkeras.training.run": ["train"],
        "wingkeras.training.run_folder": ["RunFolder"],
        "wingkeras.training.small_sets": ["suitable_recipe"],
    },
)

__all__ = [
    "RECIPES",
    "DataParallel",
    "Mirrored",
    "Muon",
    "Recipe",
    "RunFolder",
    "Strategy",
    "pseudo_label",
    "suitable_recipe",
    "train",
]
