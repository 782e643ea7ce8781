import numpy as np
import pytest

from benchmarks.degraded_pictures import CONDITIONS, FACE, degradation
from faces_on_disk import make_faces
from wingkeras import geometry
from wingkeras.metrics import nme
from wingkeras.schemes import FIVE


class _Seen:
    """Keeps what it was shown, and misses every point by a tenth of the box."""

    scheme = FIVE

    def __init__(self, truth):
        self.pictures, self._truth = [], truth

    def __call__(self, image, boxes):
        box = np.asarray(boxes)[0]
        self.pictures.append((image, box))
        left, top, right, bottom = geometry.landmark_boxes(self._truth)
        centred = self._truth - np.array([left + right, top + bottom]) / 2
        places = (box[:2] + box[2:]) / 2 + centred * FACE / (right - left)
        return places[None] + FACE * np.array([0.1, 0])


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    faces = make_faces(tmp_path_factory.mktemp("faces"), 1)
    seen = _Seen(faces.landmarks[0])
    errors = degradation({"seen": seen}, faces, "inter_pupil")["seen"]
    return faces, dict(zip(CONDITIONS, seen.pictures, strict=True)), errors


def test_faces_are_resized_and_damaged_within_their_boxes(shown):
    _, pictures, _ = shown
    clean, box = pictures["clean"]
    assert box[2] - box[0] == pytest.approx(FACE, rel=0.01)
    for condition, (picture, its_box) in pictures.items():
        assert picture.shape == clean.shape and picture.dtype == np.uint8
        np.testing.assert_array_equal(its_box, box)
        assert (condition == "clean") == np.array_equal(picture, clean)


def test_damage_is_of_the_kind_named(shown):
    _, pictures, _ = shown
    clean = pictures["clean"][0].astype(float)

    def of(name):
        key = next(key for key in CONDITIONS if key.startswith(name))
        return pictures[key][0].astype(float)

    assert np.ptp(of("grey"), axis=2).max() == 0
    x, y = np.rint(_nose_tip(pictures)).astype(int)
    assert of("grey")[y, x, 0] == pytest.approx(0.114 * 255, abs=5)
    assert of("dark").mean() < 0.8 * clean.mean() < clean.mean() < of("bright").mean()
    inside = (clean > 80) & (clean < 175)
    assert (of("noise") - clean)[inside].std() == pytest.approx(25, rel=0.1)
    steepness = {name: np.diff(of(name), axis=1).std() for name in ("low", "motion")}
    assert max(steepness.values()) < 0.9 * np.diff(clean, axis=1).std()
    changed = (of("occlusion") != clean).any(axis=2)
    assert changed.sum() == pytest.approx((0.35 * FACE) ** 2, rel=0.05)


def _nose_tip(pictures):
    """The place of its disc, which is blue, in the resized picture."""
    clean = pictures["clean"][0]
    blue = clean[..., 2].astype(int) - clean[..., :2].max(axis=2)
    rows, columns = np.nonzero(blue > 100)
    return np.array([columns.mean(), rows.mean()])


def test_landmarks_follow_the_picture(shown):
    faces, pictures, _ = shown
    box = pictures["clean"][1]
    left, top, right, _ = geometry.landmark_boxes(faces.landmarks[0])
    places = box[:2] + (faces.landmarks[0, 2] - [left, top]) * FACE / (right - left)
    np.testing.assert_allclose(places, _nose_tip(pictures), atol=0.4)


def test_errors_are_those_of_the_landmarks_in_the_resized_picture(shown):
    faces, _, errors = shown
    truth = faces.landmarks[0]
    left, _, right, _ = geometry.landmark_boxes(truth)
    moved = truth + np.array([0.1 * (right - left), 0])
    expected = nme(truth[None], moved[None], FIVE, "inter_pupil")[0]
    for values in errors.values():
        assert values[0] == pytest.approx(expected, rel=0.05)
