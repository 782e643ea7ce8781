import json

import cv2
import numpy as np
import pytest

from wingkeras.data.datasets import load_faces
from wingkeras.data.pts import write_pts
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import FIVE, IBUG68, LandmarkScheme

TURNED = LandmarkScheme(
    "turned", ("e", "d", "c", "b", "a"), (1, 0, 2, 4, 3), (0,), (1,)
)
POINTS = "10,30,20,12,28,11,12,22,30,31"
COLUMNS = "x1,x2,x3,x4,x5,y1,y2,y3,y4,y5"


@pytest.fixture
def folder(tmp_path):
    """One face in each of the formats."""
    (tmp_path / "ibug").mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "ibug/a.jpg"), pixels)
    write_pts(tmp_path / "ibug/a.pts", np.linspace(2, 38, 136).reshape(68, 2))
    (tmp_path / "mtfl.csv").write_text(
        f"image,{COLUMNS},gender,smile,glasses,head_pose\nibug/a.jpg,{POINTS},1,1,1,1\n"
    )
    (tmp_path / "plain.CSV").write_text(f"image,{COLUMNS}\nibug/a.jpg,{POINTS}\n")
    content = {
        "images": [{"id": 1, "file_name": "ibug/a.jpg"}],
        "annotations": [{"image_id": 1, "keypoints": [9, 9, 2, 20, 20, 2] + [0] * 9}],
    }
    (tmp_path / "coco.json").write_text(json.dumps(content))
    (tmp_path / "notes.txt").write_text("hello")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "arguments", "scheme", "attributes"),
    [
        ("", {"split": "challenge"}, IBUG68, 0),
        ("", {"split": "challenge", "scheme": "ibug68"}, IBUG68, 0),
        ("mtfl.csv", {}, FIVE, 4),
        ("mtfl.csv", {"scheme": "five"}, FIVE, 4),
        ("mtfl.csv", {"scheme": TURNED}, TURNED, 4),
        ("plain.CSV", {"scheme": "five"}, FIVE, 0),
        ("coco.json", {"scheme": FIVE}, FIVE, 0),
    ],
)
def test_every_format(folder, name, arguments, scheme, attributes):
    faces = load_faces(str(folder / name), **arguments)
    assert len(faces) == 1
    assert faces.images[0] == folder / "ibug/a.jpg"
    assert faces.scheme is scheme
    assert len(faces.attributes) == attributes


@pytest.mark.parametrize(
    ("name", "scheme"), [("mtfl.csv", None), ("plain.CSV", "five"), ("coco.json", FIVE)]
)
def test_annotations_apart_from_their_pictures(folder, name, scheme):
    (folder / "apart").mkdir()
    (folder / name).rename(folder / "apart" / name)
    faces = load_faces(folder / "apart" / name, scheme=scheme, images=folder)
    assert faces.images == (folder / "ibug/a.jpg",)


@pytest.mark.parametrize(
    ("name", "arguments", "error", "message"),
    [
        ("", {}, ValueError, "`split` as one of.*'challenge'"),
        ("", {"split": "test"}, ValueError, "received 'test'"),
        ("", {"split": "full"}, FileNotFoundError, "helen/testset"),
        ("", {"split": "full", "scheme": "five"}, ValueError, "'ibug68'.*'five'"),
        ("", {"split": "challenge", "images": "x"}, ValueError, "no `images`.*x"),
        ("mtfl.csv", {"split": "train"}, ValueError, "no `split`.*received 'train'"),
        ("mtfl.csv", {"scheme": "ibug68"}, BrokenFileError, "'ibug68' needs"),
        ("plain.CSV", {}, ValueError, "Expected `scheme` for .*plain.CSV"),
        ("plain.CSV", {"scheme": "six"}, ValueError, "received 'six'"),
        ("coco.json", {}, BrokenFileError, "no category names its `keypoints`"),
        ("coco.json", {"scheme": "ibug68"}, BrokenFileError, "expected 204 numbers"),
        ("notes.txt", {}, ValueError, r"\.xml or a \.yaml file, received"),
        ("none.csv", {}, FileNotFoundError, r"there is no .*none\.csv"),
    ],
)
def test_errors_say_what_to_do(folder, name, arguments, error, message):
    with pytest.raises(error, match=message):
        load_faces(folder / name, **arguments)


@pytest.mark.parametrize("name", ["n" * 300, "a\0b", "\ud800"], ids=ascii)
@pytest.mark.parametrize("ending", [".csv", ".json", ""])
def test_names_that_no_file_can_have(folder, name, ending):
    with pytest.raises(FileNotFoundError, match="there is no"):
        load_faces(folder / f"{name}{ending}", scheme="five")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("", {"split": "challenge"}),
        ("mtfl.csv", {}),
        ("plain.CSV", {"scheme": "five"}),
        ("coco.json", {"scheme": "five"}),
    ],
)
def test_on_error_reaches_every_loader(folder, name, arguments):
    (folder / "ibug/a.jpg").write_bytes(b"no picture")
    with pytest.raises(BrokenFileError, match="not a picture"):
        load_faces(folder / name, **arguments)
    with pytest.raises(BrokenFileError, match="every face in it is broken"):
        load_faces(folder / name, **arguments, on_error="skip")
