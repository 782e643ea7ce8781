"""What the user sees: messages of this package, no start-up lines of libraries."""

import contextlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator

from wingkeras.printable import printable

_STDERR = 2
_STARTUP_LINE = re.compile(rb"(WARNING: All log messages before|I\d{4} |INFO: ).*\n?")


def prepare(verbose: bool) -> None:
    """Set up messages, before any library is imported.

    Warnings go to standard error, with `verbose` the steps of the work too.
    TensorFlow's own setting counts where the user made it.

    Args:
        verbose: whether to say what is done.
    """
    # Without a GPU, TensorFlow's runtime reports errors that are none. What does go
    # wrong with it is raised as an exception besides.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if _is_standard_error(sys.stderr):
        # A way of Python's own, open while `hold_native_output` has the usual one.
        sys.stderr = os.fdopen(
            os.dup(_STDERR), "w", buffering=1, errors="backslashreplace"
        )
    # With a handler at the root, TensorFlow and absl add none of their own.
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.WARNING)
    if verbose:
        logging.getLogger("wingkeras").setLevel(logging.INFO)


def flush() -> None:
    """Hear now whether the output arrived, and not when the process ends.

    Raises:
        OSError: if it did not, on a full disk; `BrokenPipeError` where whoever read it
            has enough. What is still buffered then goes nowhere.
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
    except (AttributeError, OSError):  # none, or one in memory
        return False


@contextlib.contextmanager
def hold_native_output() -> Iterator[None]:
    """Hold back what libraries write to standard error past Python, as they start.

    TensorFlow and LiteRT announce themselves there, whatever their settings. If the
    body raises an exception, what was held back is written after all, without those
    lines. Messages of Python's are not held back.
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
    """A line that counts, on a terminal; nothing where output goes elsewhere.

    Example:

    ```python
    with Progress("frames") as progress:
        progress(1, 300)
    ```

    Args:
        noun: what is counted.
    """

    def __init__(self, noun: str):
        self._noun, self._written = noun, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._written:
            print(file=sys.stderr)

    def __call__(self, done: int, total: int = 0) -> None:
        """Show how many are done, of a total that may be unknown, 0."""
        if not sys.stderr.isatty():
            return
        of = f" of {total}" if total else ""
        line = f"{done}{of} {self._noun}"
        # Spaces cover what a longer line left.
        print(f"\r{line:<{self._written}}", end="", file=sys.stderr, flush=True)
        self._written = len(line)


def shown(text: object) -> str:
    """Text of others, such as a file's name, as it can be printed on one line.

    Control characters, and what standard output cannot encode, are escaped.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return printable(text).encode(encoding, "backslashreplace").decode(encoding)


def shown_lines(text: object) -> str:
    """Text of several lines, each as `shown` has it."""
    return "\n".join(map(shown, str(text).split("\n")))
