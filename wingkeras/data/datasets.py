"""All loaders of annotated faces, and `load_faces`, which picks one by the format."""

import os
from pathlib import Path

from wingkeras.data.annotations import OnError
from wingkeras.data.coco import load_coco
from wingkeras.data.csv_files import load_csv
from wingkeras.data.cvat import load_cvat
from wingkeras.data.faces import FaceDataset
from wingkeras.data.labelme import is_labelme, load_labelme
from wingkeras.data.mtfl import is_mtfl, load_mtfl
from wingkeras.data.w300 import SPLITS, SubsetCount, describe_300w, load_300w
from wingkeras.data.yolo import SPLITS as YOLO_SPLITS
from wingkeras.data.yolo import load_yolo
from wingkeras.schemes import FIVE, IBUG68, LandmarkScheme, get_scheme

__all__ = [
    "SPLITS",
    "SubsetCount",
    "describe_300w",
    "load_300w",
    "load_coco",
    "load_csv",
    "load_cvat",
    "load_faces",
    "load_labelme",
    "load_mtfl",
    "load_yolo",
]

_YAML_ENDINGS = (".yaml", ".yml")


def default_split(path: str | os.PathLike, split: str) -> str | None:
    """The split to pass to `load_faces`, if the format has splits of that name.

    Args:
        path: see `load_faces`.
        split: "train" or "val".

    Returns:
        The split; `None` for files without splits. A folder has a default for "train"
        alone, which 300-W's layout takes and labelme's files ignore.
    """
    path = Path(path)
    if path.suffix.lower() in _YAML_ENDINGS:
        return split
    return split if split == "train" and path.is_dir() else None


def load_faces(
    path: str | os.PathLike,
    split: str | None = None,
    scheme: str | LandmarkScheme | None = None,
    on_error: OnError = "raise",
    allow_missing: bool = False,
    images: str | os.PathLike | None = None,
) -> FaceDataset:
    """Load annotated faces of any known format.

    Args:
        path: a folder with 300-W's layout or labelme's files, a `.csv` file (MTFL's or
            a plain one), a `.json` file with COCO keypoints, an Ultralytics `.yaml`
            file or CVAT's `.xml`.
        split: of 300-W, see `load_300w`, or of a `.yaml` file, see `load_yolo`;
            labelme's folders have none.
        scheme: of the landmarks; only needed for plain CSV, and for COCO where its
            categories do not name the points.
        on_error: "raise" at the first broken face, or "skip" all of them, see
            `FaceDataset.skipped`.
        allow_missing: whether to go on if whole subsets of a split are missing.
        images: the folder that image paths in a CSV or JSON file are relative to; the
            file's own by default.

    Returns:
        The faces.

    Raises:
        FileNotFoundError: if there is no such file or folder, or subsets of the split
            are missing.
        BrokenFileError: for a file of another format, or a broken face; see
            `on_error`.
        ValueError: if `split`, `scheme` or `images` is needed but missing, unknown, or
            does not fit the format.

    Example:

    ```python
    faces = load_faces("faces.csv", scheme="ibug68")
    faces = load_faces("300w", "common")
    faces = load_faces("lfw.csv")  # MTFL's columns
    ```
    """
    path = Path(path)
    scheme = None if scheme is None else get_scheme(scheme)
    # From `os.path`, since `Path`'s own methods raise for names that no file can have.
    if os.path.isdir(path):
        if images is not None:
            raise ValueError(
                f"Expected no `images` for the folder {path}, whose pictures lie "
                f"beside their annotations; received {images}."
            )
        if is_labelme(path):
            return load_labelme(path, scheme, on_error)
        return _load_folder(path, split, scheme, on_error, allow_missing)
    if not os.path.exists(path):
        raise FileNotFoundError(
            "Expected a folder with 300-W's layout, a .csv, a .json, a .xml or a .yaml "
            f"file; there is no {path}."
        )
    if path.suffix.lower() in _YAML_ENDINGS:
        if images is not None:
            raise ValueError(
                f"Expected no `images` for {path}, which says where they are; received "
                f"{images}."
            )
        if split is None:
            raise ValueError(f"Expected `split` as one of {YOLO_SPLITS} for {path}.")
        return load_yolo(path, split, scheme, on_error)
    if split is not None:
        raise ValueError(
            f"Expected no `split` for {path}, received {split!r}: only a folder with "
            "300-W's layout and a .yaml file have splits."
        )
    match path.suffix.lower():
        case ".csv":
            if scheme in (None, FIVE) and is_mtfl(path):
                return load_mtfl(path, on_error, images)
            return load_csv(path, _required(scheme, path), on_error, images)
        case ".json":
            return load_coco(path, scheme, images, on_error)
        case ".xml":
            return load_cvat(path, scheme, images, on_error)
    raise ValueError(
        "Expected a folder with 300-W's layout, a .csv, a .json, a .xml or a .yaml "
        f"file, received {path}."
    )


def _load_folder(path, split, scheme, on_error, allow_missing) -> FaceDataset:
    if split is None:
        raise ValueError(
            f"Expected `split` as one of {[*SPLITS]} for the 300-W folder {path}."
        )
    if scheme not in (None, IBUG68):
        raise ValueError(
            f"Expected scheme {IBUG68.name!r} for the 300-W folder {path}, received "
            f"{scheme.name!r}."
        )
    return load_300w(path, split, on_error, allow_missing)


def _required(scheme, path) -> LandmarkScheme:
    if scheme is None:
        raise ValueError(
            f"Expected `scheme` for {path}: the file does not say which points these "
            "are. It is a name, such as 'ibug68', or for points of one's own a JSON "
            "file, see `wingkeras.data.scheme_files`."
        )
    return scheme
