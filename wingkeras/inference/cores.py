"""How many cores there are to work with."""

import os
import re


def available_cores() -> int:
    """The cores that this process may use, which may be fewer than the machine has.

    `OMP_NUM_THREADS` lowers them, which schedulers of clusters set for a worker: it
    shares its machine with others.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    # A number, or one for each level of nested loops.
    wanted = re.match(r"\s*([1-9]\d*)\s*(,|$)", os.environ.get("OMP_NUM_THREADS", ""))
    return min(cores, int(wanted[1])) if wanted else cores
