"""Output for the user: this package's messages, without libraries' start-up lines."""

import contextlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator

from wingkeras.printable import printable

_STDERR = 2
_BAR_WIDTH = 24
_STARTUP_LINE = re.compile(rb"(WARNING: All log messages before|I\d{4} |INFO: ).*\n?")


def prepare(verbose: bool) -> None:
    """Set up messages, before any library is imported.

    Warnings go to standard error; with `verbose`, progress messages do too. A user's
    own setting of TensorFlow's log level is respected.

    Args:
        verbose: whether to report the steps of the work.
    """
    # Without a GPU, TensorFlow's runtime logs errors that are harmless. Real ones are
    # also raised as exceptions.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if _is_standard_error(sys.stderr):
        # A copy of the descriptor, for Python's messages while `hold_native_output`
        # holds back the original one.
        sys.stderr = os.fdopen(
            os.dup(_STDERR), "w", buffering=1, errors="backslashreplace"
        )
    # With a handler at the root logger, TensorFlow and absl add no handlers.
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.WARNING)
    if verbose:
        logging.getLogger("wingkeras").setLevel(logging.INFO)


def flush() -> None:
    """Flush standard output, so that errors show now and not when the process ends.

    Raises:
        OSError: if the output cannot be written, as on a full disk; `BrokenPipeError`
            if its reader has closed the pipe. Output still buffered is then discarded.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise


def _is_standard_error(stream) -> bool:
    try:
        return stream.fileno() == _STDERR
    except (AttributeError, OSError):  # no descriptor, or a stream in memory
        return False


@contextlib.contextmanager
def hold_native_output() -> Iterator[None]:
    """Hold back what native code of libraries writes to standard error as it starts.

    TensorFlow and LiteRT print start-up messages there, whatever their settings. If the
    body raises an exception, the output held back is written after all, without those
    messages. Python's own messages are not held back.
    """
    original = os.dup(_STDERR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        except Exception:
            held.seek(0)
            lines = [x for x in held if not _STARTUP_LINE.fullmatch(x)]
            os.write(original, b"".join(lines))
            raise
        finally:
            os.dup2(original, _STDERR)
            os.close(original)


class Progress:
    """A progress bar with a count on a terminal; silent if output is redirected.

    Example:

    ```python
    with Progress("frames") as progress:
        progress(1, 300)
    ```

    Args:
        noun: what is counted.
        title: shown before the bar, such as the name of a file.
    """

    def __init__(self, noun: str, title: str = ""):
        self._noun, self._title, self._written = noun, title, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._written:
            print(file=sys.stderr)

    def __call__(self, done: int, total: int = 0) -> None:
        """Show how many are done of a total; without a bar if it is unknown, 0."""
        if not sys.stderr.isatty():
            return
        parts = [f"{self._title}:"] if self._title else []
        if total:
            filled = _BAR_WIDTH * min(done, total) // total
            parts.append(f"[{'#' * filled:<{_BAR_WIDTH}}] {done} of {total}")
        else:
            parts.append(str(done))
        line = " ".join([*parts, self._noun])
        # Spaces overwrite the rest of a longer line.
        print(f"\r{line:<{self._written}}", end="", file=sys.stderr, flush=True)
        self._written = len(line)


def shown(text: object) -> str:
    """Untrusted text, such as a file name, made safe to print on one line.

    Control characters, and what standard output cannot encode, are escaped.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return printable(text).encode(encoding, "backslashreplace").decode(encoding)


def shown_lines(text: object) -> str:
    """Text of several lines, each treated by `shown`."""
    return "\n".join(map(shown, str(text).split("\n")))
