"""Landmarks for picture files: what `wingkeras predict` and `demo` do."""

import glob
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from wingkeras.data.pts import write_pts
from wingkeras.imaging.endings import PICTURE_ENDINGS, VIDEO_ENDINGS
from wingkeras.imaging.images import BrokenFileError, read_image
from wingkeras.inference.faces import Faces
from wingkeras.inference.localizer import Localizer
from wingkeras.storage.files import atomic_write

_DRAWN = ".landmarks.png"


def list_sources(inputs: Iterable[str | Path]) -> Iterator[Path | int]:
    """The pictures, videos and cameras meant by a command line's inputs.

    Args:
        inputs: files, taken as they are; folders, of which the pictures directly
            inside count, by name, without hidden ones and what `predict_file` drew;
            and indices of cameras, such as "0".

    Yields:
        Paths of files, and cameras as int.

    Raises:
        BrokenFileError: for a folder without pictures, after the inputs before it.
    """
    for given in inputs:
        path = Path(given)
        if str(given).isdecimal() and not path.exists():
            yield int(str(given))
            continue
        if not path.is_dir():
            yield path
            continue
        pictures = sorted(filter(_is_picture, path.iterdir()))
        if not pictures:
            endings = ", ".join(PICTURE_ENDINGS)
            raise BrokenFileError(path, f"this folder holds no pictures ({endings})")
        yield from pictures


def _is_picture(path: Path) -> bool:
    """Whether it is one that somebody took: not hidden, nor drawn by `predict_file`."""
    left_out = path.name.startswith(".") or path.name.endswith(_DRAWN)
    return path.suffix.lower() in PICTURE_ENDINGS and not left_out


def is_video(source: Path | int) -> bool:
    """Whether a source is a camera or, by its ending, a video file."""
    return isinstance(source, int) or source.suffix.lower() in VIDEO_ENDINGS


def predict_file(
    localizer: Localizer, path: Path, folder: Path, name: str, points: str = "json"
) -> tuple[int, Path]:
    """Find the faces of one picture file and write what was found.

    Writes `NAME.landmarks.png` with the landmarks drawn in and `NAME.landmarks.json`
    with every face's box, detector score and landmarks (image pixels, the centre of
    the top-left pixel is (0, 0)), or a `.pts` file per face.

    Args:
        localizer: with its detector.
        path: of the picture; turned upright as its EXIF orientation says.
        folder: to write to.
        name: of the files, without their endings.
        points: "json" or "pts".

    Returns:
        The number of faces, and the path of the annotated picture.

    Raises:
        BrokenFileError: if the picture cannot be read, or shows no face that the
            detector finds; nothing is written then.
    """
    image = read_image(path, upright=True)
    faces = localizer.detect(image)
    if not len(faces):
        raise BrokenFileError(path, "no face found")
    picture = folder / f"{name}{_DRAWN}"
    drawn = faces.draw(image)
    with atomic_write(picture) as scratch:
        # OpenCV itself cannot write to every path, and does not say so.
        encoded = cv2.imencode(".png", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))[1]
        scratch.write_bytes(encoded.tobytes())
    if points == "pts":
        for before in folder.glob(f"{glob.escape(name)}.face*.pts"):
            before.unlink()
        for i, face in enumerate(faces, start=1):
            write_pts(folder / f"{name}.face{i}.pts", face.landmarks)
    else:
        with atomic_write(folder / f"{name}.landmarks.json") as scratch:
            scratch.write_text(_as_json(path, image, faces))
    return len(faces), picture


def _as_json(path: Path, image: np.ndarray, faces: Faces) -> str:
    height, width = image.shape[:2]
    about = {"image": str(path), "width": width, "height": height}
    return json.dumps({**about, **faces.to_dict()}, allow_nan=False) + "\n"
