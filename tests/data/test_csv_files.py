import re

import cv2
import numpy as np
import pytest

from wingkeras.data.csv_files import load_csv
from wingkeras.data.mtfl import is_mtfl, load_mtfl
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import FIVE, LandmarkScheme

PAIR = LandmarkScheme("pair", ("a", "b"), (1, 0), (0,), (1,))
MTFL_HEADER = "image,x1,x2,x3,x4,x5,y1,y2,y3,y4,y5,gender,smile,glasses,head_pose"
MTFL_ROW = "faces/a.jpg,10,30,20,12,28,11,12,22,30,31,1,2,2,3"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "faces").mkdir()
    random = np.random.default_rng(0)
    for name in ("a", "b c"):
        pixels = random.integers(0, 255, (40, 50, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"faces/{name}.jpg"), pixels)
    return tmp_path


def write(folder, *lines, name="set.csv"):
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_mtfl(folder):
    path = write(
        folder,
        MTFL_HEADER,
        MTFL_ROW,
        "faces/b c.jpg,10.5,30,20,12,28,11,12,22,30,31.25,,,,",
    )
    faces = load_mtfl(str(path))
    assert faces.images == (folder / "faces/a.jpg", folder / "faces/b c.jpg")
    assert faces.scheme is FIVE
    assert faces.subsets == ("set", "set")
    np.testing.assert_array_equal(
        faces.landmarks[1], [[10.5, 11], [30, 12], [20, 22], [12, 30], [28, 31.25]]
    )
    assert {name: v.tolist() for name, v in faces.attributes.items()} == {
        "gender": [1, 0],
        "smile": [2, 0],
        "glasses": [2, 0],
        "head_pose": [3, 0],
    }
    assert all(v.dtype.kind == "i" for v in faces.attributes.values())


def test_columns_go_by_name(folder):
    faces = load_csv(
        write(
            folder,
            "y2,note,x1,image,age,score,x2,y1",
            '12,"smiling, old",10,faces/a.jpg,7,0.5,30,11',
            "13,,11,faces/b c.jpg,8,,31,12",
        ),
        PAIR,
    )
    np.testing.assert_array_equal(
        faces.landmarks, [[[10, 11], [30, 12]], [[11, 12], [31, 13]]]
    )
    assert set(faces.attributes) == {"note", "age", "score"}
    assert faces.attributes["note"].tolist() == ["smiling, old", ""]
    assert faces.attributes["age"].dtype.kind == "i"
    np.testing.assert_array_equal(faces.attributes["score"], [0.5, np.nan])


def test_empty_cells_are_unlabelled(folder):
    row = MTFL_ROW.replace("a.jpg,10,", "a.jpg,,").replace(",28,11,", ",28, ,")
    faces = load_csv(write(folder, MTFL_HEADER, row), "five")
    assert np.isnan(faces.landmarks[0, 0]).all()
    assert not np.isnan(faces.landmarks[0, 1:]).any()


def test_bom_crlf_and_blank_lines(folder):
    path = folder / "windows.csv"
    text = f"{MTFL_HEADER}\r\n\r\n{MTFL_ROW}\r\n\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(load_mtfl(path)) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (MTFL_ROW.replace(",10,", ",ten,"), "line 3: column x1.*'ten'"),
        (MTFL_ROW.replace(",10,", ",1_0,"), "line 3: column x1.*'1_0'"),
        (MTFL_ROW.replace(",10,", ",\u0661\u0660,"), "line 3: column x1.*found"),
        (MTFL_ROW.replace(",10,", f",{'9' * 5000},"), "line 3: column x1.*not finite"),
        (MTFL_ROW.replace(",2,2,3", ",2,2,\u0663"), "line 3: column head_pose"),
        (MTFL_ROW.replace(",2,2,3", f",2,2,{'9' * 5000}"), "line 3: column head_pose"),
        (MTFL_ROW.replace("a.jpg", "\0.jpg"), "line 3: no file can have the name"),
        (MTFL_ROW.replace(",10,", ",nan,"), "line 3: column x1.*leave unlabelled"),
        (MTFL_ROW.replace(",10,", ",inf,"), "line 3: column x1.*not finite"),
        (MTFL_ROW.replace(",10,", ",,"), "half unlabelled"),
        (MTFL_ROW.replace(",10,", ",1e300,"), "beyond the 50 x 40 picture"),
        (MTFL_ROW.replace(",10,", ",-100,"), "beyond the 50 x 40 picture"),
        (MTFL_ROW.replace(",2,2,3", ",2,2,left"), "line 3: column head_pose"),
        (MTFL_ROW.replace(",2,2,3", ",2,2"), "line 3: more or fewer cells"),
        (MTFL_ROW + ",4", "line 3: more or fewer cells"),
        (MTFL_ROW.replace("faces/a.jpg", ""), "line 3: expected the name of a picture"),
        (MTFL_ROW.replace("a.jpg", "z.jpg"), r"z\.jpg: No such file"),
    ],
)
def test_broken_row(folder, row, reason):
    path = write(folder, MTFL_HEADER, MTFL_ROW, row)
    with pytest.raises(BrokenFileError, match=reason):
        load_mtfl(path)
    faces = load_mtfl(path, on_error="skip")
    assert len(faces) == len(faces.skipped) == 1


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (MTFL_ROW.replace("a.jpg", "none.jpg"), "none.jpg: No such file"),
        (MTFL_ROW.replace(",10,", ",-500,"), "a.jpg: its landmarks reach"),
    ],
)
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_a_face_that_does_not_fit_its_picture_is_named_by_its_line(
    folder, second, reason, on_error
):
    path = write(folder, MTFL_HEADER, MTFL_ROW, second)
    message = rf"{reason}.*\({re.escape(str(path))}, line 3\)"
    if on_error == "raise":
        with pytest.raises(BrokenFileError, match=message):
            load_mtfl(path)
    else:
        (skipped,) = load_mtfl(path, on_error="skip").skipped
        assert re.search(message, skipped)


def test_truncated_picture(folder):
    path = write(folder, MTFL_HEADER, MTFL_ROW)
    picture = folder / "faces/a.jpg"
    picture.write_bytes(picture.read_bytes()[:500])
    with pytest.raises(BrokenFileError, match="truncated") as caught:
        load_mtfl(path)
    assert caught.value.path == picture


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([MTFL_HEADER], "no face in it"),
        ([MTFL_HEADER.replace(",", ";"), MTFL_ROW], "separated by semicolons"),
        ([MTFL_HEADER.replace(",", "\t"), MTFL_ROW], "separated by tabs"),
        (["hello"], "needs the columns image, x1, .* lacks image, x1"),
        ([MTFL_HEADER.replace("y3,", ""), "1"], "lacks y3"),
        ([MTFL_HEADER.replace("gender", "sex"), MTFL_ROW], "lacks gender"),
        ([MTFL_HEADER + ",x6,y6", MTFL_ROW + ",1,1"], "5 points.*has x6, y6"),
        ([MTFL_HEADER + ",x1", MTFL_ROW + ",1"], "column twice"),
        ([MTFL_HEADER, '"' + MTFL_ROW], "not a CSV file"),
        (["\0"], "not a CSV file|lacks"),
    ],
)
def test_broken_file(folder, lines, reason):
    with pytest.raises(BrokenFileError, match=reason):
        load_mtfl(write(folder, *lines), on_error="skip")


def test_missing_and_binary_files(folder):
    with pytest.raises(BrokenFileError, match="No such file"):
        load_csv(folder / "none.csv", "five")
    with pytest.raises(BrokenFileError, match="not a CSV file"):
        load_csv(folder / "faces/a.jpg", "five")


def test_pictures_in_another_folder(folder):
    (folder / "annotations").mkdir()
    path = write(folder / "annotations", MTFL_HEADER, MTFL_ROW)
    with pytest.raises(BrokenFileError, match="No such file"):
        load_mtfl(path)
    expected = (folder / "faces/a.jpg",)
    assert load_mtfl(path, images=folder).images == expected
    assert load_csv(path, "five", images=folder).images == expected


def test_numbers_too_long_for_int64_are_no_attribute_of_whole_numbers(folder):
    path = write(folder, "image,x1,y1,x2,y2,a", f"faces/a.jpg,1,2,9,8,{10**30}")
    assert load_csv(path, PAIR).attributes["a"].dtype == float


def test_is_mtfl(folder):
    assert is_mtfl(write(folder, MTFL_HEADER, MTFL_ROW))
    assert not is_mtfl(write(folder, MTFL_HEADER + ",age", MTFL_ROW + ",7"))
    assert not is_mtfl(write(folder, "image,x1,y1"))


@pytest.mark.parametrize(("name", "count"), [("lfw", 4151), ("aflw", 2995)])
def test_real_mtfl(real_data, name, count):
    faces = load_mtfl(real_data / f"mtfl5/{name}.csv")
    assert len(faces) == count
    assert set(faces.subsets) == {name}
    assert faces.landmarks.min() > 0
    assert faces.landmarks.max() < 80
    for attribute, largest in (("gender", 2), ("glasses", 2), ("head_pose", 5)):
        values = faces.attributes[attribute]
        assert values.max() == largest
        assert np.mean(values == 0) < 0.03
