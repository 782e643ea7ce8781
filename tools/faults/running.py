"""Attempts in processes of their own: what a crash or a hang ends is not this one."""

import multiprocessing
import os
import resource
import sys
import tempfile
from collections.abc import Iterable
from multiprocessing.connection import Connection
from pathlib import Path

from faults.kinds import Kind, Tally, WrongResultError

_START_LIMIT = 300.0
"""Seconds in which a process must have prepared its attempts: it loads libraries."""

_MOST_MEMORY = 5 * 2**29
"""Bytes that a process may have taken in the end."""


def run(kind: Kind, seeds: Iterable[int], progress=lambda tally: None) -> Tally:
    """Make attempts, one after the other.

    Args:
        kind: of faults.
        seeds: of the attempts.
        progress: called with the tally after each.

    Returns:
        The tally; with a single failure if the attempts cannot be prepared.
    """
    tally, worker = Tally(kind), None
    for seed in seeds:
        if worker is None:
            worker = _Worker(kind)
            outcome, reason = worker.prepared
            if outcome != "right":
                tally.add(seed, outcome, f"cannot be prepared: {reason}")
                break
        outcome, reason = worker.attempt(seed)
        tally.add(seed, outcome, reason)
        progress(tally)
        if outcome in ("crash", "hang"):
            worker.close()
            worker = None
    if worker is not None:
        worker.close()
    return tally


class _Worker:
    """A process that makes attempts at a kind, and the folder it has for them."""

    def __init__(self, kind: Kind):
        self._kind = kind
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        arguments = (kind, Path(self._folder.name), other)
        self._process = context.Process(target=_work, args=arguments)
        self._process.start()
        other.close()
        self.prepared = self._answer(_START_LIMIT)

    def attempt(self, seed: int) -> tuple[str, str]:
        self._connection.send(seed)
        return self._answer(self._kind.limit)

    def _answer(self, limit: float) -> tuple[str, str]:
        if not self._connection.poll(limit):
            return "hang", f"no end after {limit:g} s"
        try:
            return self._connection.recv()
        except EOFError:
            self._process.join()
            return "crash", f"exit code {self._process.exitcode}"

    def close(self) -> None:
        self._connection.close()
        self._process.join(5)
        self._process.kill()
        self._process.join()
        self._folder.cleanup()


def _work(kind: Kind, folder: Path, connection: Connection) -> None:
    # Libraries write of damaged files what they like.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    try:
        attempt = kind.prepare(folder)
    except BaseException as error:
        connection.send(("undocumented", f"{type(error).__name__}: {error}"))
        return
    connection.send(("right", ""))
    while True:
        try:
            seed = connection.recv()
        except EOFError:
            return
        connection.send(_outcome(attempt, seed))


def _outcome(attempt, seed: int) -> tuple[str, str]:
    before = _most_memory()
    try:
        attempt(seed)
    except WrongResultError as error:
        return "wrong", str(error)
    except BaseException as error:
        return "undocumented", f"{type(error).__name__}: {str(error)[:300]}"
    taken = _most_memory()
    if taken > before and taken > _MOST_MEMORY:
        return "wrong", f"it took {taken / 2**30:.1f} GB"
    return "right", ""


def _most_memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
