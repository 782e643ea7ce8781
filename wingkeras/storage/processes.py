"""Finding out whether the process that left a file behind still runs."""

import functools
import hashlib
import os
from pathlib import Path

_PROC = Path("/proc")


def identity() -> str:
    """A unique identifier of this process: kernel, number and start time.

    The start time distinguishes it from a later process with the same number. The
    kernel's boot and the process namespace distinguish it from processes of other
    machines and containers that share a disk.
    """
    return f"{_kernel()}-{os.getpid()}-{_start_time(os.getpid()) or 0}"


def has_ended(identity: str) -> bool:
    """Whether the process of an `identity` has certainly ended.

    Returns:
        False for a process that runs, and for one that is not visible: a process of
        another machine or container, or any process if there is no `/proc`.
    """
    kernel, _, rest = identity.partition("-")
    number, _, start = rest.partition("-")
    if not kernel or kernel == _UNKNOWN or kernel != _kernel():
        return False
    if not (number.isdecimal() and start.isdecimal() and int(start)):
        return False
    return _start_time(int(number)) != int(start)


_UNKNOWN = "unknown"


@functools.cache
def _kernel() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text()
        namespace = os.readlink(_PROC / "self/ns/pid")
    except OSError:
        return _UNKNOWN
    return hashlib.sha256(f"{boot} {namespace}".encode()).hexdigest()[:8]


def _start_time(number: int) -> int | None:
    """Start time in clock ticks since the boot; `None` if there is no such process."""
    try:
        stat = (_PROC / str(number) / "stat").read_bytes()
    except OSError:
        return None
    # The second field is the program's name in brackets, which may hold anything.
    return int(stat.rpartition(b")")[2].split()[19])
