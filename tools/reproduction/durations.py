"""How long the experiments are trained, and how long that takes."""

import dataclasses
import math
from collections.abc import Sequence

from reproduction.experiments import CASCADE, CNN6, Experiment

RATES = {
    "modern": (5e-4, 1e-3, 2e-3, 4e-3),
    # Among them the paper's two, on the batch mean: 3e-6 (L2) and 3e-5, times 8.
    "paper": (2.4e-5, 7.5e-5, 2.4e-4, 7.5e-4),
}
"""Learning rates that every loss may choose from, by the validation error of CNN-6;
by `experiments.Experiment.training`.
"""

FACES_SHOWN = {"CNN6": 90_000, "CNN7": 60_000}
"""How many faces a network is shown in training, at full length."""

PAPERS_LENGTH = 960_000 / FACES_SHOWN["CNN6"]
"""The paper shows a network 960,000 faces (Section 7.1), as a multiple of ours."""

# Two cores with bfloat16 instructions; what `--budget` reckons with, so that the same
# budget always means the same training.
_SECONDS_PER_FACE = {"CNN6": 1 / 650, "CNN7": 1 / 110}
_SECONDS_PER_EXPERIMENT = 20


def minutes(
    experiments: Sequence[Experiment],
    rates: Sequence[float] | None = None,
    length: float = 1.0,
) -> float:
    """How long experiments and the trials before them take on two cores.

    Args:
        experiments: to train.
        rates: learning rates to choose from; those of `RATES` by default.
        length: of the trainings, as a multiple of `FACES_SHOWN`.
    """
    # Exact, so that the order of a set makes no difference.
    return math.fsum(
        minutes_of(experiment, of_this)
        for experiment, of_this in _planned(experiments, rates, length)
    )


def plain(experiment: Experiment) -> Experiment:
    """What chooses the learning rate of an experiment, without a rate."""
    return Experiment(
        experiment.dataset, loss=experiment.loss, training=experiment.training
    )


def choices(experiment: Experiment, rates: Sequence[float] | None) -> Sequence[float]:
    """The learning rates to choose from; those of `RATES` by default."""
    return RATES[experiment.training] if rates is None else rates


def _planned(
    experiments: Sequence[Experiment], rates: Sequence[float] | None, length: float
) -> set[tuple[Experiment, float]]:
    """What will be trained, each with its length."""
    planned = set()
    for experiment in _with_first(experiments):
        simple, choice = plain(experiment), choices(experiment, rates)
        # Which of its rates a loss will choose is not known: the first stands for it.
        planned.add((dataclasses.replace(experiment, learning_rate=choice[0]), length))
        planned |= {
            (dataclasses.replace(simple, learning_rate=rate), min(length, 1.0))
            for rate in choice
        }
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
    fixed = _SECONDS_PER_EXPERIMENT * len(_planned(experiments, None, 1.0)) / 60
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


def minutes_of(experiment: Experiment, length: float) -> float:
    """How long one experiment takes; see `minutes`."""
    shown = FACES_SHOWN[experiment.network] * _SECONDS_PER_FACE[experiment.network]
    return (_SECONDS_PER_EXPERIMENT + shown * length) / 60
