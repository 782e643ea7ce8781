"""The number of CPU cores that this process may use."""

import os
import re


def available_cores() -> int:
    """The number of cores this process may use, which may be fewer than the machine's.

    `OMP_NUM_THREADS` lowers it: cluster schedulers set this variable for workers that
    share a machine.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    # A number, or one for each level of nested loops.
    wanted = re.match(r"\s*([1-9]\d*)\s*(,|$)", os.environ.get("OMP_NUM_THREADS", ""))
    return min(cores, int(wanted[1])) if wanted else cores
