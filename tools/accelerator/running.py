"""Jobs one after the other, within a time; what is done is not done again."""

import contextlib
import gc
import json
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from accelerator import archive
from accelerator.deadline import OutOfTimeError
from accelerator.jobs import Work
from wingkeras.storage.files import atomic_write

_DONE, _FAILED = "done", "failed"
_LEAST = 15.0  # seconds that a job is worth starting for
_CHECKPOINTS = ("best.weights.h5", "checkpoint.weights.h5")


def run(
    jobs: Mapping[str, Callable[[Work], dict[str, Any]]],
    names: Sequence[str],
    work: Work,
    parts: Path | None = None,
) -> dict[str, str]:
    """Do what is not done, until the time is up.

    What a job gives is written to `output/done/NAME.json` the moment it ends. One that
    fails leaves what it said in `output/failed/NAME.txt`, and the next one is done.

    Args:
        jobs: by name.
        names: of those to do, in this order.
        work: what they are given.
        parts: folder that receives the results in few files after every job, see
            `archive.collect`.

    Returns:
        By name: "done", "failed", "interrupted" or "not begun".
    """
    states = dict.fromkeys(names, "not begun")
    for name in names:
        written = work.output / _DONE / f"{name}.json"
        if written.exists():
            states[name] = "done"
            continue
        if work.deadline.left < _LEAST:
            break
        work.log(f"{name}: {work.deadline.left:.0f} s left")
        states[name] = _do(jobs[name], name, work)
        work.log(f"{name}: {states[name]}")
        keras.utils.clear_session()
        gc.collect()
        if parts:
            _collect(work, parts)
        if states[name] == "interrupted":
            break
    if parts:
        _collect(work, parts)
    return states


def _do(job, name: str, work: Work) -> str:
    failed = work.output / _FAILED / f"{name}.txt"
    try:
        result = {"machine": work.machine, "length": work.length, **job(work)}
    except OutOfTimeError:
        return "interrupted"
    except Exception:
        with atomic_write(failed) as scratch:
            scratch.write_text(traceback.format_exc())
        return "failed"
    with contextlib.suppress(FileNotFoundError):
        failed.unlink()
    with atomic_write(work.output / _DONE / f"{name}.json") as scratch:
        scratch.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    return "done"


def _collect(work: Work, parts: Path) -> None:
    left_out = archive.collect(work.output, worthiest(work.output), parts)
    for path in left_out:
        work.log(f"no room for {path.relative_to(work.output)}")


def worthiest(output: Path) -> Iterator[Path]:
    """The files to bring home: results, logs, trained networks, then what is needed to
    go on, the newest first.
    """
    small, networks, checkpoints = [], [], []
    for path in sorted(output.rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        folder = path.relative_to(output).parts[0]
        if folder not in (_DONE, _FAILED, "results", "runs"):
            continue
        if path.name in _CHECKPOINTS:
            checkpoints.append(path)
        elif path.suffix == ".h5":
            # Of a table's experiments the errors are enough.
            networks += [path] * ("tables" not in path.parts)
        else:
            small.append(path)
    checkpoints.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return iter([*small, *networks, *checkpoints])
