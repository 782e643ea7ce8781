"""Models that are to be published, and the runs that they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publishing.protocols import PROTOCOLS, Protocol
from wingkeras import serialized_names, zoo
from wingkeras.inference.localizer import Localizer
from wingkeras.storage.entries import Entry
from wingkeras.training.preparing import digest
from wingkeras.training.run_folder import RunFolder


@dataclass(frozen=True)
class Candidate:
    """A model to publish.

    Attributes:
        name: to publish it under.
        localizer: of its last run.
        runs: per network those that trained it, in their order; none if it is that of
            another model of the zoo.
        described: what each run wrote of itself, over all networks in their order.
        extra_faces: what the extra training faces are, if there were any.
        inherited: the models of the zoo that networks come from.
    """

    name: str
    localizer: Localizer
    runs: tuple[tuple[Path, ...], ...]
    described: tuple[dict[str, Any], ...]
    extra_faces: str | None
    inherited: tuple[Entry, ...] = ()

    @property
    def last_run(self) -> Path:
        """The run of the whole model."""
        return self.runs[-1][-1]

    @property
    def protocol(self) -> Protocol:
        """The faces it learnt from and is measured on."""
        return PROTOCOLS[self.localizer.scheme.name]

    @property
    def num_extra_faces(self) -> int:
        """How many extra faces a run had, at most."""
        return max(training["num_extra_faces"] for training in self.described)


def load_candidate(
    name: str,
    runs: Sequence[str | Path],
    init_from: str | Path | None = None,
    extra_faces: str | None = None,
    flip_tta: bool = False,
    recrop: bool = False,
) -> Candidate:
    """Load a model and check that its runs are those it comes from.

    Args:
        name: to publish it under.
        runs: of its networks, in their order; before the last one, a model of the zoo
            that has the network in the same place may stand for the run.
        init_from: run whose network the last one went on from, or a model of the zoo.
        extra_faces: what the extra training faces are, if there were any.
        flip_tta, recrop: see `Localizer`.

    Raises:
        FileNotFoundError: if a folder is not that of a run.
        ValueError: if something does not belong to the model, or is missing.
    """
    last = Path(runs[-1])
    localizer = zoo.load(last).replace(flip_tta=flip_tta, recrop=recrop)
    if len(runs) != len(localizer.stages):
        raise ValueError(
            f"expected the run of each of the {len(localizer.stages)} networks in "
            f"{last}, received {len(runs)}"
        )
    if localizer.scheme.name not in PROTOCOLS:
        raise ValueError(
            f"expected a model of one of the schemes {sorted(PROTOCOLS)}, received "
            f"{localizer.scheme.name!r} in {last}"
        )
    for number, run in enumerate(runs[:-1]):
        if _digest_of(run, number) != _digest(localizer, number):
            raise ValueError(
                f"expected the run of network {number + 1} of {last}, received {run}, "
                "whose network is another"
            )
    before = _digest_of(init_from, -1) if init_from else None
    if _describe(last)["init_from"] != before:
        raise ValueError(
            f"expected --init-from to be the run that {last} went on from, if any; "
            f"received {init_from}"
        )
    # A model of the zoo has a card of its own, which tells its runs.
    runs_of_networks = [[Path(run)] if _is_run(run) else [] for run in runs]
    if init_from and _is_run(init_from):
        runs_of_networks[-1].insert(0, Path(init_from))
    described = [_describe(run) for of_one in runs_of_networks for run in of_one]
    candidate = Candidate(
        name, localizer, tuple(map(tuple, runs_of_networks)), tuple(described),
        extra_faces,
        tuple(
            zoo.model_info(str(source))
            for source in (*runs[:-1], init_from)
            if source and not _is_run(source)
        ),
    )  # fmt: skip
    if bool(candidate.num_extra_faces) != bool(extra_faces):
        raise ValueError(
            f"expected --extra-faces for {candidate.num_extra_faces} extra faces, or "
            "neither"
        )
    return candidate


def _is_run(source: str | Path) -> bool:
    """Whether `zoo.load` takes it for a folder and not for a model of the zoo."""
    return (Path(source) / "model.json").is_file()


def _describe(run: Path) -> dict[str, Any]:
    """What a run wrote of itself, under the names that the code has."""
    return serialized_names.from_file(RunFolder(run).read(), serialized_names.RUN)


def _digest_of(run: str | Path, network: int) -> str:
    return _digest(zoo.load(run), network)


def _digest(localizer: Localizer, network: int) -> str:
    """Of a network, as runs that start from it write it down."""
    return digest(localizer.keras_stages[network].network.get_weights())
