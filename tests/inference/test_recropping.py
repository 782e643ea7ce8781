import cv2
import numpy as np
import pytest

from made_localizers import MEAN, make_localizer
from wingkeras import geometry
from wingkeras.inference import recropping
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage
from wingkeras.schemes import FIVE

SIZE, BOX_SCALE = 64, 1.1
STAGE = FileStage(lambda crops: crops, MEAN, SIZE)
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255))


def seen_from(landmarks, degrees, scale, shift):
    """The landmarks in a crop that is badly framed by so much."""
    maps = geometry.rotation_maps(np.full(len(landmarks), np.deg2rad(degrees)), SIZE)
    turned = geometry.transform(maps, landmarks)
    return geometry.scale_about_centre(turned, SIZE, scale) + shift


def framed(landmarks):
    boxes = geometry.scale_boxes(geometry.landmark_boxes(landmarks), BOX_SCALE)
    return geometry.transform(geometry.crop_maps(boxes, SIZE), landmarks)


@pytest.mark.parametrize(
    ("degrees", "scale", "shift"), [(0, 1, 0), (50, 1, 0), (-170, 0.6, 7), (3, 1.8, -9)]
)
def test_a_better_crop_is_upright_and_fits_the_landmarks(degrees, scale, shift):
    maps = recropping.upright_crop_maps(
        seen_from(MEAN[None], degrees, scale, shift), MEAN, SIZE, BOX_SCALE
    )
    found = geometry.transform(maps, seen_from(MEAN[None], degrees, scale, shift))
    np.testing.assert_allclose(found, framed(MEAN[None]), atol=1e-3)


def test_a_narrow_face_is_not_enlarged():
    """A similarity to the mean shape would enlarge it."""
    narrow = (MEAN[None] - MEAN.mean(axis=0)) * [0.3, 1] + 50
    found = geometry.transform(
        recropping.upright_crop_maps(narrow, MEAN, SIZE, BOX_SCALE), narrow
    )
    height = np.ptp(found[0, :, 1])
    assert height == pytest.approx(SIZE / BOX_SCALE, abs=1e-3)


def test_distances_between_crops():
    unchanged = np.array([[[1.0, 0, 0], [0, 1, 0]]])
    larger = np.array([[[0.5, 0, 0], [0, 0.5, 0]]])  # twice the side, same first pixel
    quarter = geometry.rotation_maps(np.array([np.pi / 2]), SIZE)
    distance = recropping.crop_distances
    assert distance(unchanged, unchanged, SIZE) == 0
    # Its last corner, at 63.5 px, lies at 127 px of the unchanged one.
    assert distance(unchanged, larger, SIZE) == pytest.approx(63.5 * 2**0.5 / SIZE)
    assert distance(unchanged, quarter, SIZE) == pytest.approx(1)


class Recorded:
    """Networks that find the same face in any crop of the picture."""

    def __init__(self, landmarks):
        self.landmarks, self.calls = landmarks, []

    def __call__(self, regions, maps):
        self.calls.append(maps)
        return self.landmarks[regions[:, 0, 0, 0]] + np.float32(0.25)


class Wandering(Recorded):
    """Networks that find the face farther to the right in every call."""

    def __call__(self, regions, maps):
        self.landmarks = self.landmarks + np.float32([[20, 0]])
        return super().__call__(regions, maps)


def test_only_badly_framed_faces_are_localized_again():
    landmarks = np.stack([MEAN + 30, 1.2 * MEAN + 10, MEAN + 3]).astype(np.float32)
    better = recropping.upright_crop_maps(landmarks, MEAN, SIZE, BOX_SCALE)
    maps = better.copy()
    maps[1, :, 2] += 0.3 * SIZE
    maps[2, :, 2] += 0.02 * SIZE
    regions = np.zeros((3, 128, 128, 3), np.uint8)
    regions[:, 0, 0, 0] = range(3)
    networks = Recorded(landmarks)
    arguments = (regions, maps, landmarks, STAGE, BOX_SCALE)
    found = recropping.localize_again(networks, *arguments)
    np.testing.assert_array_equal(found[[0, 2]], landmarks[[0, 2]])
    np.testing.assert_array_equal(found[1], landmarks[1] + 0.25)
    (seen,) = networks.calls  # and is well framed then
    np.testing.assert_allclose(seen, better[1:2], atol=1e-5)


def test_no_face_is_localized_for_ever():
    landmarks = (MEAN[None] + 30).astype(np.float32)
    networks = Wandering(landmarks)
    regions, maps = np.zeros((1, 128, 128, 3), np.uint8), np.eye(2, 3)[None]
    arguments = (regions, maps, landmarks, STAGE, BOX_SCALE)
    found = recropping.localize_again(networks, *arguments)
    assert len(networks.calls) == 2
    np.testing.assert_array_equal(found, landmarks + np.float32([40.25, 0.25]))


def test_landmarks_in_one_place_stay():
    landmarks = np.full((1, 5, 2), 40, np.float32)
    networks = Recorded(landmarks)
    regions, maps = np.zeros((1, 128, 128, 3), np.uint8), np.eye(2, 3)[None]
    arguments = (regions, maps, landmarks, STAGE, BOX_SCALE)
    found = recropping.localize_again(networks, *arguments)
    np.testing.assert_array_equal(found, landmarks)
    assert not networks.calls


def coarse(crops):
    """Finds five discs by their colours, to the next multiple of 6 crop pixels."""
    rows, columns = np.indices((SIZE, SIZE))
    found = []
    for crop in crops:
        weights = [
            (np.abs(crop - colour).sum(axis=2) < 30) + 1e-6 for colour in COLOURS
        ]
        x, y = (
            [np.average(axis, weights=w) for w in weights] for axis in (columns, rows)
        )
        found.append(6 * np.rint(np.array([*x, *y]) / 6))
    return np.array(found, np.float32)


def test_a_localizer_looks_again_at_a_face_in_a_box_too_large():
    picture = np.zeros((400, 400, 3), np.uint8)
    face = 2 * MEAN + [140, 150]
    for point, colour in zip(face, COLOURS, strict=True):
        centre = tuple(np.rint(point).astype(int).tolist())
        cv2.circle(picture, centre, 10, colour, -1)
    localizer = Localizer([FileStage(coarse, MEAN, SIZE)], FIVE, box_scale=1.8)
    boxes = geometry.scale_boxes(geometry.landmark_boxes(face[None]), 3.0)
    errors = [
        np.linalg.norm(localizer.replace(recrop=recrop)(picture, boxes) - face, axis=2)
        for recrop in (False, True)
    ]
    assert errors[1].mean() < 0.6 * errors[0].mean()


def test_recrop_is_kept_by_copies_and_shown():
    localizer = make_localizer(1).replace(recrop=True)
    assert localizer.recrop and localizer.replace(scheme=FIVE).recrop
    assert repr(localizer).endswith("recrop)")
