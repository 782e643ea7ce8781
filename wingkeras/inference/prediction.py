"""Landmarks for picture files, for `wingkeras predict` and `wingkeras demo`."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from wingkeras.data.pts import write_pts
from wingkeras.imaging.images import MAX_PIXELS, read_image
from wingkeras.inference.faces import Faces
from wingkeras.inference.flip import localize_with_flip
from wingkeras.inference.localizer import Localizer
from wingkeras.storage.files import atomic_write

FORMATS = ("json", "pts", "picture")
USUAL_FORMATS = ("json", "picture")


class Prediction(NamedTuple):
    """The number of faces found in a picture, and the files written for it.

    Attributes:
        faces: number of faces found.
        files: paths of the files written; the picture, if there is one, is the first.
    """

    faces: int
    files: tuple[Path, ...]


def predict_file(
    localizer: Localizer,
    path: Path,
    folder: Path,
    name: str,
    formats: Collection[str] = USUAL_FORMATS,
    flip_error: bool = False,
    max_pixels: int = MAX_PIXELS,
    draw_head_pose: bool = False,
) -> Prediction:
    """Find the faces of one picture file and write what was found.

    Args:
        localizer: with its detector.
        path: of the picture; turned upright as its EXIF orientation says.
        folder: to write to.
        name: of the files, without their endings.
        formats: of `FORMATS`. "json" writes `NAME.landmarks.json` with every face's
            box, detector score and landmarks (image pixels, the centre of the top-left
            pixel is (0, 0)), head pose and openness, see `Faces.to_dict`; "pts" a file
            `NAME.face1.pts` for each face; "picture" the picture with the landmarks
            drawn in, `NAME.landmarks.jpg` for a JPEG and `NAME.landmarks.png` for any
            other format.
        flip_error: whether the JSON holds each face's flip error as well; see
            `flip.localize_with_flip`. The networks run about twice as long.
        max_pixels: most pixels of the picture, see `read_image`.
        draw_head_pose: whether the picture shows the axes of every head; see
            `Faces.draw`.

    Returns:
        The number of faces, which may be 0, and the files.

    Raises:
        BrokenFileError: if the picture cannot be read; nothing is written then.
        OSError: if a file cannot be written.
        ValueError: for an unknown format, and head poses of another scheme than
            `ibug68`.
    """
    check_formats(formats)
    image = read_image(path, upright=True, max_pixels=max_pixels)
    faces = localizer.detect(image)
    errors = None
    if flip_error and "json" in formats:
        errors = localize_with_flip(localizer, image, faces.boxes)[1]
    found = Found(path, image.shape, faces, errors)
    return write_found(found, image, folder, name, formats, draw_head_pose)


def check_formats(formats: Collection[str]) -> None:
    """Refuse unknown formats.

    Raises:
        ValueError: for a format that is not in `FORMATS`.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise ValueError(f"Expected formats of {FORMATS}, received {unknown}.")


class Found(NamedTuple):
    """What was found in a picture file.

    Attributes:
        path: of the picture.
        shape: of the picture, height first.
        faces: found in it.
        flip_errors: `(N,)`, where they were asked for.
    """

    path: Path
    shape: tuple[int, ...]
    faces: Faces
    flip_errors: np.ndarray | None


def write_found(
    found: Found,
    image: np.ndarray | None,
    folder: Path,
    name: str,
    formats: Collection[str],
    draw_head_pose: bool = False,
) -> Prediction:
    """Write what was found in a picture.

    Args:
        found: to be written.
        image: the picture, `(H, W, 3)` uint8 RGB; needed for "picture" only.
        folder, name, formats, draw_head_pose: see `predict_file`.

    Raises:
        OSError: if a file cannot be written.
    """
    files = []
    if "picture" in formats:
        files.append(_picture_path(found.path, folder, name))
        _write_picture(files[-1], found.faces.draw(image, draw_head_pose))
    if "pts" in formats:
        files += _write_all_pts(folder, name, found.faces)
    if "json" in formats:
        files.append(_json_path(folder, name))
        with atomic_write(files[-1]) as scratch:
            scratch.write_text(_as_json(found))
    return Prediction(len(found.faces), tuple(files))


def is_done(path: Path, folder: Path, name: str, formats: Collection[str]) -> bool:
    """Whether `predict_file` has written its files for a picture before.

    A picture without a face has no `.pts` file, so it never counts as done if `.pts`
    files are wanted.

    Args:
        path, folder, name, formats: see `predict_file`.
    """
    first = {
        "json": _json_path(folder, name),
        "pts": _pts_path(folder, name, 1),
        "picture": _picture_path(path, folder, name),
    }
    return all(first[each].is_file() for each in formats)


def _json_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.landmarks.json"


def _pts_path(folder: Path, name: str, number: int) -> Path:
    return folder / f"{name}.face{number}.pts"


def _picture_path(path: Path, folder: Path, name: str) -> Path:
    is_jpeg = path.suffix.lower() in (".jpg", ".jpeg")
    return folder / f"{name}.landmarks{'.jpg' if is_jpeg else '.png'}"


def _write_picture(path: Path, image: np.ndarray) -> None:
    # OpenCV itself cannot write to every path, and does not report that.
    good, content = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not good:
        height, width = image.shape[:2]
        kind = path.suffix[1:].upper()
        raise OSError(f"{path}: OpenCV cannot encode {width} x {height} px as {kind}")
    with atomic_write(path) as scratch:
        scratch.write_bytes(content.tobytes())


def _write_all_pts(folder: Path, name: str, faces: Faces) -> list[Path]:
    """Write a file per face; remove surplus files of an earlier call."""
    paths = [_pts_path(folder, name, i) for i in range(1, len(faces) + 1)]
    # The first file is written last, so that after a kill its presence shows that all
    # are there. Surplus files are removed from the last one backwards, so that a later
    # call finds those that remain.
    for path, face in reversed(list(zip(paths, faces, strict=True))):
        write_pts(path, face.landmarks)
    surplus = len(faces) + 1
    while _pts_path(folder, name, surplus).is_file():
        surplus += 1
    for number in range(surplus - 1, len(faces), -1):
        _pts_path(folder, name, number).unlink()
    return paths


def _as_json(found: Found) -> str:
    height, width = found.shape[:2]
    values: dict[str, Any] = {"image": str(found.path)}
    values.update(width=width, height=height, **found.faces.to_dict())
    if found.flip_errors is not None:
        for face, error in zip(values["faces"], found.flip_errors, strict=True):
            face["flip_error"] = round(float(error), 4) if np.isfinite(error) else None
    return json.dumps(values, allow_nan=False) + "\n"
