"""Descriptions of saved localizers: the entries of registries and folders."""

import dataclasses
import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wingkeras import serialized_names
from wingkeras.storage import entry_fields


@dataclass(frozen=True)
class StageEntry:
    """One network of an entry.

    Attributes:
        network: its name in `wingkeras.models.NETWORKS`.
        input_size: side of its input, pixels.
        parameters: their number.
        file: name of its weight file.
        sha256: of that file, hexadecimal.
        bytes: size of that file.
        mean_shape: L pairs (x, y), pixels of the input.

    Example:

    ```python
    wingkeras.zoo.model_info("cnn6_300w").stages[0].network  # "CNN6"
    ```
    """

    network: str
    input_size: int
    parameters: int
    file: str
    sha256: str
    bytes: int
    mean_shape: tuple[tuple[float, float], ...]


@dataclass(frozen=True, repr=False)
class Entry:
    """Everything known of a model.

    Its representation is one line, such as
    `Entry('cnn6_300w', 68 landmarks, CNN6 at 64 px, 3.8 M parameters)`.

    Attributes:
        name: to load it by.
        scheme: name of a landmark scheme, or the definition of another scheme.
        box_scale: side of the first network's crop over that of the square around
            the face's landmarks.
        stages: its networks, in their order.
        flip_tta: whether the last network sees every face flipped as well.
        recrop: whether a face that is not well framed is cropped again.
        description: one line.
        recipe: the recipes of the trainings, in their order.
        training_data: name, number of faces, licence; of extra faces, where they are
            from and their number.
        licence: of the weights.
        metrics: measured errors; each names data, boxes and normalizer, and whether the
            faces were flipped as well.
        card: name of its model card.
        url: http address of the folder with its files.
        hub: `hf://owner/repo` of the repository with its files.

    Example:

    ```python
    entry = wingkeras.zoo.model_info("cnn6_300w")
    entry.num_landmarks, entry.parameters  # (68, 3806152)
    ```
    """

    name: str
    scheme: str | dict
    box_scale: float
    stages: tuple[StageEntry, ...]
    flip_tta: bool = False
    recrop: bool = False
    description: str = ""
    recipe: tuple[dict, ...] = ()
    training_data: dict = field(default_factory=dict)
    licence: str = ""
    metrics: tuple[dict, ...] = ()
    card: str | None = None
    url: str | None = None
    hub: str | None = None

    @property
    def num_landmarks(self) -> int:
        """L, the number of landmarks."""
        return len(self.stages[0].mean_shape)

    @property
    def parameters(self) -> int:
        """Number of parameters of all networks together."""
        return sum(stage.parameters for stage in self.stages)

    @property
    def bytes(self) -> int:
        """Size of all weight files together."""
        return sum(stage.bytes for stage in self.stages)

    def __repr__(self) -> str:
        networks = " and ".join(
            f"{stage.network} at {stage.input_size} px" for stage in self.stages
        )
        return (
            f"Entry({self.name!r}, {self.num_landmarks} landmarks, {networks}, "
            f"{self.parameters / 1e6:.1f} M parameters)"
        )


def parse_entry(values: Any, source: Path) -> Entry:
    """An entry from the values of a JSON file.

    Args:
        values: as `entry_values` gives them.
        source: of the values, named in errors.

    Raises:
        ValueError: if a field is missing, unknown, or of another type or range than
            `entry_fields` says.
    """
    name = values.get("name") if isinstance(values, Mapping) else None
    where = f"{source}: entry {_shown(name)}" if name else f"{source}: an entry"
    named = _under_own_names(values) if isinstance(values, Mapping) else values
    fields = _checked(named, Entry, entry_fields.ENTRY, where, ["stages"])
    stages = fields["stages"]
    if not isinstance(stages, list | tuple) or not stages:
        raise ValueError(
            f"{where}: expected 'stages' to be a list of networks, received "
            f"{_shown(stages)}."
        )
    fields["stages"] = tuple(
        StageEntry(
            **_checked(stage, StageEntry, entry_fields.STAGE, f"{where}, network {i}")
        )
        for i, stage in enumerate(stages, start=1)
    )
    entry = Entry(**fields)
    counts = [len(stage.mean_shape) for stage in entry.stages]
    if isinstance(entry.scheme, Mapping):
        counts.append(len(entry.scheme["points"]))
    if len(set(counts)) > 1:
        raise ValueError(
            f"{where}: expected 'mean_shape' of every network, and the scheme, to have "
            f"the same number of points, received {counts}."
        )
    return entry


def parse_entries(values: Any, source: Path) -> dict[str, Entry]:
    """The entries of a registry, by name; see `parse_entry`.

    Raises:
        ValueError: also for values that are no list, and names that repeat.
    """
    if not isinstance(values, list):
        raise ValueError(
            f"{source}: expected a list of entries, received {_shown(values)}."
        )
    entries = [parse_entry(each, source) for each in values]
    named = {entry.name: entry for entry in entries}
    if len(named) < len(entries):
        raise ValueError(
            f"{source}: expected every entry to have another name, received "
            f"{[entry.name for entry in entries]}."
        )
    return named


def _checked(
    values: Any,
    kind: type,
    checks: Mapping[str, tuple[entry_fields.Check, str]],
    where: str,
    others: Iterable[str] = (),
) -> dict[str, Any]:
    """The fields of a dataclass."""
    if not isinstance(values, Mapping):
        raise ValueError(f"{where}: expected an object, received {_shown(values)}.")
    known = {*checks, *others}
    required = {
        field.name
        for field in dataclasses.fields(kind)
        if field.default is field.default_factory is dataclasses.MISSING
    }
    if missing := sorted(required - set(values)):
        raise ValueError(f"{where}: expected a field {missing[0]!r}, there is none.")
    if unknown := sorted(set(values) - known):
        raise ValueError(
            f"{where}: expected fields of {sorted(known)}, received "
            f"{_shown(unknown[0])}; a newer version may know it."
        )
    for name, value in values.items():
        if name in checks and not checks[name][0](value):
            label = serialized_names.ENTRY.get(name, name)
            raise ValueError(
                f"{where}: expected {label!r} to be {checks[name][1]}, received "
                f"{_shown(value)}."
            )
    return dict(values)


def _under_own_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an entry under the names used in the code, not yet checked."""

    def renamed(value: Any, names: Mapping[str, str]) -> Any:
        if not isinstance(value, Mapping):
            return value
        return serialized_names.from_file(value, names)

    named = serialized_names.from_file(values, serialized_names.ENTRY)
    if isinstance(metrics := named.get("metrics"), list | tuple):
        named["metrics"] = [renamed(each, serialized_names.METRIC) for each in metrics]
    if "training_data" in named:
        named["training_data"] = renamed(
            named["training_data"], serialized_names.TRAINING_DATA
        )
    return named


def _shown(value: Any) -> str:
    return reprlib.repr(value)


def entry_values(entry: Entry) -> dict:
    """An entry as JSON-ready values, under the names used in files."""
    to_file = serialized_names.to_file
    values = dataclasses.asdict(entry)
    values["metrics"] = [to_file(m, serialized_names.METRIC) for m in entry.metrics]
    values["training_data"] = to_file(
        entry.training_data, serialized_names.TRAINING_DATA
    )
    return to_file(values, serialized_names.ENTRY)
