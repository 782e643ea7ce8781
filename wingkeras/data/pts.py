"""The `.pts` annotation files of 300-W: one face per file, 1-based pixels."""

import os

import numpy as np

from wingkeras import geometry
from wingkeras.data.numbers import FARTHEST, parse_decimal, parse_whole, shortened
from wingkeras.imaging.images import BrokenFileError, read_bytes
from wingkeras.storage.files import atomic_write


def read_pts(path: str | os.PathLike, num_landmarks: int | None = None) -> np.ndarray:
    """Read a `.pts` file.

    A list of points without braces, as in some copies of 300-W, is accepted if
    `n_points` or `num_landmarks` confirms that it is complete.

    Args:
        path: of the file.
        num_landmarks: how many points it must have; any number by default.

    Returns:
        `(L, 2)` float32, 0-based pixels: the file's coordinates minus 1.

    Raises:
        BrokenFileError: if the file is missing, empty, cut off or not a list of points,
            has another number of points, or coordinates that are not finite or not
            ASCII decimals.

    Example:

    ```python
    write_pts("photo.pts", landmarks[0])
    read_pts("photo.pts", num_landmarks=68).shape  # (68, 2)
    ```
    """
    lines = _read_lines(path)
    declared, lines = _take_header(path, lines)
    points, closed = _take_points(path, lines)
    if declared not in (None, len(points)):
        raise BrokenFileError(
            path, f"n_points says {declared} points, found {len(points)}"
        )
    if num_landmarks not in (None, len(points)):
        raise BrokenFileError(
            path, f"expected {num_landmarks} points, found {len(points)}"
        )
    if not closed and declared is None and num_landmarks is None:
        raise BrokenFileError(
            path, "neither braces nor n_points tell whether the points are complete"
        )
    if not points:
        raise BrokenFileError(path, "no points in it")
    return geometry.from_one_based(np.array(points)).astype(np.float32)


def write_pts(path: str | os.PathLike, landmarks: np.ndarray) -> None:
    """Write a `.pts` file; an interrupted call leaves no partial file behind.

    Args:
        path: of the file, replaced if it exists.
        landmarks: `(L, 2)`, 0-based pixels; the file holds them plus 1, with six
            decimals.

    Raises:
        ValueError: for another shape, or coordinates that are not finite.

    Example:

    ```python
    write_pts("photo.pts", landmarks[0])
    ```
    """
    landmarks = np.asarray(landmarks, np.float64)
    if landmarks.ndim != 2 or landmarks.shape[1] != 2 or not len(landmarks):
        raise ValueError(
            f"Expected `landmarks` as (L, 2) pixels, received shape {landmarks.shape}."
        )
    wrong = np.flatnonzero(~np.isfinite(landmarks).all(axis=1))
    if len(wrong):
        raise ValueError(
            f"Expected finite `landmarks`, received {landmarks[wrong[0]]} at points "
            f"{wrong.tolist()}. A .pts file cannot say that a point is unlabelled: "
            "leave such faces out, or write all faces into one CSV file."
        )
    places = geometry.to_one_based(landmarks)
    text = f"version: 1\nn_points: {len(landmarks)}\n{{\n"
    text += "".join(f"{x:.6f} {y:.6f}\n" for x, y in places) + "}\n"
    with atomic_write(path) as scratch:
        scratch.write_text(text, encoding="ascii", newline="\n")


def _read_lines(path) -> list[tuple[int, str]]:
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenFileError(path, "not a text file") from error
    numbered = ((i, line.strip()) for i, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in numbered if line]


def _take_header(path, lines) -> tuple[int | None, list[tuple[int, str]]]:
    declared = None
    for index, (number, line) in enumerate(lines):
        key, colon, value = line.partition(":")
        if not colon:
            return declared, lines[index:]
        if key.strip().lower() == "n_points":
            try:
                declared = parse_whole(value)
            except ValueError as error:
                raise BrokenFileError(
                    path,
                    f"line {number}: expected a number of points, found "
                    f"{shortened(line)}",
                ) from error
    return declared, []


def _take_points(path, lines) -> tuple[list[tuple[float, float]], bool]:
    texts = [line for _, line in lines]
    if texts[:1] != ["{"]:
        return [_parse_point(path, *line) for line in lines], False
    if "}" not in texts:
        # An error even with the right number of points: the last may lack digits.
        raise BrokenFileError(
            path, f"cut off: no closing brace after {len(lines) - 1} lines of points"
        )
    end = texts.index("}")
    if texts[end + 1 :]:
        raise BrokenFileError(
            path, f"line {lines[end + 1][0]}: text after the closing brace"
        )
    return [_parse_point(path, *line) for line in lines[1:end]], True


def _parse_point(path, number: int, line: str) -> tuple[float, float]:
    try:
        x, y = map(parse_decimal, line.split())
    except ValueError as error:
        raise BrokenFileError(
            path, f"line {number}: expected two numbers, found {shortened(line)}"
        ) from error
    if not (abs(x) < FARTHEST and abs(y) < FARTHEST):
        raise BrokenFileError(
            path, f"line {number}: {shortened(line)} is no pixel position"
        )
    return x, y
