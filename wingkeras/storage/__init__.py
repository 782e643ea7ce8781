"""Files on disk: writing them completely or not at all, and checking downloads."""

from typing import TYPE_CHECKING

from wingkeras.lazy import lazy_names

if TYPE_CHECKING:
    from wingkeras.storage.download import cache_home, fetch, sha256_of
    from wingkeras.storage.entries import Entry, StageEntry
    from wingkeras.storage.errors import FetchError
    from wingkeras.storage.files import atomic_write

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "wingkeras.storage.download": [
            "cache_home",
            "fetch",
            "sha256_of",
        ],
        "wingkeras.storage.errors": ["FetchError"],
        "wingkeras.storage.entries": ["Entry", "StageEntry"],
        "wingkeras.storage.files": ["atomic_write"],
    },
)

__all__ = [
    "Entry",
    "FetchError",
    "StageEntry",
    "atomic_write",
    "cache_home",
    "fetch",
    "sha256_of",
]
