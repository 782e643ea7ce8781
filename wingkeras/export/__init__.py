"""One file that runs anywhere: a localizer, or a part of it, as ONNX or LiteRT.

LiteRT is TensorFlow Lite's present name; its files still end with `.tflite`.
"""

from typing import TYPE_CHECKING

from wingkeras.lazy import lazy_names

if TYPE_CHECKING:
    from wingkeras.export.conversion import convert, describe, metadata
    from wingkeras.export.converted import load_converted
    from wingkeras.export.graphs import Graph, build_graph

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "wingkeras.export.conversion": ["convert", "describe", "metadata"],
        "wingkeras.export.converted": ["load_converted"],
        "wingkeras.export.graphs": ["Graph", "build_graph"],
    },
)

__all__ = [
    "Graph",
    "build_graph",
    "convert",
    "describe",
    "load_converted",
    "metadata",
]
