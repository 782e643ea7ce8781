"""Telling whether the process that left a file behind still runs."""

import functools
import hashlib
import os
from pathlib import Path

_PROC = Path("/proc")


def identity() -> str:
    """This process in a word that no other has: kernel, number and start time.

    The start time tells it from a later process with the same number; the kernel's
    boot and the process namespace tell it from those of other machines and containers
    that share a disk.
    """
    return f"{_kernel()}-{os.getpid()}-{_start_time(os.getpid()) or 0}"


def has_ended(identity: str) -> bool:
    """Whether the process of an `identity` has certainly ended.

    Returns:
        False for a process that runs, and for one that cannot be seen from here:
        another machine's or container's, or any where there is no `/proc`.
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
    """In clock ticks since the boot; `None` if there is no such process."""
    try:
        stat = (_PROC / str(number) / "stat").read_bytes()
    except OSError:
        return None
    # The second field is the program's name in brackets, which may hold anything.
    return int(stat.rpartition(b")")[2].split()[19])
