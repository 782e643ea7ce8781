"""Errors on held-out faces, here on one portrait."""

import argparse

import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from benchmarks.commands import validation
from heatmaps import held_out
from wingkeras import geometry, zoo
from wingkeras.data.faces import FaceDataset
from wingkeras.schemes import IBUG68

NAMES = ("cnn6_300w", "mobilenetv3_300w")


def test_errors_of_models_and_of_their_mean(monkeypatch):
    path = get_sample_data("grace_hopper.jpg", asfileobj=False)
    models = [zoo.load(name).replace(flip_tta=False) for name in NAMES]
    truth = models[0].detect(path).landmarks
    faces = FaceDataset((path,), truth, IBUG68, ("portrait",))
    monkeypatch.setattr(held_out, "split_300w", lambda folder: (None, faces))
    joined = "+".join(NAMES)
    options = argparse.Namespace(models=[NAMES[0], joined], data=None)
    rows = validation.run(options, results=None)["rows"]
    cases = [*validation.BOX_SCALES, "YuNet"]
    assert [row["boxes"] for row in rows] == cases * 6
    switches = [(row["model"], row["recrop"], row["flip_tta"]) for row in rows[::4]]
    assert switches[4:] == [(joined, False, False), (joined, False, True)]
    assert {row["model"] for row in rows[:16]} == {NAMES[0]}
    assert len(set(switches[:4])) == 4

    eyes = np.linalg.norm(truth[0, 36] - truth[0, 45])
    for row in (rows[1], rows[17]):
        box = geometry.scale_boxes(faces.boxes, validation.BOX_SCALES[row["boxes"]])
        used = models[: 1 + row["model"].count("+")]
        found = sum(model(path, box) for model in used) / len(used)
        error = np.linalg.norm(found - truth, axis=2).mean() / eyes
        assert row["nme_percent"] == pytest.approx(100 * error, abs=0.01)
