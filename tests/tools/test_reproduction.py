import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from faces_on_disk import make_faces
from reproduction import durations, records, results
from reproduction.datasets import AFLW, DATASETS, W300
from reproduction.experiments import CASCADE, CNN6, Experiment
from reproduction.running import run_table
from reproduction.trained import Trained, Training
from reproduction.trainer import Trainer
from synthetic_datasets import SyntheticDataset
from wingkeras.evaluation import evaluate

REPOSITORY = Path(__file__).parents[2]

FLOAT32 = {"precision": "float32"}
"""Processors without bfloat16 take seven times as long in mixed precision."""
QUICK = {"length": 1e-5, "changes": FLOAT32}


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.setitem(DATASETS, "made", SyntheticDataset(tmp_path))
    return tmp_path


def test_rates_at_which_a_network_diverges_are_not_chosen(made, monkeypatch):
    tried = []

    def train(experiment, shown, *_):
        tried.append((experiment.training, experiment.learning_rate, shown))
        if experiment.learning_rate > 1e-4:
            raise FloatingPointError("diverged")
        return Trained(experiment, "key", made, None, Training(0.1, 1.0))

    monkeypatch.setattr("reproduction.trainer.train_experiment", train)
    trainer = Trainer(made, made, length=2.0, log=lambda line: None)
    trained = trainer.train(Experiment("made", training="paper"))
    assert trained.experiment.learning_rate == 2.4e-5
    rates = durations.RATES["paper"]
    assert tried[:-1] == [("paper", rate, 90_000) for rate in rates]
    assert tried[-1] == ("paper", 2.4e-5, 180_000)
    assert len(trainer.trials) == 2
    with pytest.raises(FloatingPointError, match="diverges at every rate"):
        trainer.train(Experiment("made", loss="L2"))


def test_learning_rate_is_chosen_by_validation_and_experiments_are_kept(made):
    said = []
    settings = {**QUICK, "rates": (1e-2, 1e-5), "log": said.append}
    trainer = Trainer(made, made / "cache", **settings)
    trained = [trainer.train(Experiment("made", CNN6, "L1", seed=s)) for s in (0, 1)]
    assert len(said) == 3
    best = min(trainer.trials, key=lambda trial: trial.training.validation_nme)
    assert {t.experiment.learning_rate for t in trained} == {
        best.experiment.learning_rate
    }
    assert len(list((made / "cache").iterdir())) == 3

    files = {p: p.stat().st_mtime_ns for p in (made / "cache").rglob("*.h5")}
    again = Trainer(made, made / "cache", **settings)
    assert again.train(trained[1].experiment).key == trained[1].key
    assert files == {p: p.stat().st_mtime_ns for p in (made / "cache").rglob("*.h5")}

    folder, faces = made / "results" / "table1", DATASETS["made"].test_faces(made)
    known = records.read_records(made / "results")
    records.write(folder, trained, trainer.trials, faces, known, {"length": 1})
    with (folder / "made_cells.csv").open(newline="") as file:
        assert [row["seed"] for row in csv.DictReader(file)] == ["0", "1", "0"]
    found = results.read_table(folder)
    assert [result.seed for result in found] == [0, 1]
    for result, experiment in zip(found, trained, strict=True):
        expected = evaluate(experiment.load(), faces).errors
        np.testing.assert_allclose(
            result.errors["inter_pupil"], expected["inter_pupil"], atol=1e-6
        )
    assert json.loads((folder / "made_run.json").read_text()) == {"length": 1}


def test_recorded_experiments_are_not_trained_again(made):
    """Neither they nor the trials before them; a new cascade's first network is."""
    settings = {**QUICK, "rates": (1e-3, 2e-3), "log": lambda line: None}
    folder, faces = made / "results" / "table1", DATASETS["made"].test_faces(made)
    trainer = Trainer(made, made / "cache", **settings)
    trained = [trainer.train(Experiment("made", loss="L1"))]
    known = records.read_records(made / "results")
    records.write(folder, trained, trainer.trials, faces, known, {"length": 1})
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    known = records.read_records(made / "results")
    elsewhere = made / "elsewhere"
    trainer = Trainer(made, elsewhere, recorded=known.trainings, **settings)
    again = [trainer.train(Experiment("made", loss="L1"))]
    assert not elsewhere.exists() and not again[0].is_at_hand
    shutil.rmtree(folder)
    records.write(folder, again, trainer.trials, faces, known, {"length": 1})
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}

    cascade = trainer.train(Experiment("made", CASCADE, "L1"))
    assert len(cascade.load().stages) == 2
    assert cascade.experiment.learning_rate == again[0].experiment.learning_rate
    assert {path.name for path in elsewhere.iterdir()} == {again[0].key, cascade.key}

    recorded = {**known.trainings, cascade.key: cascade.training}
    nowhere = made / "nowhere"
    trainer = Trainer(made, nowhere, recorded=recorded, **settings)
    assert trainer.train(cascade.experiment).training == cascade.training
    assert not nowhere.exists()

    report = elsewhere / again[0].key / "cell.json"
    report.write_text(json.dumps(json.loads(report.read_text()) | {"nme": 0.5}))
    trainer = Trainer(made, elsewhere, recorded=known.trainings, **settings)
    assert trainer.train(again[0].experiment).training == again[0].training
    assert trainer.train(again[0].experiment).is_at_hand


def test_trials_of_another_machine_choose_the_rate_alone(made):
    """They are neither experiments of this one nor written down for it."""
    settings = {"length": 1e-5, "rates": (1e-3,), "log": lambda line: None}
    trainer = Trainer(made, made / "cache", **settings)
    trial = trainer.train(Experiment("made", loss="L1"))
    other = Trainer(
        made,
        made / "other",
        recorded_trials={trial.key: trial.training},
        changes={"augment_on": "device"},
        **settings,
    )
    trained = other.train(Experiment("made", loss="L1"))
    assert trained.key != trial.key and other.trials == []
    assert trained.recipe.augment_on == "device"
    assert [path.name for path in (made / "other").iterdir()] == [trained.key]


def test_a_table_cut_short_keeps_what_was_there(made):
    results_ = made / "results"
    experiments_ = [Experiment("made", loss=loss) for loss in ("L1", "L2")]
    settings = {
        "data": made,
        "cache": made / "cache",
        "rates": (1e-3,),
        "changes": FLOAT32,
    }

    def rows():
        return [result.loss for result in results.read_table(results_ / "table1")]

    def refuse(line):
        if "L2" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_table("table1", experiments_, results_, {}, refuse, length=1e-5, **settings)
    assert rows() == ["L1"]
    run_table("table1", experiments_, results_, {}, length=1e-5, **settings)
    before = {path.name: path.read_bytes() for path in (results_ / "table1").iterdir()}
    with pytest.raises(KeyboardInterrupt):
        run_table("table1", experiments_, results_, {}, refuse, length=2e-3, **settings)
    after = {path.name: path.read_bytes() for path in (results_ / "table1").iterdir()}
    assert rows() == ["L1", "L2"] and before == after


def test_more_is_measured_whenever_a_table_is_written(made):
    settings = {"data": made, "cache": made / "cache", **QUICK, "rates": (1e-3,)}
    calls = []

    def further(folder, trained, load):
        assert (folder / "made_cells.csv").exists()
        assert load(trained[-1]).scheme == trained[-1].load().scheme
        calls.append((folder.name, [t.experiment.loss for t in trained]))

    run_table(
        "table1",
        [Experiment("made", loss=loss) for loss in ("L1", "L2")],
        made / "results",
        {},
        lambda line: None,
        further,
        **settings,
    )
    assert calls == [("table1", ["L1"]), ("table1", ["L1", "L2"])]


def test_measured_again_on_other_test_faces(made):
    settings = {**QUICK, "rates": (1e-3,), "log": lambda line: None}
    trainer = Trainer(made, made / "cache", **settings)
    trained = [trainer.train(Experiment("made"))]
    folder, known = made / "results" / "table1", records.Records({}, {})
    for seed in (1, 2):
        faces = make_faces(made / f"test{seed}", 3 + seed, seed=seed)
        records.write(folder, trained, [], faces, known, {})
        assert len(results.read_table(folder)[0].images) == 3 + seed


def test_what_is_only_recorded_is_trained_again_to_be_measured(made):
    settings = {**QUICK, "rates": (1e-3,), "log": lambda line: None}
    first = Trainer(made, made / "cache", **settings)
    trained = first.train(Experiment("made"))
    recorded = {trained.key: trained.training._replace(validation_nme=0.5)}
    second = Trainer(made, made / "elsewhere", recorded=recorded, **settings)
    again = second.train(Experiment("made"))
    assert not again.is_at_hand
    faces, known = make_faces(made / "others", 5), records.Records({}, {})
    folder = made / "results" / "table1"
    records.write(folder, [again], [], faces, known, {}, second.load)
    assert again.is_at_hand and again.training.validation_nme == 0.5
    [measured] = results.read_table(folder)
    expected = evaluate(trained.load(), faces).errors["inter_pupil"]
    np.testing.assert_allclose(measured.errors["inter_pupil"], expected, atol=1e-6)


def test_recorded_experiments_are_known_by_their_keys(real_data, tmp_path):
    known = records.read_records(REPOSITORY / "results")
    settings = {"recorded": known.trainings, "log": pytest.fail}
    trainer = Trainer(real_data, tmp_path / "cache", **settings)
    for experiment in (Experiment("300w", loss="L2"), Experiment("300w", hsm=True)):
        trained = trainer.train(experiment)
        assert trained.training == known.trainings[trained.key]
    assert not (tmp_path / "cache").exists()


def test_yaw_is_told_in_mtfls_classes(made, monkeypatch):
    faces = make_faces(made / "turned", 6)
    yaw = np.array([-44, -14, 0, 16, 44, np.nan])
    monkeypatch.setattr("reproduction.datasets._load", lambda *_: faces)
    monkeypatch.setattr("wingkeras.head_pose.is_known_for", lambda scheme: True)
    monkeypatch.setattr(
        "wingkeras.head_pose.head_poses", lambda *_: np.repeat(yaw[:, None], 3, axis=1)
    )
    classes = W300.test_faces(made).attributes["head_pose"]
    assert classes.tolist() == [2, 3, 3, 4, 4, 0]


def test_boxes_of_aflw_do_not_know_the_faces(real_data):
    faces = AFLW.test_faces(real_data)
    assert len(np.unique(faces.boxes, axis=0)) == 1
    side = faces.boxes[0, 2] - faces.boxes[0, 0]
    assert side * AFLW.box_scale == pytest.approx(80)


def test_test_faces_of_300w_are_the_common_ones_where_ibug_is_missing(real_data):
    if (real_data / "300w" / "ibug").exists():
        pytest.skip("the ibug subset is there")
    assert len(W300.test_faces(real_data)) == 554


def test_cascade_goes_on_from_the_network_of_its_loss(made):
    settings = {**QUICK, "rates": (1e-3,), "log": lambda line: None}
    trainer = Trainer(made, made / "cache", **settings)
    cascade = trainer.train(Experiment("made", CASCADE, "L1"))
    first = trainer.train(Experiment("made", CNN6, "L1"))
    assert trainer.minutes_done == pytest.approx(
        durations.minutes([cascade.experiment], (1e-3,), 1e-5)
    )
    for one, two in zip(
        first.load().stages[0].network.get_weights(),
        cascade.load().stages[0].network.get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)
    assert [stage.size for stage in cascade.load().stages] == [64, 128]
