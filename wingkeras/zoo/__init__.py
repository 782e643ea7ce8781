"""The zoo: trained localizers by name.

A registry (`registry.json`) has an entry per model. A folder that `save` wrote has its
own entry (`model.json`) and is loaded in the same way.
"""

from typing import TYPE_CHECKING

from wingkeras.lazy import lazy_names

if TYPE_CHECKING:
    from wingkeras.inference.saving import save
    from wingkeras.storage.entries import Entry, StageEntry
    from wingkeras.storage.registry import list_models, model_info
    from wingkeras.zoo.loading import load

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "wingkeras.inference.saving": ["save"],
        "wingkeras.storage.entries": ["Entry", "StageEntry"],
        "wingkeras.storage.registry": ["list_models", "model_info"],
        "wingkeras.zoo.loading": ["load"],
    },
)

__all__ = [
    "Entry",
    "StageEntry",
    "list_models",
    "load",
    "model_info",
    "save",
]
