import os
import stat

import numpy as np
import pytest

from wingkeras.data import pts
from wingkeras.data.pts import read_pts, write_pts
from wingkeras.imaging.images import BrokenFileError

POINTS = np.array([[0, 0], [9.5, 20.25], [-3, 1000.125]], np.float32)
LINES = "1 1\n10.5 21.25\n-2 1001.125\n"
FILE = f"version: 1\nn_points: 3\n{{\n{LINES}}}\n"


def write(tmp_path, text):
    path = tmp_path / "a.pts"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_coordinates_are_zero_based(tmp_path):
    landmarks = read_pts(write(tmp_path, FILE))
    np.testing.assert_array_equal(landmarks, POINTS)
    assert landmarks.dtype == np.float32


@pytest.mark.parametrize(
    "text",
    [
        FILE.replace("\n", "\r\n"),
        b"\xef\xbb\xbf" + FILE[FILE.index("{") :].encode(),
        FILE.replace("\n", "\n\n").replace(" ", "  \t"),
        FILE.replace("10.5 21.25", "   1.05e1 21.25  "),
        FILE.rstrip(),
        FILE.replace("version: 1\n", ""),
        FILE.replace("version: 1\nn_points: 3", "N_POINTS : 3"),
        f"{{\n{LINES}}}",
        f"n_points: 3\n{LINES}",
    ],
)
def test_harmless_differences(tmp_path, text):
    np.testing.assert_array_equal(read_pts(write(tmp_path, text)), POINTS)
    np.testing.assert_array_equal(read_pts(write(tmp_path, text), 3), POINTS)


def test_bare_list_needs_the_number_of_points(tmp_path):
    path = write(tmp_path, LINES)
    np.testing.assert_array_equal(read_pts(path, 3), POINTS)
    with pytest.raises(BrokenFileError, match="neither braces nor n_points"):
        read_pts(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n \n", "expected 3 points, found 0"),
        ("version: 1\nn_points: 3\n", "says 3 points, found 0"),
        ("version: 1\nn_points: 0\n{\n}\n", "expected 3 points, found 0"),
        (FILE.replace("n_points: 3", "n_points: 4"), "says 4 points, found 3"),
        (FILE.replace("n_points: 3", "n_points: many"), "line 2.*number of points"),
        (FILE.replace("10.5 21.25\n", ""), "says 3 points, found 2"),
        (FILE.replace("n_points: 3", "").replace("1 1\n", ""), "expected 3.*found 2"),
        (FILE.replace("10.5", "ten"), "line 5: expected two numbers, found 'ten 21"),
        (FILE.replace("10.5", "1_0.5"), "line 5: expected two numbers"),
        (FILE.replace("10.5", "\u0661\u0660"), "line 5: expected two numbers"),
        (FILE.replace("10.5", "0x10"), "line 5: expected two numbers"),
        (FILE.replace("10.5", "9" * 5000), "line 5.*no pixel position"),
        (FILE.replace("points: 3", "points: \u0663"), "line 2.*number of points"),
        (FILE.replace("points: 3", "points: " + "9" * 5000), "line 2.*number of"),
        (FILE.replace("10.5 ", ""), "line 5: expected two numbers"),
        (FILE.replace("10.5", "10.5 3"), "line 5: expected two numbers"),
        (FILE.replace("10.5", "nan"), "line 5.*no pixel position"),
        (FILE.replace("10.5", "-inf"), "line 5.*no pixel position"),
        (FILE.replace("10.5", "1e300"), "line 5.*no pixel position"),
        (FILE[: FILE.index("21.25")], "cut off"),
        (FILE.replace("}\n", ""), "cut off"),
        (FILE + "1 2\n", "line 8: text after the closing brace"),
        (LINES + "4 4\n", "expected 3 points, found 4"),
        (b"\xff\xd8\xff\xe0\x80", "not a text file"),
    ],
)
def test_broken(tmp_path, text, reason):
    path = write(tmp_path, text)
    with pytest.raises(BrokenFileError, match=reason) as caught:
        read_pts(path, 3)
    assert caught.value.path == path


def test_no_points_at_all(tmp_path):
    with pytest.raises(BrokenFileError, match="no points"):
        read_pts(write(tmp_path, "n_points: 0\n{\n}\n"))


def test_missing(tmp_path):
    with pytest.raises(BrokenFileError, match="No such file"):
        read_pts(tmp_path / "none.pts")


@pytest.mark.parametrize("cut", range(1, len(FILE) - 1))
def test_no_beginning_of_a_file_is_taken_for_all_of_it(tmp_path, cut):
    with pytest.raises(BrokenFileError):
        read_pts(write(tmp_path, FILE[:cut]), 3)


@pytest.mark.parametrize("seed", range(20))
def test_round_trip(tmp_path, seed):
    random = np.random.default_rng(seed)
    scale = 10.0 ** random.integers(-3, 5)
    landmarks = random.normal(scale=scale, size=(68, 2)).astype(np.float32)
    write_pts(tmp_path / "a.pts", landmarks)
    np.testing.assert_allclose(
        read_pts(tmp_path / "a.pts", 68), landmarks, rtol=0, atol=1e-3
    )


def test_written_text(tmp_path):
    write_pts(str(tmp_path / "a.pts"), POINTS)
    assert (tmp_path / "a.pts").read_bytes().decode() == (
        "version: 1\nn_points: 3\n{\n1.000000 1.000000\n10.500000 21.250000\n"
        "-2.000000 1001.125000\n}\n"
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_unlabelled_points_cannot_be_written(tmp_path, value):
    landmarks = POINTS.copy()
    landmarks[1] = value
    with pytest.raises(ValueError, match=r"points \[1\].*CSV"):
        write_pts(tmp_path / "a.pts", landmarks)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shape", [(6,), (0, 2), (1, 3, 2), (3, 3)])
def test_only_one_face_is_written(tmp_path, shape):
    with pytest.raises(ValueError, match=r"\(L, 2\)"):
        write_pts(tmp_path / "a.pts", np.zeros(shape))


def test_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.pts"
    write_pts(path, POINTS)

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(pts.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_pts(path, POINTS + 5)
    np.testing.assert_array_equal(read_pts(path), POINTS)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="POSIX file modes")
def test_written_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    write_pts(tmp_path / "a.pts", POINTS)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    assert len(modes) == 1


def test_real_files_survive_rewriting(tmp_path, real_data):
    for original in sorted((real_data / "300w/afw").glob("*.pts"))[:50]:
        landmarks = read_pts(original, 68)
        write_pts(tmp_path / "a.pts", landmarks)
        np.testing.assert_array_equal(read_pts(tmp_path / "a.pts"), landmarks)
