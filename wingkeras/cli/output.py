"""What the user sees: messages of this package, no start-up lines of libraries."""

import logging
import os
import sys


def prepare(verbose: bool) -> None:
    """Set up messages, before any library is imported.

    Warnings go to standard error, progress too with `verbose`. TensorFlow's runtime
    writes what it found on the machine there, as errors where it found no GPU; what
    goes wrong with it is raised as an exception besides. The user's own setting of
    `TF_CPP_MIN_LOG_LEVEL` counts.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # With a handler at the root, TensorFlow and absl add none of their own.
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.WARNING)
    if verbose:
        logging.getLogger("wingkeras").setLevel(logging.INFO)


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
