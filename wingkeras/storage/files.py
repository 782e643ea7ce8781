"""Writing files so that a reader finds all of one, or none."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike) -> Iterator[Path]:
    """A scratch file that takes the place of `path` at once when it is complete.

    Args:
        path: of the file to make; its folder is made where it is missing.

    Yields:
        The path to write to: in the same folder and with the same ending. Left
        with an exception, it is removed and `path` stays as it was.

    Raises:
        OSError: where the folder cannot be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=".incomplete-", suffix="-" + path.name, dir=path.parent
    )
    os.close(handle)
    scratch = Path(name)
    try:
        yield scratch
        scratch.chmod(0o666 & ~_umask())
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
