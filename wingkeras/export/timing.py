"""Timing of calls."""

import statistics
import time
from collections.abc import Callable

_WARM_UP, _LEAST = 3, 7


def median_ms(run: Callable[[], object], seconds: float = 1.0) -> float:
    """Median time of a call, milliseconds, over some seconds after a warm-up."""
    for _ in range(_WARM_UP):
        run()
    times = []
    while len(times) < _LEAST or sum(times) < 1000 * seconds:
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)
