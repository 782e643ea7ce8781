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


def test_pictures_in_another_folder(folder):
    path = write(folder, face(7, KEYPOINTS), images=[{"id": 7, "file_name": "a.jpg"}])
    reason = r"none of its 1 pictures.*a\.jpg.*`images`"
    with pytest.raises(BrokenFileError, match=reason):
        load_coco(path, "five")
    faces = load_coco(path, "five", images=folder / "pictures")
    assert faces.images == (folder / "pictures/a.jpg",)


def test_the_pictures_size_is_that_of_the_file(folder):
    images = [
        {"id": 7, "file_name": "pictures/a.jpg", "width": 50, "height": 40},
        {"id": 8, "file_name": "pictures/b.jpg"},
    ]
    path = write(folder, face(7, KEYPOINTS), face(8, KEYPOINTS), images=images)
    assert len(load_coco(path, "five")) == 2


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((40, 50), r"a\.jpg: .*40 x 50 pixels, this file 50 x 40: .*EXIF"),
        ((100, 80), r"a\.jpg: .*100 x 80 pixels, this file 50 x 40: it was rescaled"),
        ((50, None), r"images\[0\]: expected `width` and `height`.*50 and None"),
        (("50", "40"), r"images\[0\]: expected `width`.*'50' and '40'"),
        ((0, 0), r"images\[0\]: expected `width`"),
        ((10**400, 40), r"images\[0\]: expected `width`.*received inf and 40"),
    ],
)
def test_another_size_than_the_pictures_is_refused(folder, size, reason):
    images = [
        {"id": 7, "file_name": "pictures/a.jpg", "width": size[0], "height": size[1]},
        {"id": 8, "file_name": "pictures/b.jpg"},
    ]
    path = write(folder, face(7, KEYPOINTS), face(8, KEYPOINTS), images=images)
    with pytest.raises(BrokenFileError, match=reason):
        load_coco(path, "five")
    faces = load_coco(path, "five", on_error="skip")
    assert [image.name for image in faces.images] == ["b.jpg"]


def test_photograph_annotated_as_exif_turns_it(folder):
    """The file holds 50 x 40 pixels, viewers show 40 x 50."""
    picture = folder / "pictures/a.jpg"
    orientation = b"\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    exif = b"Exif\0\0II*\0\x08\0\0\0" + orientation
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif
    data = picture.read_bytes()
    picture.write_bytes(data[:2] + segment + data[2:])
    assert cv2.imread(str(picture)).shape == (50, 40, 3)
    images = [{"id": 7, "file_name": "pictures/a.jpg", "width": 40, "height": 50}]
    with pytest.raises(BrokenFileError, match="EXIF"):
        load_coco(write(folder, face(7, KEYPOINTS), images=images), "five")


def test_repeated_annotation_id(folder):
    path = write(
        folder, face(7, KEYPOINTS, id=3), face(8, KEYPOINTS, id=3), face(8, KEYPOINTS)
    )
    reason = r"annotations\[1\]: the id 3 is that of annotations\[0\]"
    with pytest.raises(BrokenFileError, match=reason):
        load_coco(path, "five")
    faces = load_coco(path, "five", on_error="skip")
    assert [image.name for image in faces.images] == ["a.jpg", "b.jpg"]


def test_repeated_image_id_spoils_the_faces_of_both(folder):
    names = {7: "a", 8: "b"}
    images = [{"id": i, "file_name": f"pictures/{names[i]}.jpg"} for i in (7, 8)]
    images.append({"id": 7, "file_name": "pictures/b.jpg"})
    path = write(folder, face(7, KEYPOINTS), face(8, KEYPOINTS), images=images)
    with pytest.raises(BrokenFileError, match=r"images\[2\]: the id 7 repeats"):
        load_coco(path, "five")
    faces = load_coco(path, "five", on_error="skip")
    assert [image.name for image in faces.images] == ["b.jpg"]
    (reason,) = faces.skipped
    assert "annotations[0]: its picture is broken" in reason
    assert "the id 7 repeats" in reason


def test_a_broken_picture_counts_as_the_faces_that_it_costs(folder):
    images = [
        {"id": 7, "file_name": 5},
        {"id": 8, "file_name": "pictures/b.jpg"},
        {"id": 9, "file_name": [1]},
    ]
    annotations = [face(7, KEYPOINTS), face(7, KEYPOINTS), face(8, KEYPOINTS)]
    path = write(folder, *annotations, images=images)
    faces = load_coco(path, "five", on_error="skip")
    assert len(faces) == 1 and len(faces.skipped) == 2


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
        (face(7, [1.7e308, *KEYPOINTS[1:]]), "beyond the 50 x 40 picture"),
        (face(7, [10**400, *KEYPOINTS[1:]]), r"annotations\[1\].*not finite"),
        (face(7, [10**4000, *KEYPOINTS[1:]]), r"annotations\[1\].*not finite"),
        (face(7, ["10", *KEYPOINTS[1:]]), r"expected 15 numbers.*'10' among 15"),
        (face(7, [True, *KEYPOINTS[1:]]), r"expected 15 numbers.*True among 15"),
        (face(7, [0.01, 0.01, 2, 0.5, 0.5, 2, *UNLABELLED[6:]]), "shares of the"),
        (face(7, 5), r"annotations\[1\]: expected 15 numbers, received 5"),
        (face(7, {"x": 1}), r"annotations\[1\]: expected 15 numbers"),
        (face([1], KEYPOINTS), r"annotations\[1\]: TypeError: unhashable"),
        (face(7, KEYPOINTS, id=[1]), r"annotations\[1\]: TypeError: unhashable"),
        ("face", r"annotations\[1\]: expected COCO keypoints"),
        (None, r"annotations\[1\]: expected COCO keypoints"),
    ],
)
def test_broken_annotation(folder, annotation, reason):
    path = write(folder, face(8, KEYPOINTS), annotation)
    with pytest.raises(BrokenFileError, match=reason):
        load_coco(path, "five")
    faces = load_coco(path, "five", on_error="skip")
    assert len(faces) == len(faces.skipped) == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a\0b.jpg", r"no file can have the name 'a\\x00b\.jpg'"),
        ("\ud800.jpg", r"no file can have the name"),
        (" ", "expected the name of a picture"),
        (5, "expected the name of a picture, found 5"),
        ("x" * 9000, "."),
        ("pictures", "Is a directory|Permission denied"),
    ],
)
def test_broken_name(folder, name, reason):
    images = [{"id": 7, "file_name": name}, {"id": 8, "file_name": "pictures/b.jpg"}]
    path = write(folder, face(7, KEYPOINTS), face(8, KEYPOINTS), images=images)
    with pytest.raises(BrokenFileError, match=reason):
        load_coco(path, "five")
    faces = load_coco(path, "five", on_error="skip")
    assert [image.name for image in faces.images] == ["b.jpg"]


def test_number_of_thousands_of_digits_breaks_one_face(folder):
    path = write(folder, face(7, KEYPOINTS), face(8, KEYPOINTS))
    text = path.read_text().replace("[10,", f"[{'9' * 5000},", 1)
    path.write_text(text)
    faces = load_coco(path, "five", on_error="skip")
    assert [image.name for image in faces.images] == ["b.jpg"]


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
        (b"[" * 100_000, "nested too deeply"),
        (b'{"images": [], "annotations": []}', "no face in it"),
    ],
)
def test_broken_file(folder, content, reason):
    path = folder / "broken.json"
    path.write_bytes(content)
    with pytest.raises(BrokenFileError, match=reason):
        load_coco(path, "five")
