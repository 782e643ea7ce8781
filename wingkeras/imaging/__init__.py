"""Pictures: reading them, and making network input from the faces in them."""

from typing import TYPE_CHECKING

from wingkeras.lazy import lazy_names

if TYPE_CHECKING:
    from wingkeras.imaging.drawing import draw_landmarks
    from wingkeras.imaging.images import BrokenFileError, read_image

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "wingkeras.imaging.drawing": ["draw_landmarks"],
        "wingkeras.imaging.images": ["BrokenFileError", "read_image"],
    },
)

__all__ = [
    "BrokenFileError",
    "draw_landmarks",
    "read_image",
]
