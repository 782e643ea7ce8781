import copy
import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wingkeras import serialized_names
from wingkeras.cli.card import render_card
from wingkeras.storage.entries import (
    Entry,
    entry_values,
    parse_entries,
    parse_entry,
)
from wingkeras.storage.json_files import read_json
from wingkeras.storage.registry import find_entry, packaged_folder

REGISTRY = json.loads((packaged_folder() / "registry.json").read_text())
SOURCE = Path("some/registry.json")
SCHEME = {"name": "ends", "points": ["a", "b"], "mirror": [1, 0]}
METRIC = {"data": "x", "boxes": "landmarks"}
FACES = {"name": "x", "faces": 3}
FLIP_TTA = serialized_names.METRIC["flip_tta"]
EXTRA_FACES = serialized_names.TRAINING_DATA["num_extra_faces"]


def _entry(**changes):
    return {**copy.deepcopy(REGISTRY[2]), **changes}


def _stage(**changes):
    entry = _entry()
    entry["stages"][0].update(changes)
    return entry


def test_what_is_written_is_read():
    """Under the names that files have always had."""
    for values in REGISTRY:
        entry = parse_entry(values, SOURCE)
        again = json.loads(json.dumps(entry_values(entry), allow_nan=False))
        assert {name: again[name] for name in values} == values
        assert dataclasses.asdict(parse_entry(again, SOURCE)) == dataclasses.asdict(
            entry
        )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (_entry(name="../../outside"), "'name' to be a plain name .*'../../outside'"),
        (_entry(name="a/b"), "'name'"),
        (_entry(name="a\\b"), "'name'"),
        (_entry(name="C:a"), "'name'"),
        (_entry(name=".hidden"), "'name'"),
        (_entry(name="a\nb"), "'name'"),
        (_entry(name="x" * 201), "'name'"),
        (_entry(name=""), "'name'"),
        (_entry(name=5), "'name'"),
        (_entry(**{FLIP_TTA: "false"}), f"'{FLIP_TTA}' to be true or false, .*'false'"),
        (_entry(**{FLIP_TTA: 1}), f"'{FLIP_TTA}'"),
        (_entry(box_scale="1.2"), "'box_scale' to be a number from 0.01 to 100"),
        (_entry(box_scale=0), "'box_scale'"),
        (_entry(box_scale=float("nan")), "'box_scale'"),
        (_entry(box_scale=10**400), "'box_scale'"),
        (_entry(box_scale=True), "'box_scale'"),
        (_entry(scheme=["five"]), "'scheme'"),
        (_entry(scheme={**SCHEME, "edges": [[0, "1"]]}), "'scheme'"),
        (_entry(scheme={"name": "ends"}), "'scheme'"),
        (_entry(scheme=SCHEME), r"the same number of points, received \[5, 2\]"),
        (_entry(stages=[]), "'stages' to be a list of networks"),
        (_entry(stages={"0": {}}), "'stages' to be a list of networks"),
        (_entry(stages=["CNN6"]), "network 1: expected an object, received 'CNN6'"),
        (_entry(metrics=[{"data": "x"}]), "'metrics'"),
        (_entry(metrics=[METRIC | {FLIP_TTA: "false"}]), "'metrics'"),
        (_entry(training_data={"name": "x", "faces": "many"}), "'training_data'"),
        (_entry(training_data=FACES | {EXTRA_FACES: -1}), "'training_data'"),
        (_entry(card="/etc/passwd"), "'card' to be the plain name of a file"),
        (_entry(url="file:///etc/passwd"), "'url' to be an http address"),
        (_entry(hub="hf://a/b/c"), "'hub'"),
        (_entry(colour="blue"), "'colour'; a newer version may know it"),
        (_stage(file="/etc/passwd"), "network 1: expected 'file' to be the plain name"),
        (_stage(file="../weights.h5"), "'file'"),
        (_stage(sha256="0" * 63), "'sha256' to be 64 hexadecimal digits"),
        (_stage(sha256="A" * 64), "'sha256'"),
        (_stage(input_size=64.0), "'input_size' to be a whole number"),
        (_stage(input_size=10**6), "'input_size'"),
        (_stage(parameters=-1), "'parameters'"),
        (_stage(bytes=None), "'bytes'"),
        (_stage(mean_shape=[[1, 2, 3]]), "'mean_shape'"),
        (_stage(mean_shape=[[1, float("inf")]]), "'mean_shape'"),
        (_stage(network=["CNN6"]), "'network'"),
        ("cnn6", "an entry: expected an object, received 'cnn6'"),
        (None, "an entry: expected an object"),
        ({}, "an entry: expected a field 'box_scale', there is none"),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_fields_of_another_type_or_range(values, message):
    with pytest.raises(ValueError, match=rf"^some/registry\.json: .*{message}"):
        parse_entry(values, SOURCE)


def test_a_registry_is_a_list_of_different_names():
    assert list(parse_entries(REGISTRY, SOURCE)) == [each["name"] for each in REGISTRY]
    with pytest.raises(ValueError, match="expected a list of entries"):
        parse_entries({"cnn6": {}}, SOURCE)
    with pytest.raises(ValueError, match=r"another name, .*'cnn6_aflw5', 'cnn6_aflw5'"):
        parse_entries([_entry(), _entry()], SOURCE)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[{",
        b"\xff\xfe",
        b"[" * 100_000,
        b"1" * 5000,
        b'{"box_scale": NaN}',
        b'{"box_scale": Infinity}',
        b'{"box_scale": 1e999}',
        b"\0",
    ],
    ids=lambda content: str(content[:12]),
)
def test_damaged_files_are_named(tmp_path, content):
    path = tmp_path / "model.json"
    path.write_bytes(content)
    for read in (read_json, lambda _: find_entry(tmp_path)):
        with pytest.raises(ValueError, match=r"model\.json is damaged, .*"):
            read(path)


def test_a_file_without_end_is_not_read(tmp_path):
    path = tmp_path / "model.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match="too many"):
        read_json(path)


def test_model_file_errors_name_file_and_field(tmp_path):
    (tmp_path / "model.json").write_text(json.dumps(_entry(**{FLIP_TTA: "false"})))
    with pytest.raises(ValueError, match=rf"model\.json: .*'{FLIP_TTA}'"):
        find_entry(tmp_path)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(allow_nan=False, allow_infinity=False),  # JSON has neither
    st.text(max_size=5),
    st.sampled_from(["../x", "/x", "\0", "\ud800", "x" * 300, "hf://a/b", "http://a"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ),
    max_leaves=6,
)


def _places(values, at=()):
    """The path of every value in JSON, the first two of a list."""
    yield at
    if isinstance(values, dict):
        for key in values:
            yield from _places(values[key], (*at, key))
    elif isinstance(values, list):
        for i in range(min(len(values), 2)):
            yield from _places(values[i], (*at, i))


PLACES = [place for place in _places(REGISTRY) if place]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), VALUES, st.sampled_from(["put", "remove", "rename"]))
def test_mutated_registries_are_refused_or_usable(place, value, what):
    registry = copy.deepcopy(REGISTRY)
    parent = registry
    for key in place[:-1]:
        parent = parent[key]
    key = place[-1]
    if what == "put":
        parent[key] = value
    elif what == "remove":
        del parent[key]
    elif isinstance(parent, dict):
        parent[str(value)] = parent.pop(key)
    try:
        entries = parse_entries(registry, SOURCE)
    except ValueError as error:
        assert str(error).startswith("some/registry.json: ")
        return
    for name, entry in entries.items():
        assert isinstance(entry, Entry) and isinstance(entry.flip_tta, bool)
        for file in (name, *(stage.file for stage in entry.stages)):
            assert (SOURCE.parent / file).resolve().parent == SOURCE.parent.resolve()
        assert repr(entry) and render_card(entry, name)
        assert json.dumps(entry_values(entry), allow_nan=False)
