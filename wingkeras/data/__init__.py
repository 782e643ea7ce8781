"""Reading annotated faces and feeding them to training."""

from typing import TYPE_CHECKING

from wingkeras.lazy import lazy_names

if TYPE_CHECKING:
    from wingkeras.data.annotations import Annotation, build_dataset
    from wingkeras.data.augment import Augmentation
    from wingkeras.data.coco import load_coco
    from wingkeras.data.csv_files import load_csv, save_csv
    from wingkeras.data.cvat import load_cvat
    from wingkeras.data.datasets import load_faces
    from wingkeras.data.faces import FaceDataset
    from wingkeras.data.labelme import load_labelme
    from wingkeras.data.mtfl import load_mtfl
    from wingkeras.data.pipeline import steps_per_epoch, training_dataset
    from wingkeras.data.pts import read_pts, write_pts
    from wingkeras.data.scheme_files import load_scheme, save_scheme
    from wingkeras.data.w300 import describe_300w, load_300w
    from wingkeras.data.yolo import load_yolo

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "wingkeras.data.annotations": ["Annotation", "build_dataset"],
        "wingkeras.data.augment": ["Augmentation"],
        "wingkeras.data.coco": ["load_coco"],
        "wingkeras.data.csv_files": ["load_csv", "save_csv"],
        "wingkeras.data.cvat": ["load_cvat"],
        "wingkeras.data.datasets": ["load_faces"],
        "wingkeras.data.faces": ["FaceDataset"],
        "wingkeras.data.labelme": ["load_labelme"],
        "wingkeras.data.mtfl": ["load_mtfl"],
        "wingkeras.data.pipeline": ["steps_per_epoch", "training_dataset"],
        "wingkeras.data.pts": ["read_pts", "write_pts"],
        "wingkeras.data.scheme_files": ["load_scheme", "save_scheme"],
        "wingkeras.data.w300": ["describe_300w", "load_300w"],
        "wingkeras.data.yolo": ["load_yolo"],
    },
)

__all__ = [
    "Annotation",
    "Augmentation",
    "FaceDataset",
    "build_dataset",
    "describe_300w",
    "load_300w",
    "load_coco",
    "load_csv",
    "load_cvat",
    "load_faces",
    "load_labelme",
    "load_mtfl",
    "load_scheme",
    "load_yolo",
    "read_pts",
    "save_csv",
    "save_scheme",
    "steps_per_epoch",
    "training_dataset",
    "write_pts",
]
