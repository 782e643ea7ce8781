"""Training of a table's experiments, each at the learning rate that suits its loss."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from reproduction.datasets import DATASETS
from reproduction.durations import FACES_SHOWN, choices, minutes_of, plain
from reproduction.experiments import CASCADE, CNN6, Experiment
from reproduction.trained import Trained, Training, fit, train_experiment
from wingkeras.data.faces import FaceDataset
from wingkeras.inference.localizer import Localizer


@dataclass
class Trainer:
    """Trains experiments, each with the learning rate that suits its loss.

    Attributes:
        data: see `datasets.Dataset.training_faces`.
        cache: folder that keeps every trained experiment.
        length: of the trainings, as a multiple of `FACES_SHOWN`; tables of the same
            length share their experiments.
        rates: to choose from; those of `RATES` by default.
        changes, callbacks: see `trained.train_experiment`.
        recorded: experiments that are known, by key; they are not trained again unless
            they are to be measured on other faces, or a cascade that is not known goes
            on from them.
        recorded_trials: more of them, that may serve to choose learning rates.
        log: called with a line before every training.
        trials: what served to choose learning rates, so far.
        minutes_done: what the experiments so far were reckoned to take.
    """

    data: Path
    cache: Path
    length: float = 1.0
    rates: Sequence[float] | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    callbacks: Sequence[keras.callbacks.Callback] = ()
    recorded: Mapping[str, Training] = field(default_factory=dict)
    recorded_trials: Mapping[str, Training] = field(default_factory=dict)
    log: Callable[[str], None] = print
    trials: list[Trained] = field(default_factory=list)
    minutes_done: float = 0.0
    _faces: dict[str, FaceDataset] = field(default_factory=dict)
    _trained: dict[tuple[Experiment, float], Trained] = field(default_factory=dict)
    _rates: dict[Experiment, float] = field(default_factory=dict)

    def train(self, experiment: Experiment) -> Trained:
        """The experiment, trained at the learning rate chosen for its loss."""
        rate = self.rate(experiment)
        chosen = dataclasses.replace(experiment, learning_rate=rate)
        return self._train(chosen, self.length)

    def rate(self, experiment: Experiment) -> float:
        """The learning rate whose validation error was lowest.

        It is chosen once for each dataset and loss, with CNN-6 (CNN-7 is six times as
        slow), seed 0, without hard sample mining and, for the wing loss, with the
        paper's w and epsilon; at full length, however much longer the trainings are.
        Rates at which the network diverges are not chosen.

        Raises:
            FloatingPointError: if it diverges at all of them.
        """
        simple = plain(experiment)
        if simple not in self._rates:
            trials = [
                trial
                for rate in choices(simple, self.rates)
                if (trial := self._try(dataclasses.replace(simple, learning_rate=rate)))
            ]
            if not trials:
                raise FloatingPointError(f"{simple.title} diverges at every rate.")
            self.trials += [t for t in trials if t.key not in self.recorded_trials]
            best = min(trials, key=lambda trained: trained.training.validation_nme)
            self._rates[simple] = best.experiment.learning_rate
        return self._rates[simple]

    def _try(self, experiment: Experiment) -> Trained | None:
        try:
            length = min(self.length, 1.0)
            if (experiment, length) in self._trained:
                return self._trained[experiment, length]
            known = {**self.recorded_trials, **self.recorded}
            trial = self._find(experiment, None, known, length)
            if trial.key not in self.recorded_trials:
                self._trained[experiment, length] = trial
            self.minutes_done += minutes_of(experiment, length)
            return trial
        except FloatingPointError as error:
            self.log(f"{experiment.title}, {experiment.learning_rate:g}: {error}")
            return None

    def _train(self, experiment: Experiment, length: float) -> Trained:
        if (experiment, length) not in self._trained:
            first = None
            if experiment.method == CASCADE:
                first = self.train(dataclasses.replace(experiment, method=CNN6))
            trained = self._find(experiment, first, self.recorded, length)
            self._trained[experiment, length] = trained
            self.minutes_done += minutes_of(experiment, length)
        return self._trained[experiment, length]

    def _find(
        self, experiment: Experiment, first: Trained | None, recorded, length: float
    ) -> Trained:
        if experiment.dataset not in self._faces:
            dataset = DATASETS[experiment.dataset]
            self._faces[experiment.dataset] = dataset.training_faces(self.data)
        shown = round(FACES_SHOWN[experiment.network] * length)
        faces = self._faces[experiment.dataset]
        return train_experiment(
            experiment,
            shown,
            faces,
            self.cache,
            first,
            recorded,
            self.log,
            self.load,
            self.changes,
            self.callbacks,
        )

    def load(self, trained: Trained) -> Localizer:
        """The localizer of an experiment; what is only recorded is trained again."""
        if not trained.is_at_hand:
            fit(
                trained.folder,
                trained.recipe,
                trained.experiment,
                self._faces[trained.experiment.dataset],
                trained.first,
                log=self.log,
                load=self.load,
                callbacks=self.callbacks,
            )
        return trained.load()
