import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from wingkeras.data.pts import write_pts
from wingkeras.data.w300 import SPLITS, describe_300w, load_300w
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import IBUG68

SUBSETS = ("afw", "helen/trainset", "helen/testset", "lfpw/trainset", "lfpw/testset")


def save_face(folder: Path, name: str, suffix: str = ".jpg", seed: int = 0):
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 255, (50, 60, 3), np.uint8)
    cv2.imwrite(str(folder / f"{name}{suffix}"), pixels)
    landmarks = random.uniform(5, 45, (68, 2)).astype(np.float32)
    write_pts(folder / f"{name}.pts", landmarks)
    return landmarks


@pytest.fixture
def root(tmp_path):
    for subset in SUBSETS:
        suffix = ".png" if subset.startswith("lfpw") else ".jpg"
        for name in ("b_1", "a 2"):
            save_face(tmp_path / subset, name, suffix)
    return tmp_path


def test_protocol_counts(root):
    counts = {name: count.expected for name, count in describe_300w(root).items()}
    totals = {split: sum(counts[s] for s in names) for split, names in SPLITS.items()}
    assert totals == {"train": 3148, "common": 554, "challenge": 135, "full": 689}


def test_train_is_read_in_order_of_subset_and_name(root):
    expected = save_face(root / "afw", "c.3", ".JPG", seed=7)
    faces = load_300w(str(root), "train")
    assert faces.subsets == (
        *["afw"] * 3,
        *["helen/trainset"] * 2,
        *["lfpw/trainset"] * 2,
    )
    assert [p.name for p in faces.images[:5]] == [
        "a 2.jpg",
        "b_1.jpg",
        "c.3.JPG",
        "a 2.jpg",
        "b_1.jpg",
    ]
    assert faces.images[-1] == root / "lfpw/trainset/b_1.png"
    assert faces.scheme is IBUG68
    np.testing.assert_allclose(faces.landmarks[2], expected, atol=1e-5)


def test_other_files_are_no_faces(root):
    for name in ("._a 2.jpg", "._a 2.pts", ".DS_Store", "readme.txt", "a 2.mat"):
        (root / "afw" / name).write_bytes(b"\0")
    assert len(load_300w(root, "train")) == 6
    assert describe_300w(root)["afw"] == (2, 337)


def test_fewer_faces_than_the_protocol_are_reported(root, caplog):
    with caplog.at_level(logging.WARNING, logger="wingkeras"):
        load_300w(root, "common")
    assert "helen/testset 2 of 330, lfpw/testset 2 of 224" in caplog.text


def test_describe_counts_pairs(root):
    (root / "afw/b_1.pts").unlink()
    (root / "helen/trainset/b_1.jpg").unlink()
    found = {name: count.found for name, count in describe_300w(root).items()}
    assert found == dict.fromkeys(SUBSETS, 2) | {
        "afw": 1,
        "helen/trainset": 1,
        "ibug": 0,
    }


def test_missing_subset_is_never_passed_over(root, caplog):
    with pytest.raises(FileNotFoundError, match=r"ibug.*2 of 330.*allow_missing=True"):
        load_300w(root, "full")
    with caplog.at_level(logging.WARNING, logger="wingkeras"):
        faces = load_300w(root, "full", allow_missing=True)
    assert set(faces.subsets) == {"helen/testset", "lfpw/testset"}
    assert faces.missing_subsets == ("ibug",)
    assert load_300w(root, "common").missing_subsets == ()
    assert "ibug 0 of 135" in caplog.text


def test_subset_without_faces_is_missing(root):
    (root / "ibug").mkdir()
    (root / "ibug/a.jpg").write_bytes(b"\0")
    with pytest.raises(FileNotFoundError, match="ibug 0 of 135"):
        load_300w(root, "full")


@pytest.mark.parametrize("allow_missing", [False, True])
def test_split_without_any_subset(root, allow_missing):
    with pytest.raises(FileNotFoundError, match=r"challenge.*ibug 0 of 135") as caught:
        load_300w(root, "challenge", allow_missing=allow_missing)
    assert "allow_missing" not in str(caught.value)


def test_no_such_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"helen/trainset.*no folder.*none"):
        load_300w(tmp_path / "none", "train")
    with pytest.raises(FileNotFoundError, match="no folder"):
        describe_300w(tmp_path / "none")


def test_unknown_split(root):
    with pytest.raises(ValueError, match=r"'common'.*received 'test'"):
        load_300w(root, "test")


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def drop_point(path):
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:9] + lines[10:]))


def put_nan(path):
    path.write_text(path.read_text().replace("{\n", "{\nnan nan\n"))


def move_away(path):
    write_pts(path, np.linspace(0, 500, 136).reshape(68, 2))


@pytest.mark.parametrize(
    ("damage", "damaged", "named", "reason"),
    [
        (truncate, "b_1.jpg", "b_1.jpg", "truncated"),
        (truncate, "b_1.pts", "b_1.pts", "cut off"),
        (drop_point, "b_1.pts", "b_1.pts", "n_points says 68 points, found 67"),
        (put_nan, "b_1.pts", "b_1.pts", "line 4"),
        (move_away, "b_1.pts", "b_1.jpg", "beyond the 60 x 50 picture"),
        (Path.unlink, "b_1.pts", "b_1.jpg", "no annotation b_1.pts"),
        (Path.unlink, "b_1.jpg", "b_1.pts", "expected one picture.*none"),
    ],
)
def test_broken_face(root, damage, damaged, named, reason):
    damage(root / "helen/trainset" / damaged)
    with pytest.raises(BrokenFileError, match=reason) as caught:
        load_300w(root, "train")
    assert caught.value.path == root / "helen/trainset" / named
    faces = load_300w(root, "train", on_error="skip")
    assert len(faces) == 5
    assert faces.skipped == (str(caught.value),)
    assert root / "helen/trainset/b_1.jpg" not in faces.images


def test_two_pictures_of_one_annotation(root):
    save_face(root / "afw", "b_1", ".png")
    with pytest.raises(BrokenFileError, match=r"one picture.*b_1\.jpg, b_1\.png"):
        load_300w(root, "train")


@pytest.fixture(scope="module")
def real_root(real_data):
    return real_data / "300w"


def test_real_counts(real_root):
    counts = describe_300w(real_root)
    assert all(count.found <= count.expected for count in counts.values())
    for subset in ("afw", "helen/testset", "lfpw/testset"):
        assert counts[subset].found == counts[subset].expected


def test_real_common(real_root, caplog):
    with caplog.at_level(logging.WARNING, logger="wingkeras"):
        faces = load_300w(real_root, "common")
    assert not caplog.records
    assert (faces.subsets.count("helen/testset"), len(faces)) == (330, 554)
    spans = np.ptp(faces.landmarks, axis=1).max(axis=1)
    assert spans.max() <= 257
    assert faces.landmarks.min() >= -0.5
    left, right = (faces.landmarks[:, i, 0] for i in IBUG68.outer_eye_corners)
    assert (left < right).all()


def test_real_train(real_root, caplog):
    with caplog.at_level(logging.WARNING, logger="wingkeras"):
        faces = load_300w(real_root, "train")
    counts = describe_300w(real_root)
    assert len(faces) == sum(counts[subset].found for subset in SPLITS["train"])
    for subset in SPLITS["train"]:
        count = counts[subset]
        named = f"{subset} {count.found} of {count.expected}" in caplog.text
        assert named or count.found == count.expected


def test_real_full_says_what_is_missing(real_root):
    if describe_300w(real_root)["ibug"].found:
        pytest.skip("nothing is missing: `ibug` is there")
    with pytest.raises(FileNotFoundError, match="ibug 0 of 135"):
        load_300w(real_root, "full")
