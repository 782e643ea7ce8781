"""From pictures to landmarks: detectors, localizers and what runs them."""

from typing import TYPE_CHECKING

from wingkeras.lazy import lazy_names

if TYPE_CHECKING:
    from wingkeras.inference.detectors import (
        BoxCalibration,
        HaarDetector,
        YuNetDetector,
        load_detector,
    )
    from wingkeras.inference.flip import localize_with_mirror
    from wingkeras.inference.localizer import Localizer, Stage
    from wingkeras.inference.runtimes import FileStage, load_file
    from wingkeras.inference.saving import save

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "wingkeras.inference.detectors": [
            "BoxCalibration",
            "HaarDetector",
            "YuNetDetector",
            "load_detector",
        ],
        "wingkeras.inference.flip": ["localize_with_mirror"],
        "wingkeras.inference.localizer": ["Localizer", "Stage"],
        "wingkeras.inference.runtimes": ["FileStage", "load_file"],
        "wingkeras.inference.saving": ["save"],
    },
)

__all__ = [
    "BoxCalibration",
    "FileStage",
    "HaarDetector",
    "Localizer",
    "Stage",
    "YuNetDetector",
    "load_detector",
    "load_file",
    "localize_with_mirror",
    "save",
]
