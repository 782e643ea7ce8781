import csv
import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from faces_on_disk import make_faces
from made_localizers import make_localizer
from wingkeras import geometry, plots
from wingkeras.evaluation import evaluate
from wingkeras.imaging.images import read_image
from wingkeras.inference.detections import Detections
from wingkeras.inference.given_boxes import GivenBoxes
from wingkeras.schemes import FIVE, IBUG68


class Oracle:
    """A localizer that knows the faces and is off by a given number of pixels."""

    scheme = FIVE
    flip_tta = False

    def __init__(self, faces, offset):
        self._faces, self._offset, self.boxes = iter(faces.landmarks), offset, []

    def localize_batch(self, pictures):
        for _, boxes in pictures:
            if not len(boxes):
                yield np.zeros((0, 5, 2), np.float32)
                continue
            self.boxes.append(boxes[0])
            yield next(self._faces)[None] + np.array([self._offset, 0], np.float32)


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    return make_faces(tmp_path_factory.mktemp("faces"), 6)


def _eye_distance(faces):
    return np.linalg.norm(faces.landmarks[:, 0] - faces.landmarks[:, 1], axis=1)


def test_errors_are_those_of_the_definition(faces):
    oracle = Oracle(faces, 3.0)
    result = evaluate(oracle, faces)
    expected = 3.0 / _eye_distance(faces)
    np.testing.assert_allclose(result.errors["inter_pupil"], expected, rtol=1e-5)
    np.testing.assert_allclose(oracle.boxes, faces.boxes)
    summary = result.summary()
    assert summary["inter_pupil"]["nme_percent"] == pytest.approx(
        100 * expected.mean(), abs=1e-3
    )
    assert summary["inter_pupil"]["mean_offset_percent"] == pytest.approx(
        [100 * expected.mean(), 0], abs=1e-2
    )
    assert summary["faces"] == summary["found"] == 6
    assert summary["boxes"] == "landmarks" and summary["flip_tta"] is False
    rate = 100 * (expected > 0.08).mean()
    assert summary["inter_pupil"]["failure_rate_8_percent"] == pytest.approx(
        rate, abs=0.01
    )


def test_subsets_have_their_own_errors(faces):
    halves = dataclasses.replace(faces, subsets=("a",) * 3 + ("b",) * 3)
    result = evaluate(Oracle(faces, 3.0), halves)
    expected = 300 / _eye_distance(faces)
    assert result.summary()["inter_pupil"]["nme_percent_of_subsets"] == pytest.approx(
        {"a": expected[:3].mean(), "b": expected[3:].mean()}, abs=1e-3
    )
    single = evaluate(Oracle(faces, 3.0), faces).summary()["inter_pupil"]
    assert "nme_percent_of_subsets" not in single


def test_faces_without_a_normalizer_are_left_out(faces, tmp_path):
    landmarks = faces.landmarks.copy()
    landmarks[2, 0] = np.nan
    partly = dataclasses.replace(faces, landmarks=landmarks)
    oracle = Oracle(partly, 3.0)
    result = evaluate(oracle, partly)
    expected = 3.0 / np.delete(_eye_distance(faces), 2)
    assert np.isnan(result.errors["inter_pupil"][2])
    summary = result.summary()["inter_pupil"]
    assert summary["unlabelled"] == 1
    assert summary["nme_percent"] == pytest.approx(100 * expected.mean(), abs=1e-3)
    assert summary["auc_10"] == pytest.approx((1 - expected / 0.1).clip(0).mean(), 1e-3)
    result.save(tmp_path)
    assert json.loads((tmp_path / "summary.json").read_text()) == result.summary()

    landmarks[:, 0] = np.nan
    blind = dataclasses.replace(faces, landmarks=landmarks)
    with pytest.raises(ValueError, match=r"labelled inter_pupil.*none of the 6"):
        evaluate(Oracle(blind, 0.0), blind)


@pytest.mark.parametrize("switch", [None, "flip_tta", "recrop"])
def test_a_localizer_gives_what_it_gives_face_by_face(faces, switch):
    localizer = make_localizer(2)
    if switch:
        localizer = localizer.replace(**{switch: True})
    result = evaluate(localizer, faces)
    alone = [
        localizer(read_image(path), box)[0]
        for path, box in zip(faces.images, faces.boxes, strict=True)
    ]
    np.testing.assert_allclose(result.predictions, alone, atol=1e-3)
    assert result.summary()["flip_tta"] is (switch == "flip_tta")
    assert result.summary().get("recrop", False) is (switch == "recrop")


def test_what_the_data_set_lacks_is_told(faces):
    whole = evaluate(Oracle(faces, 3.0), faces).summary()
    assert not {"skipped", "missing_subsets"} & set(whole)
    lacking = dataclasses.replace(
        faces, skipped=("a.jpg: broken", "b.jpg: broken"), missing_subsets=("ibug",)
    )
    summary = evaluate(Oracle(faces, 3.0), lacking).summary()
    assert summary["skipped"] == 2 and summary["missing_subsets"] == ["ibug"]


def test_what_the_data_set_lacks_stands_on_paper(faces, tmp_path, monkeypatch):
    notes, curves = [], plots.cumulative_errors

    def keep_note(errors, threshold, note):
        notes.append(note)
        return curves(errors, threshold, note)

    monkeypatch.setattr(plots, "cumulative_errors", keep_note)
    lacking = dataclasses.replace(
        faces,
        skipped=("a.jpg: broken", "b\x1b[31m.jpg: broken"),
        missing_subsets=("ibug",),
    )
    result = evaluate(Oracle(faces, 3.0), lacking)
    result.save(tmp_path)
    told = "2 of 8 faces skipped, without ibug"
    assert notes == [told] and told in repr(result)
    lines = (tmp_path / "skipped.txt").read_text().splitlines()
    assert lines == ["a.jpg: broken", r"b\x1b[31m.jpg: broken"]
    evaluate(Oracle(faces, 3.0), faces).save(tmp_path)
    assert notes[1] == "" and not (tmp_path / "skipped.txt").exists()


def test_a_name_that_is_not_utf_8_is_escaped_in_the_report(faces, tmp_path):
    names = (Path(os.fsdecode(b"\xff.jpg")), *faces.images[1:])
    named = dataclasses.replace(faces, images=names)
    result = dataclasses.replace(evaluate(Oracle(faces, 3.0), faces), faces=named)
    result.save(tmp_path)
    with (tmp_path / "faces.csv").open(newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["image"] == r"\udcff.jpg"


def test_repr_is_a_line_with_the_error(faces):
    result = evaluate(Oracle(faces, 3.0), faces)
    percent = result.summary()["inter_pupil"]["nme_percent"]
    assert repr(result) == (
        f"Evaluation(NME inter_pupil {percent} %; 6 of 6 faces found, "
        "boxes 'landmarks')"
    )


def test_of_the_boxes_found_the_best_match_counts(faces):
    oracle = Oracle(faces, 0.0)
    boxes = iter(geometry.scale_boxes(faces.boxes, 1.2))

    def detector(image):
        found = [[0, 0, 9, 9], next(boxes), [200, 200, 300, 300]]
        return Detections(np.array(found, np.float32), np.array([0.9, 0.5, 0.8]))

    result = evaluate(oracle, faces, detector, "made up")
    np.testing.assert_allclose(oracle.boxes, geometry.scale_boxes(faces.boxes, 1.2))
    assert result.summary()["boxes"] == "made up" and result.found.all()


def test_the_report_names_the_source_of_the_boxes(faces):
    def finds_nothing(image):
        return np.zeros((0, 4))

    found = [finds_nothing, GivenBoxes([[0, 0, 9, 9]])]
    names = [evaluate(Oracle(faces, 3.0), faces, each).boxes for each in found]
    assert names == ["finds_nothing", "GivenBoxes"]
    assert evaluate(Oracle(faces, 3.0), faces, found[0], "mine").boxes == "mine"


def test_a_face_that_was_not_found_is_a_failure_but_not_in_the_mean(faces):
    oracle = Oracle(faces, 0.0)
    answers = iter([np.zeros((0, 4), np.float32), *faces.boxes[1:, None]])
    next(oracle._faces)
    result = evaluate(oracle, faces, lambda image: next(answers), "made up")
    assert result.found.sum() == 5 and np.isinf(result.errors["inter_pupil"][0])
    summary = result.summary()
    assert summary["found"] == 5
    assert summary["inter_pupil"]["nme_percent"] == 0
    assert summary["inter_pupil"]["failure_rate_8_percent"] == pytest.approx(16.67)


def test_files(faces, tmp_path):
    result = evaluate(Oracle(faces, 2.0), faces)
    result.save(tmp_path / "report")
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert summary == result.summary()
    with (tmp_path / "report" / "faces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [str(path) for path in faces.images]
    for i, row in enumerate(rows):
        points = [[float(row[f"x{k}"]), float(row[f"y{k}"])] for k in range(1, 6)]
        np.testing.assert_allclose(points, result.predictions[i], atol=1e-3)
        assert float(row["inter_pupil"]) == pytest.approx(
            result.errors["inter_pupil"][i], abs=1e-5
        )
    assert (tmp_path / "report" / "ced.png").stat().st_size > 1000


def test_other_scheme_is_refused(faces):
    oracle = Oracle(faces, 0.0)
    oracle.scheme = IBUG68
    with pytest.raises(ValueError, match="'ibug68', received 'five'"):
        evaluate(oracle, faces)


def test_progress_counts_faces(faces):
    seen = []
    evaluate(Oracle(faces, 0.0), faces, progress=seen.append)
    assert seen == [1, 2, 3, 4, 5, 6]


_WITHOUT_TENSORFLOW = """
import sys
class Absent:
    def find_spec(name, *_):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent)
sys.path[:0] = {path!r}
import numpy as np
from faces_on_disk import make_faces
from made_localizers import make_localizer
from wingkeras.evaluation import evaluate
from pathlib import Path
result = evaluate(make_localizer(2), make_faces(Path({folder!r}), 6))
np.save({output!r}, result.predictions)
"""


def test_runs_under_jax_without_tensorflow(faces, tmp_path):
    pytest.importorskip("jax", reason="needs the extra `jax`")
    helpers = Path(__file__).parent / "helpers"
    output = tmp_path / "predictions.npy"
    program = _WITHOUT_TENSORFLOW.format(
        path=[str(helpers)], folder=str(tmp_path / "faces"), output=str(output)
    )
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, "-P", "-c", program], check=True, env=environment)
    predictions = evaluate(make_localizer(2), faces).predictions
    assert predictions.shape == np.load(output).shape
    centre = geometry.landmark_boxes(np.load(output)).reshape(-1, 2, 2).mean(axis=1)
    expected = faces.boxes.reshape(-1, 2, 2).mean(axis=1)
    assert np.abs(centre - expected).max() < 8
