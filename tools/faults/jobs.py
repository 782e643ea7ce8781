"""Commands that write files, for kills and full disks, and what tells files whole."""

import csv
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import h5py
import numpy as np
from matplotlib.cbook import get_sample_data

from faults import write_results
from faults.kinds import WrongResultError

_PORTRAIT = Path(get_sample_data("grace_hopper.jpg", asfileobj=False))
_MODEL = "cnn6_300w"
_FACES = 24
_LIMIT = 240.0
SCRATCH = ".incomplete-"
"""What the names of files begin with that are being written."""


@dataclass(frozen=True)
class Job:
    """A command that writes into the folder that it is run in.

    Attributes:
        name: of the command.
        command: what follows the interpreter.
        writes: how many files it begins to write, about.
        make_inputs: writes what it reads into a folder.
        check_part: raises `WrongResultError` unless what is in the first folder, where
            the command was ended, is whole; the second one is as it should be at last.
        check_whole: raises it unless the first folder is as the second.
    """

    name: str
    command: tuple[str, ...]
    writes: int
    make_inputs: Callable[[Path], None]
    check_part: Callable[[Path, Path], None]
    check_whole: Callable[[Path, Path], None]


def run(
    job: Job,
    folder: Path,
    interrupt: Callable[[subprocess.Popen], None] = lambda process: None,
    largest: int | None = None,
) -> tuple[int, str]:
    """Run a job's command in a folder.

    Args:
        job: whose command it is.
        folder: with its inputs.
        interrupt: called with the process once it has been started.
        largest: size that a file may have, bytes.

    Returns:
        The exit code, negative for a signal, and what it wrote to standard error.
    """

    def prepare() -> None:
        # Whoever runs this in the background has Ctrl-C ignored, which is inherited.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    process = subprocess.Popen(
        [sys.executable, "-P", *job.command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "WINGKERAS_HOME": str(folder.parent / "cache")},
        preexec_fn=prepare,
    )
    with process:
        try:
            interrupt(process)
            _, errors = process.communicate(timeout=_LIMIT)
        finally:
            process.kill()
    return process.returncode, errors


def check_scratch(folder: Path) -> None:
    """Raise `WrongResultError` if a folder holds scratch files."""
    if left := [path.name for path in folder.rglob(f"{SCRATCH}*")]:
        raise WrongResultError(f"left {left}")


def _make_pictures(folder: Path) -> None:
    (folder / "pictures").mkdir()
    for name in "abc":
        shutil.copy(_PORTRAIT, folder / "pictures" / f"{name}.jpg")


def _outputs(folder: Path) -> dict[str, bytes]:
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if not path.name.startswith(".")
    }


def _check_files(part: Path, whole: Path) -> None:
    expected = _outputs(whole)
    for name, content in _outputs(part).items():
        if expected.get(name) != content:
            raise WrongResultError(f"{name} is another file, {len(content)} bytes")


def _check_all_files(here: Path, whole: Path) -> None:
    _check_files(here, whole)
    if missing := sorted(_outputs(whole).keys() - _outputs(here).keys()):
        raise WrongResultError(f"lacks {missing}")


def _make_nothing(folder: Path) -> None:
    pass


def _make_faces(folder: Path) -> None:
    rng = np.random.default_rng(0)
    columns = [f"{axis}{i}" for axis in "xy" for i in range(1, 6)]
    lines = [",".join(["image", *columns])]
    for i in range(_FACES):
        cv2.imwrite(
            str(folder / f"{i}.png"), rng.integers(0, 256, (80, 80, 3), np.uint8)
        )
        points = rng.uniform(20, 60, (2, 5)).round(2).ravel()
        lines.append(",".join([f"{i}.png", *map(str, points)]))
    (folder / "faces.csv").write_text("\n".join(lines))


def _check_run(part: Path, whole: Path) -> None:
    """Every file of a run folder can be read, whatever epoch it is of."""
    run = part / "out"
    if (run / "recipe.json").exists():
        json.loads((run / "recipe.json").read_text())
    if (run / "metrics.csv").exists():
        expected = _rows(whole / "out")
        rows = _rows(run)
        if rows != expected[: len(rows)]:
            raise WrongResultError(f"metrics.csv has other rows: {rows}")
    for path in run.glob("*.weights.h5"):
        # What was being written when the process was killed goes at the next start.
        if not path.name.startswith(SCRATCH):
            _tensors(path)


def _check_whole_run(here: Path, whole: Path) -> None:
    _check_run(here, whole)
    if _rows(here / "out") != _rows(whole / "out"):
        raise WrongResultError("metrics.csv has other rows")
    for path in (whole / "out").glob("*.weights.h5"):
        expected, found = _tensors(path), _tensors(here / "out" / path.name)
        same = expected.keys() == found.keys() and all(
            np.array_equal(expected[name], found[name]) for name in expected
        )
        if not same:
            raise WrongResultError(f"{path.name} has other weights")


def _rows(run: Path) -> list[dict]:
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _tensors(path: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}

    def keep(name: str, item) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(path) as file:
        file.visititems(keep)
    return found


def _check_converted(part: Path, whole: Path) -> None:
    """The file, if there is one, computes what that of the whole conversion does."""
    if not (part / "out" / "a.onnx").exists():
        return
    from wingkeras.inference import runtimes

    stages = [
        runtimes.load_stage(path / "out" / "a.onnx", "onnx", np.zeros((68, 2)), 64)
        for path in (part, whole)
    ]
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3))
    crops = images.astype(np.float32)
    first, second = (stage.run(crops) for stage in stages)
    if not np.allclose(first, second, atol=1e-3):
        raise WrongResultError("a.onnx computes other landmarks")


def _check_all_converted(here: Path, whole: Path) -> None:
    if not (here / "out" / "a.onnx").exists():
        raise WrongResultError("lacks a.onnx")
    _check_converted(here, whole)


_PROGRAM = ("-m", "wingkeras")
RESULTS = Job(
    "results",
    (write_results.__file__, "pictures", "out"),
    12,
    _make_pictures,
    _check_files,
    _check_all_files,
)
PREDICT = Job(
    "predict",
    (
        *(*_PROGRAM, "predict", "pictures", "--output", "out", "--model", _MODEL),
        *("--format", "json", "--format", "pts", "--format", "picture"),
        "--skip-existing",
    ),
    9,
    _make_pictures,
    _check_files,
    _check_all_files,
)
CONVERT = Job(
    "convert",
    (
        *(*_PROGRAM, "convert", _MODEL, "--stage", "stage1", "--to", "onnx"),
        *("--output", "out/a.onnx"),
    ),
    1,
    _make_nothing,
    _check_converted,
    _check_all_converted,
)
TRAIN = Job(
    "train",
    (
        *(*_PROGRAM, "train", "--recipe", "modern_cnn6", "--data", "faces.csv"),
        *("--scheme", "five", "--epochs", "3", "--batch-size", "4", "--output", "out"),
    ),
    10,
    _make_faces,
    _check_run,
    _check_whole_run,
)
