"""The pictures, videos and cameras of a command line, and where results go."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from wingkeras.imaging.endings import PICTURE_ENDINGS, VIDEO_ENDINGS
from wingkeras.imaging.images import BrokenFileError

_DRAWN = (".landmarks.jpg", ".landmarks.png", ".landmarks.mp4")
"""Endings of the files with landmarks drawn in."""

_LONGEST_NAME = 200
"""Longest name in bytes: file systems allow 255, and endings are added."""


class Source(NamedTuple):
    """A picture, video or camera.

    Attributes:
        origin: path of the file, or index of the camera.
        place: path of its results without their endings, relative to the folder for
            results. It depends on the origin and the current folder alone. It differs
            for different origins, unless one is below the current folder and repeats
            the other's whole path there, or they are on different drives.
    """

    origin: Path | int
    place: Path

    @property
    def is_video(self) -> bool:
        """Whether it is a camera or, by its ending, a video file."""
        if isinstance(self.origin, int):
            return True
        return self.origin.suffix.lower() in VIDEO_ENDINGS


def list_sources(
    given: str | Path, recursive: bool, report: Callable[[BrokenFileError], None]
) -> Iterator[Source]:
    """The pictures, videos and cameras meant by one input of a command line.

    Args:
        given: a file, taken as it is; a folder, for its pictures and videos, sorted by
            name, without hidden files and files that this package has drawn; or the
            index of a camera, such as "0".
        recursive: whether to search folders in a folder as well; links to folders are
            not followed.
        report: called with an error for every folder that cannot be read, and for
            `given` if it is a folder without pictures and videos.
    """
    path = Path(given)
    # From `os.path`, since `Path`'s own methods raise for names that are too long.
    if str(given).isdecimal() and not os.path.exists(path):
        yield Source(int(str(given)), Path(f"camera{int(str(given))}"))
    elif not os.path.isdir(path):
        yield Source(path, _place(path))
    else:
        is_empty = True
        for file in _walk(path, recursive, report):
            is_empty = False
            yield Source(file, _place(file))
        if is_empty:
            endings = ", ".join((*PICTURE_ENDINGS, *VIDEO_ENDINGS))
            where = "" if recursive else "; --recursive looks into its folders"
            reason = f"this folder holds no pictures or videos ({endings}){where}"
            report(BrokenFileError(path, reason))


def _walk(
    folder: Path, recursive: bool, report: Callable[[BrokenFileError], None]
) -> Iterator[Path]:
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError as error:
        report(BrokenFileError(folder, error.strerror or str(error)))
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        # `DirEntry.is_dir` raises for circular links.
        is_link = entry.is_symlink()
        is_folder = os.path.isdir(entry.path) if is_link else entry.is_dir()
        if is_folder:
            if recursive and not is_link:
                yield from _walk(folder / entry.name, recursive, report)
        elif _is_wanted(entry.name.lower()):
            yield folder / entry.name


def _is_wanted(name: str) -> bool:
    return name.endswith((*PICTURE_ENDINGS, *VIDEO_ENDINGS)) and not name.endswith(
        _DRAWN
    )


def _place(path: Path) -> Path:
    absolute = Path(os.path.abspath(path))
    here = Path.cwd()
    root = here if absolute.is_relative_to(here) else absolute.anchor
    relative = absolute.relative_to(root)
    return relative.with_name(_shortened(relative.name))


def _shortened(name: str) -> str:
    content = os.fsencode(name)
    if len(content) <= _LONGEST_NAME:
        return name
    start = content[: _LONGEST_NAME - 17].decode("utf-8", "ignore")
    return f"{start}-{hashlib.sha256(content).hexdigest()[:16]}"
