"""The zoo: trained localizers by name.

A registry (`registry.json`) has an entry per model; a folder that `save` wrote has
one of its own (`model.json`) and loads the same way.
"""

from wingkeras.inference.entries import Entry, StageEntry
from wingkeras.inference.saving import save
from wingkeras.zoo.loading import load
from wingkeras.zoo.registry import list_models, model_info

__all__ = ["Entry", "StageEntry", "list_models", "load", "model_info", "save"]
