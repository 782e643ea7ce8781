"""From pictures to landmarks: detectors, localizers and their runtimes."""

from typing import TYPE_CHECKING

from wingkeras.lazy import lazy_names

if TYPE_CHECKING:
    from wingkeras.inference.batch_predictor import BatchPredictor
    from wingkeras.inference.detections import Detections
    from wingkeras.inference.detectors import (
        BoxCalibration,
        HaarDetector,
        YuNetDetector,
        load_detector,
    )
    from wingkeras.inference.faces import Face, Faces
    from wingkeras.inference.flip import MAX_FLIP_ERROR, localize_with_flip
    from wingkeras.inference.given_boxes import GivenBoxes, WholePicture
    from wingkeras.inference.keras_stages import KerasStage
    from wingkeras.inference.localizer import Localizer
    from wingkeras.inference.runtimes import FileStage, load_file
    from wingkeras.inference.saving import save
    from wingkeras.inference.stages import Stage

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "wingkeras.inference.batch_predictor": ["BatchPredictor"],
        "wingkeras.inference.detectors": [
            "BoxCalibration",
            "HaarDetector",
            "YuNetDetector",
            "load_detector",
        ],
        "wingkeras.inference.detections": ["Detections"],
        "wingkeras.inference.faces": ["Face", "Faces"],
        "wingkeras.inference.flip": ["MAX_FLIP_ERROR", "localize_with_flip"],
        "wingkeras.inference.given_boxes": ["GivenBoxes", "WholePicture"],
        "wingkeras.inference.keras_stages": ["KerasStage"],
        "wingkeras.inference.localizer": ["Localizer"],
        "wingkeras.inference.runtimes": ["FileStage", "load_file"],
        "wingkeras.inference.saving": ["save"],
        "wingkeras.inference.stages": ["Stage"],
    },
)

__all__ = [
    "MAX_FLIP_ERROR",
    "BatchPredictor",
    "BoxCalibration",
    "Detections",
    "Face",
    "Faces",
    "FileStage",
    "GivenBoxes",
    "HaarDetector",
    "KerasStage",
    "Localizer",
    "Stage",
    "WholePicture",
    "YuNetDetector",
    "load_detector",
    "load_file",
    "localize_with_flip",
    "save",
]
