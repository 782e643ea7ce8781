"""Damaged annotation files: they are read or refused as documented."""

import json
import random
import re
from pathlib import Path

import cv2
import numpy as np

from faults.kinds import Attempt, Kind, WrongResultError
from faults.mutations import mutated_json, mutated_text
from wingkeras.data.coco import load_coco
from wingkeras.data.csv_files import load_csv
from wingkeras.data.faces import FaceDataset
from wingkeras.data.pts import read_pts
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import FIVE

SHAPE = np.array([[10, 10], [30, 12], [20, 22], [12, 30], [28, 30]])
_NUMBER = re.compile(rb"(?<![\w.])[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def _prepare_pts(folder: Path) -> Attempt:
    lines = "".join(f"{x} {y}\n" for x, y in SHAPE + 1)
    text = f"version: 1\nn_points: 5\n{{\n{lines}}}\n"
    path = folder / "a.pts"

    def attempt(seed: int) -> None:
        data = mutated_text(text, random.Random(seed))
        path.write_bytes(data)
        try:
            points = read_pts(path, 5)
        except BrokenFileError as error:
            _check(error.path == path, "the error names another file")
            return
        _check(points.shape == (5, 2), f"received shape {points.shape}")
        _check_numbers(points + 1, data)

    return attempt


def _prepare_csv(folder: Path) -> Attempt:
    columns = [f"{axis}{i}" for axis in "xy" for i in range(1, 6)]
    row = ",".join(["face.png", *map(str, SHAPE.T.ravel()), "7"])
    text = "\n".join([",".join(["image", *columns, "age"]), row, row, row, ""])
    path = _with_picture(folder) / "a.csv"

    def attempt(seed: int) -> None:
        path.write_bytes(mutated_text(text, random.Random(seed)))
        on_error = ("raise", "skip")[seed % 2]
        _check_load(lambda: load_csv(path, FIVE, on_error), path)

    return attempt


def _prepare_coco(folder: Path) -> Attempt:
    keypoints = np.concatenate([SHAPE, np.full((5, 1), 2)], axis=1).ravel().tolist()
    picture = {"id": 1, "file_name": "face.png", "width": 50, "height": 40}
    face = {"image_id": 1, "iscrowd": 0, "keypoints": keypoints}
    faces = [face | {"id": i} for i in range(3)]
    content = {"images": [picture], "annotations": faces}
    path = _with_picture(folder) / "a.json"

    def attempt(seed: int) -> None:
        rng = random.Random(seed)
        as_text = seed % 3 == 0
        data = mutated_text(json.dumps(content), rng) if as_text else None
        path.write_bytes(data or mutated_json(content, rng))
        on_error = ("raise", "skip")[seed % 2]
        _check_load(lambda: load_coco(path, FIVE, on_error=on_error), path)

    return attempt


def _with_picture(folder: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    cv2.imwrite(str(folder / "face.png"), pixels)
    return folder


def _check_load(load, path: Path) -> None:
    try:
        faces = load()
    except BrokenFileError as error:
        _check(str(error).isprintable(), f"no line of text: {error!s}")
        return
    _check(isinstance(faces, FaceDataset) and len(faces) > 0, "no faces")
    _check(bool(np.isfinite(faces.boxes).all()), "boxes that are not finite")
    _check_numbers(faces.landmarks, path.read_bytes())


def _check_numbers(coordinates: np.ndarray, data: bytes) -> None:
    """Every coordinate read is a number that the file holds."""
    known = np.array([float(text) for text in _NUMBER.findall(data)])
    labelled = coordinates[~np.isnan(coordinates)]
    _check(labelled.size > 0 and bool(np.isfinite(labelled).all()), "no landmarks")
    distance = np.abs(labelled[:, None] - known).min(axis=1)
    allowed = 1e-5 * np.abs(labelled) + 1e-3
    _check(bool((distance <= allowed).all()), "coordinates that the file does not hold")


def _check(holds: bool, problem: str) -> None:
    if not holds:
        raise WrongResultError(problem)


PTS = Kind("`.pts` files", _prepare_pts, 10_000, 100)
CSV = Kind("CSV files", _prepare_csv, 10_000, 50)
COCO = Kind("COCO files", _prepare_coco, 10_000, 50)
