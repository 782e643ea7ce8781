"""Every kind of fault, by the name that the command takes."""

from faults import (
    annotations,
    converted,
    descriptions,
    disks,
    downloads,
    kills,
    pictures,
    weights,
)
from faults.kinds import Kind

KINDS: dict[str, Kind] = {
    "pts": annotations.PTS,
    "csv": annotations.CSV,
    "coco": annotations.COCO,
    "pictures": pictures.PICTURES,
    "models": descriptions.MODEL,
    "registry": descriptions.REGISTRY,
    "weights": weights.LOADING,
    "hashes": weights.CHECKING,
    "converted": converted.CONVERTED,
    "downloads": downloads.DOWNLOADS,
    "results": kills.RESULTS,
    "predict": kills.PREDICT,
    "convert": kills.CONVERT,
    "train": kills.TRAIN,
    "full-results": disks.RESULTS,
    "full-predict": disks.PREDICT,
    "full-convert": disks.CONVERT,
    "full-train": disks.TRAIN,
}
