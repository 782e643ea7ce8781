"""The command that makes faults on purpose, with faults of its own."""

from functools import partial

import pytest

import inject_faults
from attempts import fail, prepare
from faults import kinds, reporting, running, suite

MACHINE = dict.fromkeys(("commit", "cpu", "cores", "python", "tensorflow", "keras"), 1)


def test_every_outcome_is_told_apart():
    kind = kinds.Kind("faults", prepare, 6, 6, limit=1.0)
    tally = running.run(kind, range(6))
    assert tally.counts == {
        "right": 2,
        "undocumented": 1,
        "crash": 1,
        "hang": 1,
        "wrong": 1,
    }
    assert tally.failures == [
        (1, "undocumented", "KeyError: 'surprise'"),
        (2, "crash", "exit code -9"),
        (3, "hang", "no end after 1 s"),
        (4, "wrong", "7 faces"),
    ]
    lines = reporting.table([tally], MACHINE).splitlines()
    assert lines[2] == "| faults (hangs over 1 s) | 6 | 2 | 1 | 1 | 1 | 1 |"
    assert "- faults, seed 4: wrong, 7 faces" in lines


def test_attempts_that_cannot_be_prepared():
    kind = kinds.Kind("faults", fail, 1, 1)
    tally = running.run(kind, range(6))
    reason = "cannot be prepared: OSError: no room"
    assert tally.failures == [(0, "undocumented", reason)]


def test_the_seed_of_a_failure_is_named(tmp_path):
    kind = kinds.Kind("faults", prepare, 6, 6)
    with pytest.raises(AssertionError, match=r"faults, seed 1: KeyError\('surprise'\)"):
        kinds.attempt_all(kind, tmp_path, range(6))


def test_the_table_is_printed_and_written(tmp_path, capsys, monkeypatch):
    kind = kinds.Kind("faults", prepare, 6, 1, limit=1.0)
    monkeypatch.setattr(suite, "KINDS", {"faults": kind})
    path = tmp_path / "table.md"
    run = partial(inject_faults.main, ["--only", "faults", "--output", str(path)])
    monkeypatch.setattr(running, "run", lambda *_: _tally(kind, 0))
    assert run() == 0
    assert "| faults (hangs over 1 s) | 1 | 1 | 0 |" in capsys.readouterr().out
    assert path.read_text().startswith("| kind | attempted |")
    monkeypatch.setattr(running, "run", lambda *_: _tally(kind, 0, 4))
    assert run() == 1


def _tally(kind, *seeds):
    tally = running.Tally(kind)
    for seed in seeds:
        tally.add(seed, "wrong" if seed else "right")
    return tally
