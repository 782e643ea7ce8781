"""Ending a command by a signal without leaving partial results."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_AGAIN = 0.5
"""Seconds until an interrupt that a library ignored is raised again."""

_HAS_TIMER = hasattr(signal, "setitimer")


@contextlib.contextmanager
def terminated_like_interrupted() -> Iterator[Callable[[], bool]]:
    """Treat SIGTERM like Ctrl-C: the stack unwinds, scratch files are removed.

    It holds inside the block and in the main thread; other threads are not affected.

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


@contextlib.contextmanager
def interrupts_repeated() -> Iterator[None]:
    """Ctrl-C ends the block even where a library catches `KeyboardInterrupt`.

    Converters catch every exception and go on. So the interrupt is raised again every
    half second until the block is left, and at its end at the latest. Clean-up in the
    block must not take longer than that.

    It holds in the main thread; other threads are not affected. SIGTERM is treated the
    same if `terminated_like_interrupted` handles it.

    Example:

    ```python
    with interrupts_repeated():
        content = converter.convert()
    ```

    Raises:
        KeyboardInterrupt: if a signal came.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    left: list[bool] = []
    own = sys._getframe()
    replaced = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(number))
    }

    def repeat(number, frame) -> None:
        received.append(number)
        # On a busy machine the alarm may come while the handlers are put back. A timer
        # started now would end the process.
        if _HAS_TIMER and not left:
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        try:
            if number in replaced:
                replaced[number](number, frame)
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            # One that is raised while handlers are set or put back would leave some.
            if not _is_called_by(frame, own):
                raise

    with contextlib.ExitStack() as stack:
        if _HAS_TIMER:
            alarm = signal.signal(signal.SIGALRM, repeat)
            # None is a handler that was not set from Python.
            before = signal.SIG_DFL if alarm is None else alarm
            stack.callback(signal.signal, signal.SIGALRM, before)
            stack.callback(signal.setitimer, signal.ITIMER_REAL, 0)
        for number, handler in replaced.items():
            stack.callback(signal.signal, number, handler)
            signal.signal(number, repeat)
        stack.callback(left.append, True)
        try:
            yield
        except Exception as error:  # what became of it in a library, perhaps
            if received:
                raise KeyboardInterrupt from error
            raise
    if received:
        raise KeyboardInterrupt


def _is_called_by(frame: FrameType | None, caller: FrameType) -> bool:
    """Whether `caller` is `frame` or one of the frames that led to it."""
    while frame is not None and frame is not caller:
        frame = frame.f_back
    return frame is not None
