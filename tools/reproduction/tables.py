"""Which cells a table has, how long they take, and their training."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reproduction.bodies import BODIES, W300
from reproduction.cells import (
    CASCADE,
    CNN6,
    LOSSES,
    Cell,
    Trained,
    Training,
    train_cell,
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
_SECONDS_PER_CELL = 20


def table1(bodies: Sequence[str]) -> list[Cell]:
    """CNN-6 with each loss."""
    return [
        Cell(body, loss=loss, seed=seed)
        for body in bodies
        for loss in LOSSES
        for seed in SEEDS
    ]


def table2(bodies: Sequence[str]) -> list[Cell]:
    """CNN-6 with wing losses of many shapes, on 300-W."""
    return [
        Cell(body, w=w, epsilon=epsilon)
        for body in bodies
        if body == W300.name
        for epsilon in EPSILONS
        for w in WS
    ]


def table3(bodies: Sequence[str]) -> list[Cell]:
    """Each loss with hard sample mining and two stages; the latter on 300-W.

    The quick ones come first: a table cut short is to hold most of its cells.
    """
    single = table1(bodies)
    cascades = [
        Cell(body, CASCADE, loss)
        for body in bodies
        if body == W300.name
        for loss in LOSSES
    ]
    return [
        *single,
        *(dataclasses.replace(cell, mined=True) for cell in single),
        *cascades,
        *(dataclasses.replace(cell, mined=True) for cell in cascades),
    ]


def table4(bodies: Sequence[str]) -> list[Cell]:
    """Two stages and hard sample mining with each loss, on 300-W."""
    return [
        cell
        for cell in table3(bodies)
        if cell.method == CASCADE and cell.mined and cell.body == W300.name
    ]


def table5(bodies: Sequence[str]) -> list[Cell]:
    """One network and two, the wing loss, hard sample mining."""
    return [cell for cell in table3(bodies) if cell.loss == "wing" and cell.mined]


TABLES: dict[str, Callable[[Sequence[str]], list[Cell]]] = {
    "table1": table1,
    "table2": table2,
    "table3": table3,
    "table4": table4,
    "table5": table5,
}
"""Tables that need training, by name: from names of bodies to their cells."""


@dataclass
class Trainer:
    """Trains cells, each with the learning rate that suits its loss.

    Attributes:
        data: see `bodies.Body.training_faces`.
        cache: folder that keeps every trained cell.
        length: of the trainings, as a multiple of `FACES_SHOWN`; tables of the same
            length share their cells.
        rates: to choose from.
        recorded: cells that are known, by key; they are not trained again unless a
            cascade that is not known goes on from them.
        say: called with a line before every training.
        trials: what served to choose learning rates, so far.
        minutes_done: what the cells so far were reckoned to take at full length.
    """

    data: Path
    cache: Path
    length: float = 1.0
    rates: Sequence[float] = RATES
    recorded: Mapping[str, Training] = field(default_factory=dict)
    say: Callable[[str], None] = print
    trials: list[Trained] = field(default_factory=list)
    minutes_done: float = 0.0
    _faces: dict[str, FaceDataset] = field(default_factory=dict)
    _trained: dict[Cell, Trained] = field(default_factory=dict)
    _rates: dict[Cell, float] = field(default_factory=dict)

    def train(self, cell: Cell) -> Trained:
        """The cell, trained at the learning rate chosen for its loss."""
        return self._train(dataclasses.replace(cell, learning_rate=self.rate(cell)))

    def rate(self, cell: Cell) -> float:
        """The learning rate whose validation error was lowest.

        It is chosen once for each body and loss, with CNN-6 (CNN-7 is six times as
        slow), seed 0, without hard sample mining and, for the wing loss, with the
        paper's w and epsilon.
        """
        plain = Cell(cell.body, loss=cell.loss)
        if plain not in self._rates:
            trials = [
                self._train(dataclasses.replace(plain, learning_rate=rate))
                for rate in self.rates
            ]
            self.trials += trials
            best = min(trials, key=lambda trained: trained.training.validation_nme)
            self._rates[plain] = best.cell.learning_rate
        return self._rates[plain]

    def _train(self, cell: Cell) -> Trained:
        if cell not in self._trained:
            first = None
            if cell.method == CASCADE:
                first = self.train(dataclasses.replace(cell, method=CNN6))
            self._trained[cell] = self._find(cell, first, self.recorded)
            self.minutes_done += _minutes(cell)
        return self._trained[cell]

    def _find(self, cell: Cell, first: Trained | None, recorded) -> Trained:
        if cell.body not in self._faces:
            self._faces[cell.body] = BODIES[cell.body].training_faces(self.data)
        shown = round(FACES_SHOWN[cell.network] * self.length)
        faces = self._faces[cell.body]
        return train_cell(
            cell, shown, faces, self.cache, first, recorded, self.say, self._load
        )

    def _load(self, first: Trained) -> Localizer:
        if not first.is_at_hand:
            first = self._find(first.cell, None, {})
        return first.load()


def minutes(cells: Sequence[Cell], rates: Sequence[float] = RATES) -> float:
    """How long cells and the trials before them take on two cores, at full length."""
    # Exact, so that the order of a set makes no difference.
    return math.fsum(_minutes(cell) for cell in _planned(cells, rates))


def _planned(cells: Sequence[Cell], rates: Sequence[float]) -> set[Cell]:
    planned = set()
    for cell in _with_first(cells):
        # Which of its rates a loss will choose is not known: the first stands for it.
        planned.add(dataclasses.replace(cell, learning_rate=rates[0]))
        plain = Cell(cell.body, loss=cell.loss)
        planned |= {dataclasses.replace(plain, learning_rate=rate) for rate in rates}
    return planned


def length_within(budget: float, cells: Sequence[Cell]) -> float:
    """How long trainings may be for cells to take so many minutes.

    Args:
        budget: minutes on two cores.
        cells: to train.

    Returns:
        A multiple of `FACES_SHOWN`.

    Raises:
        ValueError: if starting the trainings alone takes longer.
    """
    fixed = _SECONDS_PER_CELL * len(_planned(cells, RATES)) / 60
    if budget <= fixed:
        raise ValueError(
            f"Expected a budget over {fixed:.0f} minutes, which starting the trainings "
            f"takes; received {budget:g}."
        )
    return (budget - fixed) / (minutes(cells) - fixed)


def _with_first(cells: Sequence[Cell]) -> list[Cell]:
    """The cells, and the first networks that cascades among them need."""
    first = [dataclasses.replace(c, method=CNN6) for c in cells if c.method == CASCADE]
    return [*cells, *first]


def _minutes(cell: Cell) -> float:
    shown = FACES_SHOWN[cell.network] * _SECONDS_PER_FACE[cell.network]
    return (_SECONDS_PER_CELL + shown) / 60
