"""labelme's and CVAT's files."""

import json

import cv2
import numpy as np
import pytest

from wingkeras.data.cvat import load_cvat
from wingkeras.data.datasets import load_faces
from wingkeras.data.labelme import is_labelme, load_labelme
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import LandmarkScheme

NAMES = ("tip", "left_leg", "right_leg")
CHAIR = LandmarkScheme("chair", ("left_leg", "right_leg", "tip"), (1, 0, 2))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "labelled"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        cv2.imwrite(str(folder / name), np.full((40, 60, 3), 99, np.uint8))
    return folder


def point(label, x, y, group=None, **changes):
    shape = {"label": label, "points": [[x, y]], "shape_type": "point"}
    return shape | {"group_id": group} | changes


def labelme(folder, stem, *shapes, **changes):
    content = {"imagePath": f"{stem}.jpg", "imageWidth": 60, "imageHeight": 40}
    path = folder / f"{stem}.json"
    path.write_text(json.dumps(content | {"shapes": shapes} | changes))
    return path


def cvat(folder, *elements, name="a.jpg", size='width="60" height="40"'):
    path = folder / "annotations.xml"
    path.write_text(
        f'<annotations><version>1.1</version><image id="0" name="{name}" {size}>'
        f"{''.join(elements)}</image></annotations>"
    )
    return path


def element(label, text, **attributes):
    more = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f'<points label="{label}" points="{text}" {more}></points>'


def test_labelme_names_points_and_groups_things(folder):
    box = point("frame", 0, 0) | {"shape_type": "rectangle"}
    labelme(folder, "a", point("tip", 5, 6), point("left_leg", 7, 30), box)
    labelme(
        folder,
        "b",
        *(point(n, 4 + 3 * i, 9 + i, group=1) for i, n in enumerate(NAMES)),
        point("right_leg", 30, 9, group=2),
        point("tip", 40.5, 9, group=2),
    )
    faces = load_labelme(folder)
    assert [image.name for image in faces.images] == ["a.jpg", "b.jpg", "b.jpg"]
    assert faces.scheme == LandmarkScheme("labelled", NAMES, (0, 2, 1))
    np.testing.assert_array_equal(
        faces.landmarks[[0, 2]],
        [
            [[5, 6], [7, 30], [np.nan, np.nan]],
            [[40.5, 9], [np.nan, np.nan], [30, 9]],
        ],
    )
    again = load_faces(folder, scheme=CHAIR)
    np.testing.assert_array_equal(again.landmarks[:, [2, 0, 1]], faces.landmarks)


def test_cvat_has_skeletons_and_loose_points(folder):
    inside = (
        element("tip", "5.0,6.5", outside=0),
        element("left_leg", "7,30", outside=0),
        element("right_leg", "1,1", outside=1),
    )
    skeleton = f'<skeleton label="chair">{"".join(inside)}</skeleton>'
    loose = (element("right_leg", "30,9"), element("tip", "40,9"))
    named = (("tip", "9,9"), ("left_leg", "9,19"))
    grouped = (element(name, text, group_id=4) for name, text in named)
    path = cvat(folder, skeleton, *loose, *grouped)
    faces = load_faces(path)
    assert faces.scheme == LandmarkScheme("annotations", NAMES, (0, 2, 1))
    nothing = [np.nan, np.nan]
    np.testing.assert_array_equal(
        faces.landmarks,
        [
            [[5, 6.5], [7, 30], nothing],
            [[40, 9], nothing, [30, 9]],
            [[9, 9], [9, 19], nothing],
        ],
    )
    (folder / "images").mkdir()
    (folder / "a.jpg").rename(folder / "images" / "a.jpg")
    assert load_cvat(path, CHAIR).images[0].parent.name == "images"
    assert len(load_cvat(path, images=folder / "images")) == 3


TWICE = "the point 'tip' comes twice; if there are several things"


@pytest.mark.parametrize(
    ("shapes", "changes", "reason"),
    [
        ([point("tip", 1, 2), point("tip", 3, 4)], {}, TWICE),
        ([point("", 1, 2)], {}, "expected the name of a point, found ''"),
        ([point("tip", 1, 2, points=[[1, 2], [3, 4]])], {}, "'tip': expected one pair"),
        ([point("tip", 1, None)], {}, "'tip': expected one pair of coordinates"),
        ([point("tip", 1, "1_000")], {}, "'tip': expected one pair of coordinates"),
        ([point("tip", 1, 10**400)], {}, "its landmarks have infinite"),
        ([point("tip", 1, 2, group=[1])], {}, r"a number as `group_id`, found \[1\]"),
        (
            [point("tip", 1, 2)],
            {"imageWidth": [60]},
            r"in pixels, received \[60\]",
        ),
        (
            [point("tip", 1, 2), point("left_leg", 9, 9)],
            {"imageWidth": float("inf")},
            "in pixels, received inf and 40",
        ),
        ([point("ear", 1, 2)], {}, "scheme 'chair' has no point 'ear'"),
        ([point("tip", 1, 2), point("left_leg", 9, 9)], {"imageWidth": 99}, "99 x 40"),
        ([], {"imagePath": None}, "expected the name of a picture, found None"),
        ([], {"shapes": None}, "expected a file of labelme"),
    ],
)
def test_broken_files_of_labelme(folder, shapes, changes, reason):
    labelme(folder, "a", point("tip", 1, 2), point("left_leg", 9, 9))
    labelme(folder, "b", *shapes, **changes)
    with pytest.raises(BrokenFileError, match=reason):
        load_labelme(folder, CHAIR)
    assert len(load_labelme(folder, CHAIR, on_error="skip").skipped) == 1


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ((element("tip", "1,2"), element("tip", "3,4")), "image 1: " + TWICE),
        ((element("tip", "1,2;3,4"),), "'tip': expected one pair"),
        ((element("tip", "one,2"),), "expected a number, found 'one'"),
        ((element("ear", "1,2"),), "has no point 'ear', which is labelled in a.jpg"),
        (("<points",), "not an XML file"),
        ((), "no face in it"),
    ],
)
def test_broken_files_of_cvat(folder, elements, reason):
    with pytest.raises(BrokenFileError, match=reason):
        load_cvat(cvat(folder, *elements), CHAIR)


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ('width="nan" height="40"', "received nan and 40.0"),
        ('width="60" height="inf"', "received 60.0 and inf"),
        ('width="1e999" height="40"', "received inf and 40.0"),
        ('width="-60" height="40"', "received -60.0 and 40.0"),
        ('height="40"', "received None and 40.0"),
    ],
)
def test_sizes_of_cvat_that_no_picture_has(folder, size, reason):
    """They are refused as they are read, whatever the picture's own size."""
    points = (element("tip", "5,6"), element("left_leg", "7,30"))
    path = cvat(folder, *points, size=size)
    message = "image 1: expected `width` and `height` in pixels, " + reason
    with pytest.raises(BrokenFileError, match=message):
        load_cvat(path, CHAIR)
    assert len(load_cvat(cvat(folder, *points, size=""), CHAIR)) == 1


@pytest.mark.parametrize("content", ['"shapes"', "[1]", "{", "[" * 100_000])
def test_a_folder_of_other_json_is_not_labelmes(folder, content):
    (folder / "a.json").write_text(content)
    assert not is_labelme(folder)


def test_other_xml_and_empty_files(folder):
    path = folder / "other.xml"
    path.write_text("<html></html>")
    with pytest.raises(BrokenFileError, match='"CVAT for images", found <html>'):
        load_cvat(path)
    with pytest.raises(BrokenFileError, match="no labelled point in it"):
        load_cvat(cvat(folder))


def test_the_current_folder_has_its_own_name(folder, monkeypatch):
    folder = folder.rename(folder.with_name("set.v2"))
    labelme(folder, "a", point("left_leg", 10, 9), point("right_leg", 30, 9))
    monkeypatch.chdir(folder)
    for given in (".", folder):
        faces = load_labelme(given)
        assert faces.scheme.name == "set.v2" and faces.subsets == ("set.v2",)
