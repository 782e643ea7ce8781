"""Ending a command from outside without leaving anything half done."""

import contextlib
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def terminated_like_interrupted() -> Iterator[Callable[[], bool]]:
    """SIGTERM does what Ctrl-C does: the stack unwinds, scratch files are removed.

    For the length of a command, in the main thread; elsewhere it changes nothing.

    Yields:
        A function that tells whether SIGTERM came. The command's exit code is then
        `128 + signal.SIGTERM`, otherwise that of an interrupted one.

    Example:

    ```python
    with terminated_like_interrupted() as terminated:
        try:
            return run()
        except KeyboardInterrupt:
            return 143 if terminated() else 130
    ```
    """
    received = []

    def interrupt(*_) -> None:
        received.append(True)
        # Shells start background jobs with Ctrl-C ignored.
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not the main thread
        yield lambda: False
        return
    try:
        yield lambda: bool(received)
    finally:
        # None is a handler that was not set from Python.
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
