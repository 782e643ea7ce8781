"""A table from its cells: trained, measured and written down one by one."""

from collections.abc import Callable, Sequence
from pathlib import Path

from reproduction import tables
from reproduction.bodies import BODIES
from reproduction.cells import Cell
from reproduction.records import read_records, write
from reproduction.results import read_errors


def run_table(
    name: str,
    cells: Sequence[Cell],
    results: Path,
    machine: dict,
    say: Callable[[str], None] = print,
    **settings,
) -> None:
    """Train what no table holds yet, and write the table after every cell.

    Args:
        name: of the table.
        cells: that it is to have.
        results: folder with a folder per table.
        machine: what they are trained on, for `records.write`; a table that holds
            them all already keeps what it says.
        say: called with a line before every training.
        **settings: of `tables.Trainer`.
    """
    records = read_records(results)

    def say_what_is_left(line: str) -> None:
        full = tables.minutes(cells, trainer.rates)
        left = (full - trainer.minutes_done) * trainer.length
        say(f"{line}; about {left:.0f} minutes left on two cores")

    trainer = tables.Trainer(
        recorded=records.trainings, say=say_what_is_left, **settings
    )
    run = {"length": trainer.length, "machine": machine}
    folder = results / name
    for body in dict.fromkeys(cell.body for cell in cells):
        faces, trained = BODIES[body].test_faces(trainer.data), []
        held = read_errors(folder, body)[1].keys()
        for cell in (cell for cell in cells if cell.body == body):
            trained.append(trainer.train(cell))
            # What a longer table holds stays on disk until this one is as long.
            if len(trained) >= len(held):
                is_same = held >= {one.key for one in trained}
                how = None if is_same else run
                write(folder, trained, trainer.trials, faces, records, how)
