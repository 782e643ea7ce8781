import dataclasses
from pathlib import Path

import numpy as np
import pytest

from benchmarks import profiles
from faces_of_68_points import make_68
from heatmaps import cfp
from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.head_pose import packaged_model
from wingkeras.schemes import IBUG68


@pytest.fixture
def faces(tmp_path):
    """Two persons, a profile and a frontal face each, one half of it labelled."""
    made = make_68(tmp_path, 4)
    names = [
        *("400_profile_01.png", "400_frontal_01.png"),
        *("401_profile_01.png", "401_frontal_01.png"),
    ]
    paths = [
        path.rename(path.with_name(name))
        for path, name in zip(made.images, names, strict=True)
    ]
    mean_shape = packaged_model().mean_shape
    landmarks = made.landmarks.copy()
    landmarks[3] = 48 + 60 * mean_shape
    landmarks[:, 1::2] = np.nan
    return FaceDataset(tuple(map(Path, paths)), landmarks, IBUG68, made.subsets)


def test_only_the_persons_kept_for_validation_are_measured(faces):
    chosen = cfp.for_validation(faces)
    assert [path.name[:3] for path in chosen.images] == ["401", "401"]
    assert cfp.views(chosen).tolist() == ["profile", "frontal"]
    trained_on = cfp.for_training(faces)
    assert [path.name[:3] for path in trained_on.images] == ["400", "400"]


def test_other_pictures_are_refused(faces):
    renamed = dataclasses.replace(faces, images=(Path("a.jpg"), *faces.images[1:]))
    for function in (cfp.for_training, cfp.for_validation, cfp.views):
        with pytest.raises(ValueError, match=r"NNN_profile_NN.*received a\.jpg"):
            function(renamed)


def test_boxes_hold_the_labelled_points_or_the_whole_frontal_face(faces):
    chosen = cfp.for_validation(faces)
    profile, frontal = profiles.boxes_of(chosen)
    np.testing.assert_allclose(profile, chosen.boxes[0], atol=1e-3)
    whole = geometry.landmark_boxes(48 + 60 * packaged_model().mean_shape)
    np.testing.assert_allclose(frontal, whole, atol=1e-3)


def test_errors_are_shares_of_the_side_over_labelled_points(faces):
    chosen = cfp.for_validation(faces)
    sides = np.ptp(profiles.boxes_of(chosen)[:, [0, 2]], axis=1)
    calls = iter(range(2))

    def miss(image, boxes):
        number = next(calls)
        moved = np.nan_to_num(chosen.landmarks[number], nan=1e6)
        return moved[None] + [0, 0.03 * sides[number]]

    errors = profiles.profile_errors({"missing": miss}, chosen)["missing"]
    np.testing.assert_allclose(errors, 0.03, rtol=1e-3)
