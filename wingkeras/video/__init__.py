"""Following faces through the frames of videos."""

from typing import TYPE_CHECKING

from wingkeras.lazy import lazy_names

if TYPE_CHECKING:
    from wingkeras.video.clips import IncompleteVideoError, track_video
    from wingkeras.video.one_euro import OneEuroFilter
    from wingkeras.video.tracker import Track, Tracker

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "wingkeras.video.clips": ["IncompleteVideoError", "track_video"],
        "wingkeras.video.one_euro": ["OneEuroFilter"],
        "wingkeras.video.tracker": ["Track", "Tracker"],
    },
)

__all__ = [
    "IncompleteVideoError",
    "OneEuroFilter",
    "Track",
    "Tracker",
    "track_video",
]
