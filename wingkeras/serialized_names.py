"""Field names in files, where they differ from those in the code.

Recipes, registries and recorded results outlive a change of names in the code. Files
keep the old names, so that every version reads the run folders and registries of any
other.
"""

from collections.abc import Mapping
from typing import Any

ENTRY = {"flip_tta": "flip_test"}
"""Fields of `storage.entries.Entry`."""

METRIC = {"flip_tta": "flip_test"}
"""Fields of each measured error of an entry."""

TRAINING_DATA = {"num_extra_faces": "further_faces", "extra_faces": "further"}
"""Fields of an entry about its training faces."""

RECIPE = {
    "freeze_fraction": "frozen",
    "hsm_bins": "pose_bins",
    "backbone_lr_multiplier": "backbone_rate",
    "validation_split": "held_out",
    "augment_on": "input",
}
"""Fields of `training.recipe.Recipe`."""

RUN = {
    "validation_landmarks": "held_out_landmarks",
    "num_extra_faces": "further_faces",
    "extra_landmarks": "further_landmarks",
    "init_from": "start",
}
"""Fields of `recipe.json` about the run, beside those of its recipe."""

AUGMENTATION = {"translate": "shift", "random_erasing": "occlusion"}
"""Fields of `data.augment.Augmentation`."""

EXPERIMENT = {"dataset": "body", "hsm": "mined"}
"""Columns of the recorded experiments of the paper's tables."""

EXPORT = {"stage": "part"}
"""Metadata of exported files, see `export.conversion.metadata`."""


def to_file(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same values under the names used in files."""
    return {names.get(name, name): value for name, value in values.items()}


def from_file(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same values under the names used in the code, which are accepted too."""
    known = {serialized: name for name, serialized in names.items()}
    return {known.get(name, name): value for name, value in values.items()}
