import os

import pytest

from wingkeras.inference.cores import available_cores


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", 1), ("2", 2), ("2,4", 2), ("99", 3), ("0", 3), ("", 3), ("many", 3)],
)
def test_a_scheduler_may_allow_fewer_cores(monkeypatch, value, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 5}, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert available_cores() == expected
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert available_cores() == 3
