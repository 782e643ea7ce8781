"""Which experiments a table has, how long they take, and their training."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reproduction.datasets import DATASETS, W300
from reproduction.experiments import (
    CASCADE,
    CNN6,
    LOSSES,
    Experiment,
    Trained,
    Training,
    train_experiment,
)
from wingkeras.data.faces import FaceDataset
from wingkeras.inference.localizer import Localizer

RATES = (5e-4, 1e-3, 2e-3, 4e-3)
"""Learning rates that every loss may choose from, by the validation error of CNN-6."""

SEEDS = (0, 1, 2)
"""Of every CNN-6 in tables 1 and 3."""

FACES_SHOWN = {"CNN6": 90_000, "CNN7": 60_000}
"""How many faces a network is shown in training, at full length."""

WS, EPSILONS = (4, 6, 8, 10, 12, 14), (0.5, 1, 2, 3)
"""Table 2's grid, pixels of CNN-6's input."""

# Two cores with bfloat16 instructions; what `--budget` reckons with, so that the same
# budget always means the same training.
_SECONDS_PER_FACE = {"CNN6": 1 / 650, "CNN7": 1 / 110}
_SECONDS_PER_EXPERIMENT = 20


def table1(datasets: Sequence[str]) -> list[Experiment]:
    """CNN-6 with each loss."""
    return [
        Experiment(dataset, loss=loss, seed=seed)
        for dataset in datasets
        for loss in LOSSES
        for seed in SEEDS
    ]


def table2(datasets: Sequence[str]) -> list[Experiment]:
    """CNN-6 with wing losses of many shapes, on 300-W."""
    return [
        Experiment(dataset, w=w, epsilon=epsilon)
        for dataset in datasets
        if dataset == W300.name
        for epsilon in EPSILONS
        for w in WS
    ]


def table3(datasets: Sequence[str]) -> list[Experiment]:
    """Each loss with hard sample mining and two stages; the latter on 300-W.

    The quick ones come first: a table cut short is to hold most of its experiments.
    """
    single = table1(datasets)
    cascades = [
        Experiment(dataset, CASCADE, loss)
        for dataset in datasets
        if dataset == W300.name
        for loss in LOSSES
    ]
    return [
        *single,
        *(dataclasses.replace(experiment, hsm=True) for experiment in single),
        *cascades,
        *(dataclasses.replace(experiment, hsm=True) for experiment in cascades),
    ]


def table4(datasets: Sequence[str]) -> list[Experiment]:
    """Two stages and hard sample mining with each loss, on 300-W."""
    return [
        experiment
        for experiment in table3(datasets)
        if experiment.method == CASCADE
        and experiment.hsm
        and experiment.dataset == W300.name
    ]


def table5(datasets: Sequence[str]) -> list[Experiment]:
    """One network and two, the wing loss, hard sample mining."""
    return [
        experiment
        for experiment in table3(datasets)
        if experiment.loss == "wing" and experiment.hsm
    ]


TABLES: dict[str, Callable[[Sequence[str]], list[Experiment]]] = {
    "table1": table1,
    "table2": table2,
    "table3": table3,
    "table4": table4,
    "table5": table5,
}
"""Tables that need training, by name: from names of datasets to experiments."""


@dataclass
class Trainer:
    """Trains experiments, each with the learning rate that suits its loss.

    Attributes:
        data: see `datasets.Dataset.training_faces`.
        cache: folder that keeps every trained experiment.
        length: of the trainings, as a multiple of `FACES_SHOWN`; tables of the same
            length share their experiments.
        rates: to choose from.
        recorded: experiments that are known, by key; they are not trained again unless
            a cascade that is not known goes on from them.
        log: called with a line before every training.
        trials: what served to choose learning rates, so far.
        minutes_done: what the experiments so far were reckoned to take at full length.
    """

    data: Path
    cache: Path
    length: float = 1.0
    rates: Sequence[float] = RATES
    recorded: Mapping[str, Training] = field(default_factory=dict)
    log: Callable[[str], None] = print
    trials: list[Trained] = field(default_factory=list)
    minutes_done: float = 0.0
    _faces: dict[str, FaceDataset] = field(default_factory=dict)
    _trained: dict[Experiment, Trained] = field(default_factory=dict)
    _rates: dict[Experiment, float] = field(default_factory=dict)

    def train(self, experiment: Experiment) -> Trained:
        """The experiment, trained at the learning rate chosen for its loss."""
        return self._train(
            dataclasses.replace(experiment, learning_rate=self.rate(experiment))
        )

    def rate(self, experiment: Experiment) -> float:
        """The learning rate whose validation error was lowest.

        It is chosen once for each dataset and loss, with CNN-6 (CNN-7 is six times as
        slow), seed 0, without hard sample mining and, for the wing loss, with the
        paper's w and epsilon.
        """
        plain = Experiment(experiment.dataset, loss=experiment.loss)
        if plain not in self._rates:
            trials = [
                self._train(dataclasses.replace(plain, learning_rate=rate))
                for rate in self.rates
            ]
            self.trials += trials
            best = min(trials, key=lambda trained: trained.training.validation_nme)
            self._rates[plain] = best.experiment.learning_rate
        return self._rates[plain]

    def _train(self, experiment: Experiment) -> Trained:
        if experiment not in self._trained:
            first = None
            if experiment.method == CASCADE:
                first = self.train(dataclasses.replace(experiment, method=CNN6))
            self._trained[experiment] = self._find(experiment, first, self.recorded)
            self.minutes_done += _minutes(experiment)
        return self._trained[experiment]

    def _find(self, experiment: Experiment, first: Trained | None, recorded) -> Trained:
        if experiment.dataset not in self._faces:
            dataset = DATASETS[experiment.dataset]
            self._faces[experiment.dataset] = dataset.training_faces(self.data)
        shown = round(FACES_SHOWN[experiment.network] * self.length)
        faces = self._faces[experiment.dataset]
        return train_experiment(
            experiment, shown, faces, self.cache, first, recorded, self.log, self._load
        )

    def _load(self, first: Trained) -> Localizer:
        if not first.is_at_hand:
            first = self._find(first.experiment, None, {})
        return first.load()


def minutes(experiments: Sequence[Experiment], rates: Sequence[float] = RATES) -> float:
    """How long experiments and the trials before them take on two cores.

    Args:
        experiments: to train, at full length.
        rates: learning rates to choose from.
    """
    # Exact, so that the order of a set makes no difference.
    return math.fsum(
        _minutes(experiment) for experiment in _planned(experiments, rates)
    )


def _planned(
    experiments: Sequence[Experiment], rates: Sequence[float]
) -> set[Experiment]:
    planned = set()
    for experiment in _with_first(experiments):
        # Which of its rates a loss will choose is not known: the first stands for it.
        planned.add(dataclasses.replace(experiment, learning_rate=rates[0]))
        plain = Experiment(experiment.dataset, loss=experiment.loss)
        planned |= {dataclasses.replace(plain, learning_rate=rate) for rate in rates}
    return planned


def length_within(budget: float, experiments: Sequence[Experiment]) -> float:
    """How long trainings may be for experiments to take so many minutes.

    Args:
        budget: minutes on two cores.
        experiments: to train.

    Returns:
        A multiple of `FACES_SHOWN`.

    Raises:
        ValueError: if starting the trainings alone takes longer.
    """
    fixed = _SECONDS_PER_EXPERIMENT * len(_planned(experiments, RATES)) / 60
    if budget <= fixed:
        raise ValueError(
            f"Expected a budget over {fixed:.0f} minutes, which starting the trainings "
            f"takes; received {budget:g}."
        )
    return (budget - fixed) / (minutes(experiments) - fixed)


def _with_first(experiments: Sequence[Experiment]) -> list[Experiment]:
    """The experiments, and the first networks that cascades among them need."""
    first = [
        dataclasses.replace(c, method=CNN6) for c in experiments if c.method == CASCADE
    ]
    return [*experiments, *first]


def _minutes(experiment: Experiment) -> float:
    shown = FACES_SHOWN[experiment.network] * _SECONDS_PER_FACE[experiment.network]
    return (_SECONDS_PER_EXPERIMENT + shown) / 60
