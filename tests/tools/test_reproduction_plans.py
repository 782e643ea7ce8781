"""What the paper's tables train, and how long that takes."""

import dataclasses

import pytest

from faces_on_disk import make_faces
from reproduction import durations, experiments, tables
from reproduction.datasets import AFLW, W300
from reproduction.experiments import (
    CASCADE,
    LOSSES,
    TRAININGS,
    Experiment,
)
from wingkeras.data.augment import Augmentation


def test_tables_hold_the_papers_experiments():
    both = [W300.name, AFLW.name]
    table1 = tables.table1(both)
    assert len(table1) == len(set(table1)) == 2 * 4 * 3
    assert {experiment.loss for experiment in table1} == set(LOSSES)
    assert len(set(tables.table2(both))) == 24
    table3 = tables.table3(both)
    assert len(set(table3)) == 2 * 2 * 4 * 3 + 2 * 4
    assert set(table1) < set(table3)
    assert {
        experiment.dataset for experiment in table3 if experiment.method == CASCADE
    } == {W300.name}
    table4 = tables.table4(both)
    assert {(c.method, c.hsm, c.dataset) for c in table4} == {
        (CASCADE, True, W300.name)
    }
    assert [experiment.loss for experiment in table4] == [*LOSSES]
    table5 = tables.table5(both)
    assert {(experiment.loss, experiment.hsm) for experiment in table5} == {
        ("wing", True)
    }
    assert len(table5) == 2 * 3 + 1


def test_recipes_show_the_same_number_of_faces(tmp_path):
    """Hard sample mining repeats faces, so that there are fewer passes."""
    faces = make_faces(tmp_path, 40)
    for hsm in (False, True):
        recipe = Experiment(AFLW.name, hsm=hsm).recipe(3600, faces)
        passes = recipe.epochs * recipe.passes_per_epoch
        shown = passes * len(
            experiments.epoch_plan(
                faces.split(recipe.validation_split, 0)[0], recipe.hsm_bins
            )
        )
        assert shown == pytest.approx(3600, rel=0.05)
        assert recipe.hsm_bins == (17 if hsm else 0)


def test_long_trainings_are_the_papers_and_ours(tmp_path):
    planned = tables.table1_long([W300.name, AFLW.name], seeds=2)
    assert len({*planned}) == len(planned) == 2 * 2 * 4
    assert {(e.dataset, e.seed) for e in planned} == {("300w", 0), ("300w", 1)}
    faces = make_faces(tmp_path, 40)
    papers, ours = (
        Experiment(AFLW.name, learning_rate=1e-4, training=training).recipe(9000, faces)
        for training in TRAININGS
    )
    assert (papers.optimizer, papers.batch_size) == ("sgd", 8)
    assert (papers.weight_decay, papers.augmentation) == (5e-4, Augmentation())
    assert papers.final_learning_rate == pytest.approx(1e-6)
    assert (ours.optimizer, ours.batch_size) == ("adamw", 32)
    for recipe in (papers, ours):
        assert (recipe.epochs, recipe.passes_per_epoch) == (50, 5)  # of 36 faces


def test_long_trainings_of_other_shapes_are_settings_of_table_2():
    papers, *others = tables.table2_long([AFLW.name, W300.name])
    assert papers in tables.table1_long([W300.name])
    assert {*others} <= {*tables.table2([W300.name])}
    assert tables.table2_long([AFLW.name]) == []


@pytest.mark.parametrize(
    ("experiment", "expected"),
    [
        (Experiment("aflw"), {"name": "WingLoss", "w": 10.0, "epsilon": 2.0}),
        (Experiment("aflw", CASCADE), {"name": "WingLoss", "w": 15.0, "epsilon": 3.0}),
        (
            Experiment("aflw", w=4, epsilon=0.5),
            {"name": "WingLoss", "w": 4, "epsilon": 0.5},
        ),
        (Experiment("aflw", loss="L2"), {"name": "L2Loss"}),
        (Experiment("aflw", loss="smooth L1"), {"name": "SmoothL1Loss"}),
    ],
    ids=str,
)
def test_losses_are_those_of_the_experiments(tmp_path, experiment, expected):
    described = experiment.recipe(1, make_faces(tmp_path, 40)).describe()["loss"]
    assert {key: described[key] for key in expected} == expected


def test_minutes_of_a_cascade_count_its_first_network():
    both = [Experiment(W300.name, CASCADE), Experiment(W300.name)]
    for rates in ((1e-3,), (1e-3, 2e-3, 4e-3)):
        assert durations.minutes(both[:1], rates) == durations.minutes(both, rates)
        assert durations.minutes(both, rates) > durations.minutes(both[1:], rates)


def test_length_of_trainings_within_a_budget():
    experiments_ = tables.table1([W300.name])
    full = durations.minutes(experiments_)
    assert durations.length_within(full, experiments_) == pytest.approx(1)
    assert durations.length_within(full / 2, experiments_) < 0.5
    with pytest.raises(ValueError, match=r"over 8 minutes.*received 3"):
        durations.length_within(3, experiments_)


def test_the_papers_wing_is_the_same_loss_however_it_is_named(tmp_path):
    faces = make_faces(tmp_path, 40)
    plain, named = (
        c.recipe(90, faces)
        for c in (Experiment("aflw"), Experiment("aflw", w=10, epsilon=2))
    )
    assert plain.loss.get_config() == named.loss.get_config()
    assert plain.describe() == named.describe()


def test_minutes_count_trials_and_cells_once():
    experiments_ = [Experiment(W300.name, seed=seed) for seed in (0, 1, 2)]
    one = durations.minutes([dataclasses.replace(experiments_[0])], (1e-3,))
    three = durations.minutes(experiments_, (1e-3, 2e-3, 4e-3))
    assert three == pytest.approx(5 * one)
