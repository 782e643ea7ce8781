"""Writing files so that a reader finds the complete file or none."""

import atexit
import contextlib
import errno
import functools
import os
from collections.abc import Iterator
from pathlib import Path

from wingkeras.storage import processes

_PREFIX = ".incomplete-"
# The longest ending kept of a name: a scratch file's own must stay under 255 bytes.
_ENDING = 40
# Errors of writing, which do not name the file.
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)

_unfinished: set[tuple[int, Path]] = set()
"""Scratch files that may exist, with the process that writes them: a forked process
inherits the set, but not the files."""


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike) -> Iterator[Path]:
    """A scratch file that replaces `path` atomically when it is complete.

    Its content is on the disk before its name is, so that not even a power failure
    leaves half a file. The first time that a process writes to a folder, it removes
    scratch files of killed processes of this machine.

    Args:
        path: of the file to make; its folder is made if it is missing.

    Yields:
        The path to write to: absolute, in the same folder and with the same ending. If
        the block raises, this file is removed and `path` stays unchanged. If Ctrl-C
        comes while it is removed, that happens at the end of the process.

    Raises:
        OSError: if the folder cannot be written to. If the disk is full, the error of
            the block names `path`.

    Example:

    ```python
    with atomic_write("summary.json") as scratch:
        scratch.write_text("{}")
    ```
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned_once(path.parent.resolve(), os.getpid())
    token = os.urandom(8).hex()
    name = f"{_PREFIX}{processes.identity()}_{token}-{path.name[-_ENDING:]}"
    # Absolute: a command may change its folder before it ends.
    scratch = path.parent.absolute() / name
    own = (os.getpid(), scratch)
    _unfinished.add(own)
    try:
        # The kernel applies the umask to these permissions.
        os.close(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield scratch
        _sync(scratch)
        os.replace(scratch, path)
    except OSError as error:
        if error.errno in _FULL and error.filename is None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        scratch.unlink(missing_ok=True)
        _unfinished.discard(own)


@atexit.register
def _remove_unfinished() -> None:
    # Ctrl-C may come at any moment, even between `finally` and what stands there. This
    # does not run in processes that end by `os._exit`, such as forked workers.
    for process, scratch in tuple(_unfinished):
        if process == os.getpid():
            with contextlib.suppress(OSError):
                scratch.unlink()


def remove_abandoned(folder: Path) -> None:
    """Remove the scratch files of processes that have ended.

    Files stay if it is not certain that their process has ended, such as those of
    another container or machine.

    Args:
        folder: a folder that `atomic_write` writes to.
    """
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.name.startswith(_PREFIX)]
    for name in names:
        owner, _, rest = name.removeprefix(_PREFIX).partition("_")
        if rest and processes.has_ended(owner):
            # Another process may be faster, or the file may be another user's.
            with contextlib.suppress(OSError):
                (folder / name).unlink()


@functools.lru_cache(maxsize=256)
def _remove_abandoned_once(folder: Path, _process: int) -> None:
    with contextlib.suppress(OSError):
        remove_abandoned(folder)


def _sync(path: Path) -> None:
    # Windows flushes only what is open for writing.
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
