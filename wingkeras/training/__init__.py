"""A recipe and faces in, the best weights and a log out."""

from typing import TYPE_CHECKING

from wingkeras.lazy import lazy_names

if TYPE_CHECKING:
    from wingkeras.training.distribution import DataParallel, Mirrored, Strategy
    from wingkeras.training.muon import Muon
    from wingkeras.training.pseudo_labels import label
    from wingkeras.training.recipes import RECIPES, Recipe
    from wingkeras.training.run import train

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "wingkeras.training.distribution": ["DataParallel", "Mirrored", "Strategy"],
        "wingkeras.training.muon": ["Muon"],
        "wingkeras.training.pseudo_labels": ["label"],
        "wingkeras.training.recipes": ["RECIPES", "Recipe"],
        "wingkeras.training.run": ["train"],
    },
)

__all__ = [
    "RECIPES",
    "DataParallel",
    "Mirrored",
    "Muon",
    "Recipe",
    "Strategy",
    "label",
    "train",
]
