"""Publishing into a zoo of the test's own."""

import json
import shutil

import numpy as np
import pytest

import publish
from publishing import candidates, steps
from publishing.candidates import load_candidate
from publishing_runs import DESCRIPTION, landmarks_of, publish_run, state
from train_made_faces import RECIPE
from wingkeras import zoo
from wingkeras.evaluation import evaluate
from wingkeras.storage.download import sha256_of
from wingkeras.training.run import train


def test_published_by_command(runs, faces, empty, capsys):
    arguments = [str(runs / "first"), "tiny", "--data", str(runs / "test.csv")]
    arguments += ["--description", DESCRIPTION, "--zoo", str(empty.path), "--recrop"]
    assert publish.main(arguments) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index("\n[") :]) == [
        *empty.entries()["tiny"].metrics
    ]
    entry = empty.entries()["tiny"]
    assert entry.recrop and not entry.flip_tta
    assert all(metric["recrop"] for metric in entry.metrics)
    before = state(empty)
    assert publish.main(["nowhere", *arguments[1:]]) == 1
    assert "nowhere" in capsys.readouterr().err and state(empty) == before


def test_entry_says_where_the_model_comes_from(runs, faces, published):
    entry = published.entries()["tiny"]
    described = json.loads((runs / "first" / "recipe.json").read_text())
    assert [*entry.recipe] == [described["recipe"]]
    assert entry.training_data["faces"] == 12
    assert (entry.scheme, entry.description) == ("five", DESCRIPTION)
    plain, mirrored = entry.metrics
    assert plain["command"] == "wingkeras evaluate tiny --data aflw.csv"
    assert mirrored["command"].endswith(" --flip-tta")
    expected = evaluate(zoo.load(runs / "first"), faces).summary()
    assert plain["inter_pupil"] == expected["inter_pupil"]
    assert not plain["flip_tta"] and mirrored["flip_tta"]
    (stage,) = entry.stages
    assert stage.file == f"tiny.stage1.{stage.sha256[:8]}.weights.h5"
    assert sha256_of(published.path / stage.file) == stage.sha256
    assert len(list(published.path.glob("tiny.stage1.*.training.png"))) == 1
    np.testing.assert_array_equal(
        landmarks_of("tiny", faces), landmarks_of(runs / "first", faces)
    )


def test_the_same_again_changes_nothing(runs, faces, published):
    before = state(published)
    publish_run(runs / "first", "tiny", faces, published)
    assert state(published) == before


def test_a_better_model_takes_the_place_of_the_old(runs, faces, published):
    old, other = published.entries()["tiny"], published.entries()["other"]
    settings = {"init_from": runs / "first", "extra_faces": "the same ones"}
    entry = publish_run(runs / "further", "tiny", faces, published, **settings)
    assert published.entries() == {"other": other, "tiny": entry}
    assert entry.training_data["extra_faces"] == "the same ones"
    assert entry.licence.endswith("photographs of its extra faces")
    assert len(entry.recipe) == 2
    assert not (published.path / old.stages[0].file).exists()
    assert len(list(published.path.glob("tiny.*"))) == 3
    np.testing.assert_array_equal(
        landmarks_of("tiny", faces), landmarks_of(runs / "further", faces)
    )


def test_goes_on_from_a_model_of_the_zoo(runs, faces, published, tmp_path):
    few = faces.select([0, 1, 2, 3] * 2)
    train(RECIPE, few, tmp_path / "run", init_from=zoo.load("tiny"), verbose=False)
    entry = publish_run(tmp_path / "run", "new", faces, published, init_from="tiny")
    assert len(entry.recipe) == 1
    assert not entry.licence.endswith("photographs of its extra faces")
    with pytest.raises(ValueError, match=r"if any; received .*further"):
        load_candidate("new", [tmp_path / "run"], runs / "further")


def test_the_licence_of_a_model_that_it_goes_on_from_counts(
    runs, faces, published, tmp_path
):
    settings = {"init_from": runs / "first", "extra_faces": "the same ones"}
    publish_run(runs / "further", "tiny", faces, published, **settings)
    few = faces.select([0, 1, 2, 3] * 2)
    train(RECIPE, few, tmp_path / "run", init_from=zoo.load("tiny"), verbose=False)
    entry = publish_run(tmp_path / "run", "new", faces, published, init_from="tiny")
    assert entry.training_data["num_extra_faces"] == 0
    assert entry.licence.endswith("photographs of its extra faces")


def test_curves_that_the_card_shows_stay(runs, faces, published):
    (shown,) = published.path.glob("tiny.*.training.png")
    (published.path / "tiny.md").write_text(f"![curves]({shown.name})")
    settings = {"init_from": runs / "first", "extra_faces": "the same ones"}
    publish_run(runs / "further", "tiny", faces, published, **settings)
    assert shown.exists() and len(list(published.path.glob("tiny.*.png"))) == 2


def test_a_cascade_has_the_files_of_both_networks(runs, faces, published):
    pair = [runs / "first", runs / "second"]
    candidate = load_candidate("pair", pair)
    steps.publish(candidate, DESCRIPTION, faces, published, lambda line: None)
    assert len(zoo.load("pair").stages) == 2
    assert len(list(published.path.glob("pair.stage?.*"))) == 4


def test_a_cascade_may_begin_with_a_network_of_the_zoo(
    runs, faces, published, tmp_path
):
    first, few = zoo.load("tiny"), faces.select([0, 1, 2, 3] * 2)
    train(RECIPE, few, tmp_path / "run", first_stage=first, verbose=False)
    candidate = load_candidate("pair", ["tiny", tmp_path / "run"])
    entry = steps.publish(candidate, DESCRIPTION, faces, published, lambda line: None)
    assert len(zoo.load("pair").stages) == len(entry.stages) == 2
    assert entry.stages[0].sha256 == published.entries()["tiny"].stages[0].sha256
    assert len(entry.recipe) == 1
    assert not list(published.path.glob("pair.stage1.*.png"))
    assert len(list(published.path.glob("pair.stage2.*.png"))) == 1


def test_runs_that_do_not_belong_together(runs, tmp_path):
    first, second, further = (runs / n for n in ("first", "second", "further"))
    for arguments, message in (
        (([second],), r"each of the 2 networks in .*second, received 1"),
        (([first, first],), r"each of the 1 networks in .*first, received 2"),
        (([further, second],), r"the run of network 1 of .*second, received .*further"),
        (([further],), r"the run that .*further went on from, if any; received None"),
        (([first], first), r"the run that .*first went on from"),
        (([first], None, "photographs"), r"--extra-faces for 0 extra faces, or"),
        (([further], first), r"--extra-faces for 15 extra faces, or neither"),
    ):
        with pytest.raises(ValueError, match=message):
            load_candidate("tiny", *arguments)


def test_a_scheme_that_has_no_protocol(runs, monkeypatch):
    monkeypatch.setattr(candidates, "PROTOCOLS", {"ibug68": None})
    with pytest.raises(ValueError, match=r"one of the schemes \['ibug68'\].*'five'"):
        load_candidate("tiny", [runs / "first"])


def test_float32_weights_are_compared_where_there_are_any(runs, faces, tmp_path):
    lines = steps.cost_of_float16(load_candidate("tiny", [runs / "first"]), faces)
    assert [line.split()[0] for line in lines] == ["float32:", "float16:", "landmarks"]
    shutil.copytree(runs / "first", tmp_path / "run")
    (tmp_path / "run" / "best.weights.h5").unlink()
    (line,) = steps.cost_of_float16(load_candidate("tiny", [tmp_path / "run"]), faces)
    assert line.endswith("keeps no float32 weights to compare with.")
