import json

import cv2
import numpy as np
import pytest

from wingkeras.data.coco import load_coco
from wingkeras.data.coco_scheme import mirror_of_names, scheme_of_categories
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import AFLW19, FIVE, LandmarkScheme

CHAIR = {
    "id": 1,
    "name": "chair",
    "keypoints": ["back", "left_leg", "right_leg"],
    "skeleton": [[1, 2], [1, 3]],
}


def test_points_edges_and_mirror_come_from_the_category():
    box = {"id": 2, "name": "box"}
    assert scheme_of_categories([box, CHAIR]) == LandmarkScheme(
        "chair", ("back", "left_leg", "right_leg"), (0, 2, 1), edges=((0, 1), (0, 2))
    )


@pytest.mark.parametrize("scheme", [FIVE, AFLW19], ids=lambda s: s.name)
def test_left_and_right_change_places(scheme):
    assert mirror_of_names(list(scheme.points)) == scheme.mirror


@pytest.mark.parametrize("names", [["tip", "end"], ["left_leg", "tip"], ["bright"]])
def test_without_partners_nothing_is_flipped(names):
    assert mirror_of_names(names) is None


@pytest.mark.parametrize(
    ("categories", "reason"),
    [
        (None, "no category names its `keypoints`"),
        ([{"name": "a"}], "no category names its `keypoints`"),
        ([CHAIR, CHAIR | {"keypoints": ["a"]}], "the categories 'chair' and 'chair'"),
        ([CHAIR | {"keypoints": [1, 2]}], r"as a list of names, received \[1, 2\]"),
        ([CHAIR | {"skeleton": [[0, 1]]}], r"`skeleton\[0\]`: .* from 1 to 3"),
        ([CHAIR | {"keypoints": ["a", "a"], "skeleton": []}], "must be unique"),
    ],
)
def test_what_is_wrong_with_categories(categories, reason):
    with pytest.raises(ValueError, match=reason):
        scheme_of_categories(categories)


def test_a_file_is_loaded_with_its_own_scheme(tmp_path):
    cv2.imwrite(str(tmp_path / "a.jpg"), np.full((40, 50, 3), 99, np.uint8))
    content = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "annotations": [
            {"image_id": 1, "category_id": 1, "keypoints": [9, 9, 2, 9, 30, 2, 0, 0, 0]}
        ],
        "categories": [CHAIR],
    }
    path = tmp_path / "chairs.json"
    path.write_text(json.dumps(content))
    assert load_coco(path).scheme == scheme_of_categories([CHAIR])
    path.write_text(json.dumps(content | {"categories": []}))
    with pytest.raises(BrokenFileError, match=r"chairs\.json: no category"):
        load_coco(path)
