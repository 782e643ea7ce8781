"""Damaged descriptions of models: what is accepted fits, the rest names its file."""

import dataclasses
import json
import math
import random
from pathlib import Path, PurePosixPath, PureWindowsPath

from faults.kinds import Attempt, Kind, WrongResultError
from faults.mutations import mutated_json
from wingkeras.storage import registry
from wingkeras.storage.entries import Entry, entry_values


def _prepare_model(folder: Path) -> Attempt:
    content = entry_values(registry.model_info("cnn6_aflw5"))
    path = folder / "model.json"

    def attempt(seed: int) -> None:
        path.write_bytes(mutated_json(content, random.Random(seed)))
        _check(lambda: [registry.find_entry(folder)[0]], path)

    return attempt


def _prepare_registry(folder: Path) -> Attempt:
    names = registry.list_models()
    content = [entry_values(registry.model_info(name)) for name in names]
    path = folder / "registry.json"
    registry.packaged_folder = lambda: folder

    def entries() -> list[Entry]:
        return [registry.model_info(name) for name in registry.list_models()]

    def attempt(seed: int) -> None:
        path.write_bytes(mutated_json(content, random.Random(seed)))
        _check(entries, path)

    return attempt


def _check(read, path: Path) -> None:
    try:
        entries = read()
    except ValueError as error:
        # The folder of a model counts as its name.
        if str(path.parent) not in str(error):
            raise WrongResultError(f"the file is not named: {error}") from error
        return
    for entry in entries:
        if wrong := [name for name, holds in _holds(entry).items() if not holds]:
            raise WrongResultError(f"accepted with a bad {', '.join(wrong)}")


def _holds(entry: Entry) -> dict[str, bool]:
    stages = entry.stages
    return {
        "name": _is_plain(entry.name),
        "scheme": isinstance(entry.scheme, str | dict),
        "box scale": _is_number(entry.box_scale) and entry.box_scale > 0,
        "stages": isinstance(stages, tuple) and len(stages) > 0,
        "flip_tta": isinstance(entry.flip_tta, bool),
        "recrop": isinstance(entry.recrop, bool),
        "text": all(isinstance(t, str) for t in (entry.description, entry.licence)),
        "data": isinstance(entry.training_data, dict),
        "places": all(
            place is None or isinstance(place, str) for place in (entry.url, entry.hub)
        ),
        "file": all(_is_plain(stage.file) for stage in stages),
        "hash": all(_is_hash(stage.sha256) for stage in stages),
        "numbers": all(
            type(number) is int and number > 0
            for stage in stages
            for number in (stage.input_size, stage.parameters, stage.bytes)
        ),
        "mean shape": all(
            len(point) == 2 and all(map(_is_number, point))
            for stage in stages
            for point in stage.mean_shape
        ),
        "values": _is_json(dataclasses.asdict(entry)),
    }


def _is_plain(name) -> bool:
    if not isinstance(name, str) or not name.isprintable() or name in ("", ".", ".."):
        return False
    return PurePosixPath(name).name == name == PureWindowsPath(name).name


def _is_number(value) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < 1e6
        and math.isfinite(value)
    )


def _is_hash(text) -> bool:
    return (
        isinstance(text, str) and len(text) == 64 and {*text} <= {*"0123456789abcdef"}
    )


def _is_json(values) -> bool:
    try:
        json.dumps(values, allow_nan=False)
    except ValueError:
        return False
    return True


MODEL = Kind("`model.json`", _prepare_model, 10_000, 100)
REGISTRY = Kind("`registry.json`", _prepare_registry, 10_000, 50)
