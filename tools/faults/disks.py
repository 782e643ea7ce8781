"""Disks that are full: a message, no half of a file, and the rest once there is room.

As root, every second disk is a small one in memory; the others, and all of them where
that cannot be, are limits on the size of a file.
"""

import contextlib
import random
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from faults import jobs
from faults.kinds import Attempt, Kind, WrongResultError

_ROOM = 2**29
"""Bytes of a disk with room again: a training keeps its optimizer's state, and needs
room for the next one beside it."""


def _prepare(job: jobs.Job, folder: Path) -> Attempt:
    inputs, whole = folder / "inputs", folder / "whole"
    inputs.mkdir()
    job.make_inputs(inputs)
    shutil.copytree(inputs, whole)
    code, errors = jobs.run(job, whole)
    if code:
        raise RuntimeError(f"{job.name} alone: exit code {code}, {errors}")
    sizes = [p.stat().st_size for p in (whole / "out").rglob("*") if p.is_file()]

    def attempt(seed: int) -> None:
        rng = random.Random(seed)
        here = folder / "here"
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(inputs, here)
        (here / "out").mkdir()
        room = rng.randrange(4096, sum(sizes))
        with contextlib.ExitStack() as stack:
            largest = None
            if seed % 2 or not stack.enter_context(_small(here / "out", room)):
                largest = rng.randrange(1, max(sizes))
            code, errors = jobs.run(job, here, largest=largest)
            _check(code, errors)
            jobs.check_scratch(here)
            job.check_part(here, whole)
            if code == 0:
                job.check_whole(here, whole)
            _resize(here / "out")
            code, errors = jobs.run(job, here)
            if code:
                raise WrongResultError(f"with room again: exit code {code}, {errors}")
            job.check_whole(here, whole)

    return attempt


def _check(code: int, errors: str) -> None:
    if code not in (0, 1):
        raise WrongResultError(f"exit code {code}: {errors[-300:]}")
    if code and ("Traceback" in errors or not errors.strip()):
        raise WrongResultError(f"no message but {errors[-300:]!r}")


@contextlib.contextmanager
def _small(folder: Path, size: int) -> Iterator[bool]:
    """A folder with so many bytes; whether that can be."""
    options = ("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    try:
        made = subprocess.run(["mount", *options], capture_output=True).returncode == 0
    except FileNotFoundError:
        made = False
    try:
        yield made
    finally:
        if made:
            subprocess.run(["umount", folder], check=True)


def _resize(folder: Path) -> None:
    if folder.is_mount():
        options = ("-o", f"remount,size={_ROOM}", folder)
        subprocess.run(["mount", *options], check=True)


RESULTS = Kind("full disks of results", partial(_prepare, jobs.RESULTS), 100, 2, 300.0)
PREDICT = Kind("full disks of `predict`", partial(_prepare, jobs.PREDICT), 10, 1, 300.0)
CONVERT = Kind("full disks of `convert`", partial(_prepare, jobs.CONVERT), 10, 1, 300.0)
TRAIN = Kind("full disks of `train`", partial(_prepare, jobs.TRAIN), 10, 1, 600.0)
