"""Processes killed while they work: nothing is half written, and they can go on.

A command is started in a folder of its own, ended at some moment, and started again.
What it had written by then is whole, and in the end all is as without the kill.
"""

import contextlib
import random
import shutil
import signal
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from faults import jobs
from faults.kinds import Attempt, Kind, WrongResultError

_SIGNALS = (*[signal.SIGKILL] * 3, signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class _Moment:
    """When to end a process: once it has begun so many files, or, of 0, so late."""

    files: int
    seconds: float


def _prepare(job: jobs.Job, folder: Path) -> Attempt:
    inputs, whole = folder / "inputs", folder / "whole"
    inputs.mkdir()
    job.make_inputs(inputs)
    shutil.copytree(inputs, whole)
    start = time.monotonic()
    code, errors = jobs.run(job, whole)
    if code:
        raise RuntimeError(f"{job.name} alone: exit code {code}, {errors}")
    duration = time.monotonic() - start

    def attempt(seed: int) -> None:
        rng = random.Random(seed)
        here = folder / "here"
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(inputs, here)
        number = rng.choice(_SIGNALS)
        # Every second kill hits a file as it is written.
        moment = _Moment(
            rng.randint(1, job.writes) if seed % 2 else 0,
            rng.uniform(0.4, 1) * duration,
        )
        code, errors = jobs.run(
            job, here, lambda process: _end(process, here, moment, number)
        )
        _check_ended(code, number, errors, here)
        job.check_part(here, whole)
        code, errors = jobs.run(job, here)
        if code:
            raise WrongResultError(f"started again: exit code {code}, {errors}")
        jobs.check_scratch(here)
        job.check_whole(here, whole)

    return attempt


def _end(process, folder: Path, moment: _Moment, number: signal.Signals) -> None:
    seen: set[str] = set()
    end = time.monotonic() + moment.seconds
    while process.poll() is None:
        if moment.files:
            seen |= {path.name for path in folder.rglob(f"{jobs.SCRATCH}*")}
            if len(seen) >= moment.files:
                break
        elif time.monotonic() > end:
            break
        time.sleep(0.0005)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def _check_ended(code: int, number: signal.Signals, errors: str, folder: Path) -> None:
    if number == signal.SIGKILL:
        if code not in (0, -number):
            raise WrongResultError(f"exit code {code} after a kill: {errors}")
        return
    # Python itself ends by the signal while it starts and has not heard of a handler.
    if code not in (0, 128 + number, -number, 1):
        raise WrongResultError(f"exit code {code} after {number.name}: {errors}")
    if code == 128 + number:
        jobs.check_scratch(folder)


RESULTS = Kind("kills of results", partial(_prepare, jobs.RESULTS), 200, 2, 300.0)
PREDICT = Kind("kills of `predict`", partial(_prepare, jobs.PREDICT), 40, 1, 300.0)
CONVERT = Kind("kills of `convert`", partial(_prepare, jobs.CONVERT), 20, 1, 300.0)
TRAIN = Kind("kills of `train`", partial(_prepare, jobs.TRAIN), 20, 1, 600.0)
