"""A table from its experiments: trained, measured and written down one by one."""

from collections.abc import Callable, Sequence
from pathlib import Path

from reproduction import durations
from reproduction.datasets import DATASETS
from reproduction.experiments import Experiment
from reproduction.records import read_records, write
from reproduction.results import read_errors
from reproduction.trained import Trained
from reproduction.trainer import Trainer
from wingkeras.inference.localizer import Localizer

Load = Callable[[Trained], Localizer]


def run_table(
    name: str,
    experiments: Sequence[Experiment],
    results: Path,
    machine: dict,
    log: Callable[[str], None] = print,
    further: Callable[[Path, list[Trained], Load], None] = lambda *_: None,
    **settings,
) -> None:
    """Train what no table holds yet, and write the table after every experiment.

    Args:
        name: of the table.
        experiments: that it is to have.
        results: folder with a folder per table.
        machine: what they are trained on, for `records.write`; a table that holds
            them all already keeps what it says.
        log: called with a line before every training.
        further: measures more: called whenever the table is written, with its folder,
            its experiments so far, and what gives the localizer of one.
        **settings: of `trainer.Trainer`.
    """
    records = read_records(results)

    def log_what_is_left(line: str) -> None:
        full = durations.minutes(experiments, trainer.rates, trainer.length)
        left = full - trainer.minutes_done
        log(f"{line}; about {left:.0f} minutes left on two cores")

    trainer = Trainer(recorded=records.trainings, log=log_what_is_left, **settings)
    run = {"length": trainer.length, "machine": machine}
    folder = results / name
    for dataset in dict.fromkeys(experiment.dataset for experiment in experiments):
        faces, trained = DATASETS[dataset].test_faces(trainer.data), []
        held = read_errors(folder, dataset)[1].keys()
        for experiment in (
            experiment for experiment in experiments if experiment.dataset == dataset
        ):
            trained.append(trainer.train(experiment))
            # What a longer table holds stays on disk until this one is as long.
            if len(trained) >= len(held):
                is_same = held >= {one.key for one in trained}
                how = None if is_same else run
                write(
                    folder, trained, trainer.trials, faces, records, how, trainer.load
                )
                further(folder, trained, trainer.load)
