"""The training faces of 300-W that no model of the zoo learns from."""

from pathlib import Path

from wingkeras.data import datasets
from wingkeras.data.faces import FaceDataset
from wingkeras.training.recipes import RECIPES


def split_300w(folder: Path) -> tuple[FaceDataset, FaceDataset]:
    """The faces to learn from, and those held out, by which choices are made.

    The runs of every model hold out the same ones.

    Args:
        folder: of 300-W; subsets may be missing.

    Raises:
        FileNotFoundError: if there is no training face.
    """
    recipe = RECIPES["heatmap_mobilenetv2"]
    faces = datasets.load_faces(folder, "train", allow_missing=True)
    return faces.split(recipe.validation_split, recipe.seed)
