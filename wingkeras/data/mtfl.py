"""MTFL's faces: five points and four attributes, in a CSV file."""

import os
from pathlib import Path

from wingkeras.data.annotations import OnError
from wingkeras.data.csv_files import coordinate_columns, load_columns, read_rows
from wingkeras.data.faces import FaceDataset
from wingkeras.data.numbers import parse_whole
from wingkeras.schemes import FIVE

_MTFL_ATTRIBUTES: tuple[str, ...] = ("gender", "smile", "glasses", "head_pose")


def load_mtfl(
    csv_path: str | os.PathLike,
    on_error: OnError = "raise",
    images: str | os.PathLike | None = None,
) -> FaceDataset:
    """Load the five-point faces of MTFL.

    Args:
        csv_path: of a file with the columns image, x1..x5, y1..y5 (0-based pixels:
            left eye, right eye, nose tip, left and right mouth corner), gender,
            smile, glasses and head_pose.
        on_error: "raise" at the first broken face, or "skip" all of them, see
            `FaceDataset.skipped`.
        images: the folder that image paths are relative to; that of `csv_path` by
            default.

    Returns:
        Faces of scheme "five" in the file's order, subset = the file's stem, with the
        four int attributes: gender, smile and glasses are 1 or 2, head_pose 1..5, and
        all of them 0 where the cell is empty.

    Raises:
        BrokenFileError: for a file without these columns, or a broken face; see
            `on_error`.

    Example:

    ```python
    faces = load_mtfl("lfw.csv")
    faces.attributes["head_pose"]  # [3, 3]
    ```
    """
    attributes = dict.fromkeys(_MTFL_ATTRIBUTES, _class)
    return load_columns(Path(csv_path), FIVE, on_error, attributes, images)


def is_mtfl(csv_path: str | os.PathLike) -> bool:
    """Whether a CSV file has MTFL's columns.

    Raises:
        BrokenFileError: if it is not a CSV file with a header.
    """
    header, _ = read_rows(Path(csv_path))
    return sorted(header) == sorted(
        ["image", *coordinate_columns(FIVE), *_MTFL_ATTRIBUTES]
    )


def _class(cell: str) -> int:
    return parse_whole(cell) if cell.strip() else 0
