import pytest

from wingkeras.export import timing


def test_median_of_a_call(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now[0])
    calls = []

    def work():
        calls.append(1)
        now[0] += 0.02 if len(calls) % 10 else 0.2

    assert timing.median_ms(work, seconds=1.0) == pytest.approx(20)
    assert 1.0 <= now[0] < 1.5
