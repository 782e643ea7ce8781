"""What is known of a saved localizer: the entries of registries and folders."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

from wingkeras import serialized_names


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
        scheme: name of a landmark scheme, or the definition of one's own.
        box_scale: side of the first network's crop over that of the square around
            the face's landmarks.
        stages: its networks, in their order.
        flip_tta: whether the last one sees every face in the mirror as well.
        description: one line.
        recipe: what decided the trainings, in their order.
        training_data: name, number of faces, licence.
        licence: of the weights.
        metrics: measured errors; each names data, boxes and normalizer.
        card: name of its model card.
        url: http address of the folder its files are in.
        hub: `hf://owner/repo` its files are in.

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
        """L."""
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


def parse_entry(values: dict, source: Path) -> Entry:
    """An entry from the values of a JSON file.

    Args:
        values: as `entry_values` gives them.
        source: of the values, named in errors.

    Raises:
        ValueError: if a field is missing or unknown.
    """
    try:
        stages = tuple(StageEntry(**stage) for stage in values["stages"])
        named = serialized_names.from_file(values, serialized_names.ENTRY)
        return Entry(**{**named, "stages": stages})
    except (KeyError, TypeError) as error:
        name = values.get("name", "without a name")
        raise ValueError(f"{source}: entry {name!r} does not fit: {error}") from error


def entry_values(entry: Entry) -> dict:
    """An entry as JSON-ready values, under the names that files have."""
    return serialized_names.to_file(dataclasses.asdict(entry), serialized_names.ENTRY)
