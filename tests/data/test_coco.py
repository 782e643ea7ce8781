import json

import cv2
import numpy as np
import pytest

from wingkeras.data.coco import load_coco
from wingkeras.imaging.images import BrokenFileError

KEYPOINTS = [10, 11, 2, 30, 12, 1, 0, 0, 0, 12, 30.5, 2, 28, 31, 2]
UNLABELLED = [0, 0, 0] * 5


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pictures").mkdir()
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        pixels = random.integers(0, 255, (40, 50, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"pictures/{name}.jpg"), pixels)
    return tmp_path


def face(image_id, keypoints, **more):
    return {"image_id": image_id, "keypoints": keypoints, "iscrowd": 0} | more


def write(folder, *annotations, **changes):
    content = {
        "images": [
            {"id": 7, "file_name": "pictures/a.jpg"},
            {"id": 8, "file_name": "pictures/b.jpg"},
        ],
        "annotations": annotations,
    }
    path = folder / "val.json"
    path.write_text(json.dumps(content | changes))
    return path


def test_coordinates_are_taken_as_they_are(folder):
    path = write(folder, face(8, KEYPOINTS), face(7, KEYPOINTS), face(8, KEYPOINTS))
    faces = load_coco(str(path), "five")
    assert [image.name for image in faces.images] == ["b.jpg", "a.jpg", "b.jpg"]
    assert faces.subsets == ("val",) * 3
    np.testing.assert_array_equal(
        faces.landmarks[0],
        [[10, 11], [30, 12], [np.nan, np.nan], [12, 30.5], [28, 31]],
    )
    np.testing.assert_allclose(faces.boxes[0], [10, 11, 30, 31])


def test_the_given_box_is_not_used(folder):
    faces = load_coco(write(folder, face(7, KEYPOINTS, bbox=[0, 0, 50, 40])), "five")
    np.testing.assert_allclose(faces.boxes[0], [10, 11, 30, 31])


def test_crowds_and_annotations_without_labels_are_left_out(folder):
    path = write(
        folder,
        face(7, KEYPOINTS, iscrowd=1),
        face(7, UNLABELLED),
        face(7, []),
        {"image_id": 7, "bbox": [0, 0, 5, 5]},
        face(8, KEYPOINTS),
    )
    faces = load_coco(path, "five")
    assert [image.name for image in faces.images] == ["b.jpg"]
    assert faces.skipped == ()


def test_image_root(folder):
    path = write(folder, face(7, KEYPOINTS), images=[{"id": 7, "file_name": "a.jpg"}])
    with pytest.raises(BrokenFileError, match="No such file"):
        load_coco(path, "five")
    faces = load_coco(path, "five", image_root=folder / "pictures")
    assert faces.images == (folder / "pictures/a.jpg",)


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (
            face(7, KEYPOINTS[:-3]),
            r"annotations\[1\]: expected 15 numbers.*received 12",
        ),
        (face(7, [*KEYPOINTS[:-1], "2x"]), r"annotations\[1\]: expected 15 numbers"),
        (face(7, [*KEYPOINTS[:-1], [2]]), r"annotations\[1\]: expected 15 numbers"),
        (face(7, [*KEYPOINTS[:-1], 3]), r"annotations\[1\].*0, 1 or 2"),
        (face(9, KEYPOINTS), r"annotations\[1\]: no image has the id 9"),
        (face(7, [float("nan"), *KEYPOINTS[1:]]), r"annotations\[1\].*not finite"),
        (face(7, [1e300, *KEYPOINTS[1:]]), "beyond the 50 x 40 picture"),
        (face(7, [10, 11, 2, *UNLABELLED[3:]]), "fewer than two"),
    ],
)
def test_broken_annotation(folder, annotation, reason):
    path = write(folder, face(8, KEYPOINTS), annotation)
    with pytest.raises(BrokenFileError, match=reason):
        load_coco(path, "five")
    faces = load_coco(path, "five", on_error="skip")
    assert len(faces) == len(faces.skipped) == 1


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"images": [], "annotations": 3},
        {"images": [{"id": 1}], "annotations": []},
        {"images": [], "annotations": [[1, 2]]},
        {"images": [], "annotations": [{"keypoints": []}]},
    ],
)
def test_other_json(folder, content):
    path = folder / "other.json"
    path.write_text(json.dumps(content))
    with pytest.raises(BrokenFileError, match="expected COCO keypoints"):
        load_coco(path, "five")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b'{"images": [', "not a JSON file"),
        (b"\xff\xd8", "not a JSON file"),
        (b'{"images": [], "annotations": []}', "no face in it"),
    ],
)
def test_broken_file(folder, content, reason):
    path = folder / "broken.json"
    path.write_bytes(content)
    with pytest.raises(BrokenFileError, match=reason):
        load_coco(path, "five")
