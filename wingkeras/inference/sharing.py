"""Objects that threads share although only one may use each at a time."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Exclusive(Generic[T]):
    """An object behind a lock, made on first use.

    Interpreters keep their inputs and results inside, so that two threads would mix
    them up. Each uses all cores already: waiting costs little. Pickled, or in a forked
    process, whose lock might be held by a thread that is not there, the object is made
    anew.

    Args:
        make: called without arguments; a function of a module, or a partial of one, if
            it is to be pickled.
    """

    def __init__(self, make: Callable[[], T]):
        self._make = make
        self._held: _Held[T] = _Held()

    @contextmanager
    def use(self) -> Iterator[T]:
        """The object, until the end of the `with` block."""
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
    """An object for each thread that uses one at the moment, kept for the next.

    For small objects such as detectors, which a thread can have for itself. Pickled, or
    in a forked process, they are made anew.

    Args:
        make: see `Exclusive`.
    """

    def __init__(self, make: Callable[[], T]):
        self._make = make
        self._process = os.getpid()
        self._free: list[T] = []

    @contextmanager
    def use(self) -> Iterator[T]:
        """An object that nobody else has until the end of the `with` block."""
        if self._process != os.getpid():
            self._process, self._free = os.getpid(), []
        free = self._free
        # Without a lock: taking from a list, and adding to it, cannot be interrupted.
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
