"""A file lock for one process at a time; the system frees it when the process ends."""

import contextlib
import errno
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_FAR_BYTE = 1 << 30
"""Windows locks bytes; the name of the holder, at the start, stays readable."""

_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)


class LockedError(OSError):
    """Another process holds the lock; the message says which."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock while the block runs.

    The file stays; the operating system holds the lock on it. The lock is freed however
    its process ends, so it is never stale.

    Example:

    ```python
    with locked(folder / ".lock"):
        ...  # no other process is in such a block
    ```

    Args:
        path: of the lock's file, in a folder that exists.

    Raises:
        LockedError: if another process holds it, or this one in another block.
        OSError: where the file cannot be written, or the file system has no locks.
    """
    with path.open("a+") as file:
        try:
            _acquire(file)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise LockedError(f"{path} is held by {holder}.") from error
        try:
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
            file.flush()
            yield
        finally:
            file.truncate(0)
            _release(file)


def _acquire(file) -> None:
    if sys.platform == "win32":
        file.seek(_FAR_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _release(file) -> None:
    if sys.platform == "win32":
        file.seek(_FAR_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_UN)
