"""Objects that threads share although only one may use them at a time."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Exclusive(Generic[T]):
    """An object behind a lock, made on first use.

    Interpreters and detectors keep their inputs and results inside, so that two threads
    would mix them up. Each uses all cores already: waiting costs little. Pickled, or in
    a forked process, whose lock might be held by a thread that is not there, the object
    is made anew.

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
