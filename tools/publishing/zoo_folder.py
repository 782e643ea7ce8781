"""The folder of the zoo, changed so that its models can be loaded at every moment."""

import contextlib
import glob
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from wingkeras.storage.download import sha256_of
from wingkeras.storage.entries import Entry, entry_values, parse_entries
from wingkeras.storage.files import atomic_write
from wingkeras.storage.json_files import read_json

WEIGHTS, CURVES = ".weights.h5", ".training.png"
"""Endings of the files that the zoo keeps per network."""


class ZooFolder:
    """A registry, the weight files and pictures that it names, and model cards.

    Files come under names that no file had, `registry.json` last: until then the
    entries of before name the files of before.

    Args:
        path: of the folder; without a `registry.json` it is an empty zoo.
    """

    def __init__(self, path: Path):
        self.path = path
        self._registry = path / "registry.json"

    def entries(self) -> dict[str, Entry]:
        """By name, in alphabetical order.

        Raises:
            ValueError: if the registry is damaged.
        """
        if not self._registry.exists():
            return {}
        entries = parse_entries(read_json(self._registry), self._registry)
        return dict(sorted(entries.items()))

    def check(self, entry: Entry) -> None:
        """Make sure that an entry's weight files are there, and the ones it means.

        Raises:
            ValueError: if one is not.
        """
        for stage in entry.stages:
            path = self.path / stage.file
            found = sha256_of(path) if path.is_file() else "no file"
            if found != stage.sha256:
                raise ValueError(
                    f"expected SHA-256 {stage.sha256} of {path} for {entry.name!r}, "
                    f"found {found}"
                )

    @contextlib.contextmanager
    def adding(self, files: Mapping[str, Path]) -> Iterator[None]:
        """Copy files into the folder; left with an exception, they are gone again.

        Args:
            files: by the name that they are to have, which no other content may have.

        Raises:
            ValueError: if a name is taken by another file.
        """
        added: list[Path] = []
        try:
            for name, source in files.items():
                target = self.path / name
                if target.exists():
                    if sha256_of(target) != sha256_of(source):
                        raise ValueError(f"{target} is there already, and another file")
                    continue
                with atomic_write(target) as scratch:
                    shutil.copyfile(source, scratch)
                added.append(target)
            yield
        except BaseException:
            for target in added:
                target.unlink(missing_ok=True)
            raise

    def register(self, entry: Entry) -> None:
        """Put an entry into the registry, in place of one of the same name."""
        entries = {**self.entries(), entry.name: entry}
        for each in entries.values():
            self.check(each)
        values = [entry_values(entries[name]) for name in sorted(entries)]
        with atomic_write(self._registry) as scratch:
            scratch.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n")

    def prune(self, name: str, kept: Iterable[str] = ()) -> list[Path]:
        """Remove a model's weights that no entry names and curves that no card shows.

        Args:
            name: of the model.
            kept: names of files that stay in any case.

        Returns:
            What was removed.
        """
        used = {s.file for e in self.entries().values() for s in e.stages} | {*kept}
        cards = "\n".join(path.read_text() for path in self.path.glob("*.md"))
        removed = []
        for path in sorted(self.path.glob(f"{glob.escape(name)}.*")):
            is_kept = path.name in used or path.name in cards
            if path.name.endswith((WEIGHTS, CURVES)) and not is_kept:
                path.unlink()
                removed.append(path)
        return removed


def addressed_name(path: Path, ending: str) -> str:
    """The name of a file with a part of its hash, which no other content has.

    Args:
        path: of the file.
        ending: of its name, which stays at the end.
    """
    return f"{path.name.removesuffix(ending)}.{sha256_of(path)[:8]}{ending}"
