import csv

import numpy as np
import pytest

from benchmarks import robustness
from benchmarks.robustness import CONDITIONS, POSE, Row
from faces_on_disk import make_faces
from wingkeras import geometry
from wingkeras.inference.keras_stages import KerasStage
from wingkeras.schemes import FIVE

# A little smaller than its box: the made faces are not quite square.
LAYOUT = 0.04 + 0.92 * np.array([[0, 0], [1, 0], [0.5, 0.5], [0.15, 1], [0.85, 1]])


class _Filler:
    """Fills whatever box it is given with the same face."""

    scheme = FIVE

    def __call__(self, image, boxes):
        boxes = np.asarray(boxes, float)
        return boxes[:, None, :2] + LAYOUT * (boxes[:, None, 2:] - boxes[:, None, :2])


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    return make_faces(tmp_path_factory.mktemp("faces"), 12)


@pytest.fixture(scope="module")
def errors(faces):
    result = robustness.robustness({"filler": _Filler()}, faces, "inter_pupil")
    return result["filler"]


def test_errors_grow_with_what_is_done_to_the_box(errors):
    scale, shift, rotation = (errors[name].mean(axis=0) for name in CONDITIONS)
    assert scale.argmin() == CONDITIONS["box scale"].index(1.0)
    assert scale[0] > 2 * scale[3] and scale[-1] > 2 * scale[3]
    assert (np.diff(shift) > 0).all()
    assert rotation[0] == pytest.approx(scale[3]) == pytest.approx(shift[0])
    assert rotation[3] > 5 * rotation[0]


def test_shift_is_a_share_of_the_side(errors, faces):
    """The filler's error moves by that share of the side, over the eye distance."""
    sides = faces.boxes[:, 2] - faces.boxes[:, 0]
    eyes = np.linalg.norm(faces.landmarks[:, 0] - faces.landmarks[:, 1], axis=1)
    largest = errors["box shift, share of its side"][:, -1]
    undisturbed = errors["box shift, share of its side"][:, 0]
    assert (largest > 0.2 * sides / eyes - undisturbed).all()
    assert (largest < 0.2 * sides / eyes + undisturbed).all()


@pytest.mark.parametrize("degrees", [0, 30, -75])
def test_rotation_takes_the_landmarks_along(degrees, faces):
    from wingkeras.imaging.images import read_image

    image, landmarks = read_image(faces.images[0]), faces.landmarks[0]
    picture, points = robustness.rotate_picture(image, landmarks, degrees)
    assert picture.shape == image.shape
    for (x, y), (u, v) in zip(landmarks.round(), points.round(), strict=True):
        before = image[int(y), int(x)].astype(int)
        assert np.abs(before - picture[int(v), int(u)]).max() < 12
    turned = points[1] - points[0]
    plain = landmarks[1] - landmarks[0]
    angle = np.degrees(
        np.arctan2(plain[1], plain[0]) - np.arctan2(turned[1], turned[0])
    )
    assert angle == pytest.approx(degrees, abs=0.01)


def test_summary_has_a_row_per_condition_and_pose(errors, faces, tmp_path):
    rows = robustness.summarise({"filler": errors}, faces, bins=3)
    per_condition = {name: len(amounts) for name, amounts in CONDITIONS.items()}
    for condition, count in per_condition.items():
        chosen = [row for row in rows if row.condition == condition]
        assert [row.amount for row in chosen] == list(CONDITIONS[condition])
        assert len(chosen) == count and all(row.faces == 12 for row in chosen)
    poses = [row for row in rows if row.condition == POSE]
    assert sum(row.faces for row in poses) == 12
    total = sum(row.nme * row.faces for row in poses) / 12
    assert total == pytest.approx(rows[3].nme)
    scale = errors["box scale"]
    assert rows[0].failure_rate == pytest.approx((scale[:, 0] > 0.1).mean())

    robustness.write_csv(rows, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len(rows)
    assert list(table[0]) == list(Row.__dataclass_fields__)
    assert float(table[0]["nme"]) == pytest.approx(rows[0].nme, rel=1e-4)


def test_box_scale_of_a_later_network():
    class Network:
        input_shape = (None, 128, 128, 3)

    mean_shape = geometry.transform(
        np.array([[[80, 0, 24], [0, 80, 24]]], float), LAYOUT[None]
    )[0]
    assert robustness.box_scale(KerasStage(Network(), mean_shape)) == pytest.approx(
        1.6 / 0.92
    )
