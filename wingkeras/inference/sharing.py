"""Sharing between threads of objects that only one thread may use at a time."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Exclusive(Generic[T]):
    """An object behind a lock, made on first use.

    Interpreters store their inputs and results, so that two threads would mix them up.
    Each uses all cores already, so waiting costs little. The object is made anew after
    pickling, and in a forked process, where a thread that no longer exists might hold
    the lock.

    Args:
        make: makes the object, without arguments; it must be a module-level function,
            or a partial of one, to be pickled.
    """

    def __init__(self, make: Callable[[], T]):
        self._make = make
        self._held: _Held[T] = _Held()

    @contextmanager
    def use(self) -> Iterator[T]:
        """Reserve the object until the end of the `with` block."""
        held = self._held
        if held.process != os.getpid():
            held = self._held = _Held()
        with held.lock:
            if held.value is None:
                held.value = self._make()
            yield held.value

    def __reduce__(self) -> tuple[Any, ...]:
        return Exclusive, (self._make,)


class _Held(Generic[T]):
    def __init__(self):
        self.process = os.getpid()
        self.lock = threading.Lock()
        self.value: T | None = None


class OneEach(Generic[T]):
    """A pool of objects: one for each thread that uses one at the moment.

    It suits small objects such as detectors. They are made anew after pickling, and in
    a forked process.

    Args:
        make: see `Exclusive`.
    """

    def __init__(self, make: Callable[[], T]):
        self._make = make
        self._process = os.getpid()
        self._free: list[T] = []

    @contextmanager
    def use(self) -> Iterator[T]:
        """An object that no other thread uses until the end of the `with` block."""
        if self._process != os.getpid():
            self._process, self._free = os.getpid(), []
        free = self._free
        # This needs no lock: popping from a list and appending to it are atomic.
        try:
            value = free.pop()
        except IndexError:
            value = self._make()
        try:
            yield value
        finally:
            free.append(value)

    def __reduce__(self) -> tuple[Any, ...]:
        return OneEach, (self._make,)


def check_process(process: int) -> None:
    """Refuse to use networks in another process than the one that loaded them.

    The runtimes' threads do not survive a fork: a call would wait for them forever.

    Args:
        process: id of the process that loaded them.

    Raises:
        RuntimeError: in another process.
    """
    if os.getpid() != process:
        raise RuntimeError(
            f"This localizer was made in process {process}, and its networks "
            f"cannot run in the forked process {os.getpid()}. Load it there, or "
            "start processes with multiprocessing.get_context('spawn')."
        )
