"""A folder with the zoo, as `WINGKERAS_ZOO` and the Hugging Face Hub take it."""

import json
import os
import shutil
import tempfile
from pathlib import Path

from wingkeras.storage.entries import Entry, entry_values, parse_entries
from wingkeras.storage.json_files import read_json

_FRONT_MATTER = """\
---
license: other
license_name: research-use-only
license_link: LICENSE-WEIGHTS.md
library_name: wingkeras
pipeline_tag: keypoint-detection
---
"""
_LICENCE = "LICENSE-WEIGHTS.md"


def lay_out(zoo: Path, folder: Path) -> None:
    """Copy the zoo into a new folder.

    It holds the registry and the files that it names, for `WINGKERAS_ZOO`; and for each
    model a folder of its own with a `model.json`, for `zoo.load(FOLDER)` and as a
    repository of the Hub.

    Args:
        zoo: folder of the registry.
        folder: which must not exist, or be empty.

    Raises:
        FileExistsError: if there is something in the folder.
        FileNotFoundError: if a file that the registry names is missing.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"expected an empty folder, {folder} has files in it")
    registry = zoo / "registry.json"
    entries = parse_entries(read_json(registry), registry)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Complete or not there: it takes its name when everything is in it.
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "mirror"
        made.mkdir(mode=0o755)
        for name in ("registry.json", _LICENCE):
            shutil.copyfile(zoo / name, made / name)
        for entry in entries.values():
            _copy_model(zoo, entry, made)
        if folder.exists():
            folder.rmdir()
        os.replace(made, folder)


def _copy_model(zoo: Path, entry: Entry, made: Path) -> None:
    own = made / entry.name
    own.mkdir()
    for stage in entry.stages:
        shutil.copyfile(zoo / stage.file, made / stage.file)
        shutil.copyfile(zoo / stage.file, own / stage.file)
    (own / "model.json").write_text(json.dumps(entry_values(entry), allow_nan=False))
    shutil.copyfile(zoo / _LICENCE, own / _LICENCE)
    if entry.card:
        shutil.copyfile(zoo / entry.card, made / entry.card)
        card = (zoo / entry.card).read_text(encoding="utf-8")
        (own / "README.md").write_text(_FRONT_MATTER + card, encoding="utf-8")
        for picture in zoo.glob(f"{entry.name}.*"):
            if picture.suffix in (".png", ".jpg"):
                shutil.copyfile(picture, own / picture.name)
