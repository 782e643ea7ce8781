"""Experiments that change one thing at a time, and what the report says of them."""

import csv
import dataclasses

import numpy as np
import pytest

from faces_on_disk import make_faces
from made_results import made_result
from reproduction import profiles, single_changes, tables
from reproduction import results as recorded
from reproduction.datasets import AFLW, W300
from reproduction.experiments import Experiment
from reproduction.trained import Trained, Training
from reproduction.variations import MINING, NOT_MINED, VARIATIONS
from wingkeras import losses, serialized_names
from wingkeras.data.augment import Augmentation
from wingkeras.data.balance import epoch_plan


def test_the_tables_change_one_thing():
    causes, mining = tables.causes([W300.name]), tables.mining([W300.name])
    assert len({*causes, *mining}) == len(causes) + len(mining) - 1  # plain wing
    assert {e.variation for e in (*causes, *mining)} == {"", *VARIATIONS}
    assert tables.causes([AFLW.name]) == tables.mining([AFLW.name]) == []


@pytest.mark.parametrize("variation", VARIATIONS)
def test_a_variation_changes_the_fields_it_names(variation, tmp_path):
    faces = make_faces(tmp_path, 40)
    mined = variation in MINING
    plain = Experiment(W300.name, hsm=mined)
    varied = dataclasses.replace(plain, variation=variation)
    one, other = (
        serialized_names.from_file(
            e.recipe(3600, faces).describe(), serialized_names.RECIPE
        )
        for e in (plain, varied)
    )
    differ = {n for n in one.keys() | other.keys() if one.get(n) != other.get(n)}
    expected = {
        "the paper's perturbation": {"augmentation"},
        "one and a half times our perturbation": {"augmentation"},
        "rectified": {"loss"},
        "at most 2 copies": {"hsm_cap"},
        "at most 4 copies": {"hsm_cap"},
        "3 bins": {"hsm_bins"},
        "equal passes": {"epochs"},
        NOT_MINED: {"epochs", "passes_per_epoch"},
    }[variation]
    assert expected <= differ
    assert differ <= expected | ({"epochs", "passes_per_epoch"} if mined else set())


def test_variations_of_the_perturbation_and_the_loss(tmp_path):
    faces = make_faces(tmp_path, 40)

    def recipe(variation):
        return Experiment(W300.name, variation=variation).recipe(3600, faces)

    ours = W300.augmentation
    assert recipe("the paper's perturbation").augmentation == Augmentation()
    wider = recipe("one and a half times our perturbation").augmentation
    assert wider.rotation == pytest.approx(1.5 * ours.rotation)
    assert wider.flip == ours.flip
    rectified = recipe("rectified").loss
    assert isinstance(rectified, losses.RectifiedWingLoss)
    assert (rectified.w, rectified.epsilon, rectified.r) == (10, 2, 0.5)


def test_equal_passes_show_every_face_as_often_as_without_mining(tmp_path):
    faces = make_faces(tmp_path, 40)

    def passes(**changes):
        recipe = Experiment(W300.name, **changes).recipe(3600, faces)
        return recipe.epochs * recipe.passes_per_epoch

    assert passes(hsm=True) < passes()
    assert passes(hsm=True, variation="equal passes") == passes()


def test_the_training_to_compare_with_shows_as_many_faces_as_equal_passes(tmp_path):
    faces = make_faces(tmp_path, 40)

    def faces_shown(**changes):
        recipe = Experiment(W300.name, **changes).recipe(3600, faces)
        shown, _ = faces.split(recipe.validation_split, recipe.seed)
        passes = recipe.epochs * recipe.passes_per_epoch
        return passes * len(epoch_plan(shown, recipe.hsm_bins, recipe.hsm_cap))

    longer = faces_shown(variation=NOT_MINED)
    mined = faces_shown(hsm=True, variation="equal passes")
    assert longer == pytest.approx(mined, rel=0.02)  # whole passes
    assert longer > 1.5 * faces_shown()


def test_causes_are_tabulated(tmp_path):
    results = [
        made_result(e, loss=loss, variation=v)
        for v, errors in (("", (4.0, 5.0)), ("the paper's perturbation", (3.0, 6.0)))
        for loss, e in zip(("wing", "L2"), errors, strict=True)
    ]
    rectified = made_result(2.0, variation="rectified")
    text = single_changes.tabulate_causes([*results, rectified], tmp_path)
    nothing, papers, last = text.splitlines()[-3:]
    assert nothing == "| nothing | 5.00 / 50.00 | - | - | 4.00 / 50.00 | -20 % |"
    assert papers.startswith("| the paper's perturbation | 6.00 / 50.00 | - | - |")
    assert papers.endswith("| 3.00 / 50.00 | -50 % |")
    assert last == "| rectified | - | - | - | 2.00 / 50.00 | - |"


def test_learning_rates_are_tabulated_by_training(tmp_path):
    header = "dataset,loss,seed,learning_rate,passes,validation_nme_percent"
    ours = ["300w,wing,0,0.001,50,5.1", "300w,wing,0,0.002,50,5.2"]
    ours += ["300w,L1,0,0.001,50,5.3", "300w,wing,1,0.001,50,9.9"]
    long = [f"{row},modern" for row in ours] + ["300w,wing,0,0.001,530,3.9,paper"]
    long += ["300w,wing,0,0.0001,50,6.1,paper", "300w,wing,0,0.001,50,6.2,paper"]
    for name, rows in (
        ("table1", [header, *ours]),
        ("table1_long", [f"{header},training", *long]),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "300w_cells.csv").write_text("\n".join(rows) + "\n")
    text = single_changes.tabulate_causes([made_result(4.0)], tmp_path)
    assert text.split("was not tried.\n")[1] == (
        "\n| ours: AdamW, batches of 32 | 0.001 | 0.002 |\n| --- | --- | --- |\n"
        "| L1 | 5.30 | - |\n| wing | 5.10 | 5.20 |\n\n"
        "| the paper's: SGD, batches of 8 | 0.0001 | 0.001 |\n| --- | --- | --- |\n"
        "| wing | 6.10 | 6.20 |\n"
    )


def test_profiles_are_measured_once_and_tabulated(tmp_path, monkeypatch):
    folder, faces = tmp_path / "mining", make_faces(tmp_path / "faces", 4)
    folder.mkdir()
    names = ["400_profile_1.jpg", "401_profile_1.jpg", "401_frontal_1.jpg"]
    names.append("402_profile_1.jpg")
    images = tuple(i.with_name(n) for i, n in zip(faces.images, names, strict=True))
    faces = dataclasses.replace(faces, images=images)
    experiments = [
        Trained(e, key, tmp_path, None, Training(0.1, 1.0))
        for e, key in ((Experiment("300w"), "a"), (Experiment("300w", hsm=True), "b"))
    ]
    loaded = []

    def measure(localizers, measured):
        assert measured.images == faces.images[1:]  # persons from 401 on
        return {
            key: np.array([0.05, 0.03, 0.07]) + 0.1 * (key == "b") for key in localizers
        }

    monkeypatch.setattr(profiles, "load_faces", lambda path, scheme: faces)
    monkeypatch.setattr(profiles, "profile_errors", measure)
    for count in (1, 2, 2):
        profiles.write_profiles(
            folder, experiments[:count], lambda t: loaded.append(t.key), tmp_path
        )
    assert loaded == ["a", "b"]
    with (folder / "300w_views.csv").open(newline="") as file:
        assert [row["faces"] for row in csv.DictReader(file)] == ["2", "1"]

    views = recorded.by_experiment(folder / "300w_views.csv", "view")
    results = [
        made_result(4.0, key="a", held_out=5.0, poses={3: 0.04}, views=views["a"]),
        made_result(
            4.0, key="b", held_out=6.0, poses={3: 0.05}, views=views["b"], hsm=True
        ),
        made_result(4.0, key="c", hsm=True, variation="3 bins", poses={3: 0.05}),
    ]
    before = [made_result(4.25, key="b"), made_result(9.0, key="d")]
    text = single_changes.tabulate_mining(results, before)
    table, note = text.split("\nTrained again")
    assert 'faces: "as in the paper" by 0.25 points.' in note
    alone = single_changes.tabulate_mining(results, before[1:])
    assert alone == table
    lines = table.splitlines()[-3:]
    measured = "4.00 | 50.00 | 27.00"
    assert lines == [
        f"| none | 1 | 5.00 | 6.00 | 3.00 | {measured} | 4.00 |",
        f"| as in the paper | 1 | 6.00 | 16.00 | 13.00 | {measured} | 5.00 |",
        f"| 3 bins | 1 | nan | - | - | {measured} | 5.00 |",
    ]
