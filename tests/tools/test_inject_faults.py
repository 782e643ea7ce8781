"""The command that makes faults on purpose, with faults of its own."""

import random

import pytest

import inject_faults
from attempts import fail, prepare
from faults import kinds, mutations, reporting, running, suite
from wingkeras.storage.json_files import read_json


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
    record = reporting.describe(tally, {"commit": "abc"}, 0.5)
    lines = reporting.table([record]).splitlines()
    assert lines[2] == "| faults (hangs over 1 s) | 6 | 2 | 1 | 1 | 1 | 1 | abc |"
    assert "- faults, seed 4: wrong, 7 faces" in reporting.failures([record])


def test_attempts_that_cannot_be_prepared():
    kind = kinds.Kind("faults", fail, 1, 1)
    tally = running.run(kind, range(6))
    reason = "cannot be prepared: OSError: no room"
    assert tally.failures == [(0, "undocumented", reason)]


def test_the_seed_of_a_failure_is_named(tmp_path):
    kind = kinds.Kind("faults", prepare, 6, 6)
    with pytest.raises(AssertionError, match=r"faults, seed 1: KeyError\('surprise'\)"):
        kinds.attempt_all(kind, tmp_path, range(6))


def test_the_table_is_printed_and_records_are_merged(tmp_path, capsys, monkeypatch):
    known = {name: kinds.Kind(name, prepare, 6, 1, limit=1.0) for name in ("a", "b")}
    monkeypatch.setattr(suite, "KINDS", known)
    path = tmp_path / "records.json"
    options = ["--output", str(path)]
    monkeypatch.setattr(running, "run", lambda kind, *_: _tally(kind, 0))
    assert inject_faults.main(options) == 0
    assert "| b (hangs over 1 s) | 1 | 1 | 0 |" in capsys.readouterr().out
    monkeypatch.setattr(running, "run", lambda kind, *_: _tally(kind, 0, 4))
    assert inject_faults.main(["--only", "a", *options]) == 1
    first, second = read_json(path)
    assert first["kind"] == "a" and first["counts"]["wrong"] == 1
    assert first["failures"] == [[4, "wrong", ""]]
    assert second["kind"] == "b" and second["counts"]["right"] == 1


def test_damage_depends_on_its_seed_alone():
    def damaged(seed):
        return mutations.mutated_json({"a": [1, {"b": 2}]}, random.Random(seed))

    first = [damaged(seed) for seed in range(5000)]
    assert [damaged(seed) for seed in reversed(range(5000))] == first[::-1]


def _tally(kind, *seeds):
    tally = kinds.Tally(kind)
    for seed in seeds:
        tally.add(seed, "wrong" if seed else "right")
    return tally
