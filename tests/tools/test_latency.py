import numpy as np

from benchmarks import latency
from made_localizers import make_boxes, make_image, make_localizer


def test_rows_for_every_localizer_and_number_of_faces(monkeypatch):
    times = []
    monkeypatch.setattr(latency, "median_ms", lambda run: times.append(run()) or 0.5)
    localizers = {
        ("one", "keras"): make_localizer(1),
        ("two", "keras"): make_localizer(2),
    }
    rows = list(
        latency.measure(localizers, make_image(), make_boxes(1)[0], (1, 3), threads=7)
    )
    assert [(r.model, r.what, r.faces) for r in rows] == [
        (model, what, faces)
        for model in ("one", "two")
        for faces in (1, 3)
        for what in (latency.NETWORKS, latency.CALL)
    ]
    assert {r.threads for r in rows} == {7}
    # The networks of a cascade count together.
    assert [r.ms for r in rows] == [0.5, 0.5] * 2 + [1.0, 0.5] * 2
    assert [np.shape(x) for x in times] == [
        (1, 10), (1, 5, 2), (3, 10), (3, 5, 2),
        (1, 10), (1, 10), (1, 5, 2), (3, 10), (3, 10), (3, 5, 2),
    ]  # fmt: skip
