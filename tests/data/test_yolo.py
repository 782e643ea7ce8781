import cv2
import numpy as np
import pytest

from made_pictures import with_exif
from wingkeras.data.datasets import default_split, load_faces
from wingkeras.data.yolo import label_path, load_yolo
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import FIVE

pytest.importorskip("yaml", reason="needs the extra `yolo`")

LINE = "0 0.5 0.5 0.4 0.4 0.25 0.5 2 0.75 0.5 1 0 0 0"
YAML = """
path: {path}
train: images/train
val: val.txt
kpt_shape: [3, 3]
flip_idx: [1, 0, 2]
names:
  0: tiger
"""


@pytest.fixture
def folder(tmp_path):
    """Two pictures to train on, in 40 x 20 pixels, one of them without labels."""
    for name in ("images/train/a.jpg", "images/train/b.jpg", "images/val/c.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((20, 40, 3), 99, np.uint8))
    label(tmp_path, "train/a", LINE, LINE.replace("0.25", "0.125"))
    label(tmp_path, "val/c", LINE)
    (tmp_path / "val.txt").write_text("./images/val/c.jpg\n")
    return tmp_path


def label(folder, name, *lines):
    path = folder / f"labels/{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def write(folder, text=YAML, path="."):
    file = folder / "data.yaml"
    file.write_text(text.format(path=path))
    return file


def test_shares_of_the_picture_become_pixels(folder):
    faces = load_yolo(write(folder))
    assert [image.name for image in faces.images] == ["a.jpg", "a.jpg"]
    assert faces.subsets == ("train", "train")
    expected = [[10, 10], [30, 10], [np.nan, np.nan]]
    np.testing.assert_allclose(faces.landmarks[0], expected)
    np.testing.assert_allclose(faces.landmarks[1, 0], [5, 10])


def test_the_file_tells_the_scheme(folder):
    scheme = load_yolo(write(folder)).scheme
    assert scheme.name == "tiger" and scheme.mirror == (1, 0, 2)
    assert scheme.points == ("point_1", "point_2", "point_3")
    text = YAML.replace("flip_idx: [1, 0, 2]", "kpt_names: {{0: [ear, eye, tip]}}")
    scheme = load_yolo(write(folder, text)).scheme
    assert scheme.mirror is None and scheme.points == ("ear", "eye", "tip")


def test_lists_of_pictures_and_the_loader_that_picks_the_format(folder):
    path = write(folder, path=folder)
    assert [i.name for i in load_faces(path, "val").images] == ["c.jpg"]
    assert len(load_faces(path, default_split(path, "train"))) == 2
    with pytest.raises(ValueError, match=r"`split` as one of .*'val'.* for .*yaml"):
        load_faces(path)
    both = YAML.replace("images/train\n", "[images/train, images/val]\n")
    assert len(load_yolo(write(folder, both))) == 3
    moved = write(folder, path="elsewhere/tigers")
    assert len(load_yolo(moved)) == 2


def test_without_visibilities_negative_points_are_unlabelled(folder):
    label(folder, "train/a", "0 0.5 0.5 0.4 0.4 0.25 0.5 0.75 0.5 -1 -1")
    faces = load_yolo(write(folder, YAML.replace("[3, 3]", "[3, 2]")))
    expected = [[10, 10], [30, 10], [np.nan, np.nan]]
    np.testing.assert_allclose(faces.landmarks, [expected])


def test_labels_lie_beside_the_last_folder_of_images(tmp_path):
    picture = tmp_path / "images/set/images/train/a.b.jpg"
    assert label_path(picture) == tmp_path / "images/set/labels/train/a.b.txt"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 0.5", r"a\.txt: line 2: expected 14 numbers, a class, a box and 3 points"),
        (LINE + " 0.1", "found 15"),
        (LINE.replace("0.25", "left"), "line 2: expected a number, found 'left'"),
        (LINE.replace("0.25", "9.25"), r"a\.jpg: its landmarks reach .* beyond"),
    ],
)
def test_broken_labels(folder, line, reason):
    label(folder, "train/a", LINE, line)
    path = write(folder)
    with pytest.raises(BrokenFileError, match=reason):
        load_yolo(path)
    assert len(load_yolo(path, on_error="skip").skipped) == 1


@pytest.mark.parametrize(
    ("orientation", "reason"),
    [(6, "20 x 40 pixels, this file 40 x 20"), (3, "orientation 3 turns it without")],
)
def test_labels_of_a_picture_that_exif_turns(folder, orientation, reason):
    """Ultralytics shows it turned, and its shares are those of the turned picture."""
    picture = folder / "images/train/a.jpg"
    picture.write_bytes(with_exif(picture.read_bytes(), orientation))
    with pytest.raises(BrokenFileError, match=rf"a\.jpg: .*{reason}"):
        load_yolo(write(folder))


def test_a_broken_picture_is_named(folder):
    label(folder, "train/a", LINE)
    (folder / "images" / "train" / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(BrokenFileError, match=r"a\.jpg: not a picture"):
        load_yolo(write(folder))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("kpt_shape: [3, 3]", "nc: 1", "expected a data set of Ultralytics' pose"),
        ("[3, 3]", "[3, 4]", r"`kpt_shape`: .* found \[3, 4\]"),
        ("[3, 3]", "17", "`kpt_shape`: .* found 17"),
        ("[1, 0, 2]", "[1, 0]", "`flip_idx`: expected each of 0 to 2 once"),
        ("[1, 0, 2]", "[1, 2, 0]", "`flip_idx`: .* 0 becomes 1, but that does not"),
        ("flip_idx", "kpt_names: [a, b]\nflip_idx", "`kpt_names`: .* 3 points"),
        ("images/train", "images/nowhere", "`train`: there is no .*nowhere"),
        ("images/train", "{{}}", "`train`: expected a folder of pictures"),
        ("names:", "  names: [", "not a YAML file"),
    ],
)
def test_broken_files_name_the_entry(folder, old, new, reason):
    path = write(folder, YAML.replace(old, new))
    with pytest.raises(BrokenFileError, match=reason) as caught:
        load_yolo(path)
    assert str(path) in str(caught.value)


def test_a_scheme_of_ones_own_has_as_many_points(folder):
    with pytest.raises(BrokenFileError, match="says 3 points; scheme 'five' has 5"):
        load_yolo(write(folder), scheme=FIVE)
    with pytest.raises(ValueError, match="`split` as one of"):
        load_yolo(write(folder), "common")
