"""`wingkeras zoo --clear-cache`."""

from pathlib import Path

import pytest

from wingkeras import cli


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WINGKERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def _put(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))


def test_what_the_package_keeps_is_removed_and_named(capsys, home):
    kept = "0123456789abcdef/cnn9.stage1.weights.h5"
    converted = "converted-0.1.0-2/cnn6.onnx"
    half = "converted-0.1.0-2/.incomplete-1-2-3_ab-cnn6.onnx"
    old = "face_detection_yunet_2023mar.onnx"
    for name, size in ((kept, 3_000_000), (converted, 500_000), (half, 9), (old, 4)):
        _put(home / name, size)
    _put(home / "photographs/mine.jpg", 7)
    _put(home / "mine.txt", 7)
    assert cli.main(["zoo", "--clear-cache"]) == 0
    out = capsys.readouterr().out.splitlines()
    for name in (kept, converted, half, old):
        assert any(line.startswith(f"removed {home / name}, ") for line in out)
    assert out[-1] == f"{home}: 4 files removed, 3.5 MB"
    left = sorted(path.name for path in home.rglob("*"))
    assert left == ["mine.jpg", "mine.txt", "photographs"]


def test_links_are_not_followed(capsys, home, tmp_path):
    _put(tmp_path / "other/mine.txt", 7)
    home.mkdir()
    (home / "converted-x").symlink_to(tmp_path / "other")
    assert cli.main(["zoo", "--clear-cache"]) == 0
    assert (tmp_path / "other/mine.txt").exists()


def test_no_cache_is_no_error(capsys, home):
    assert cli.main(["zoo", "--clear-cache"]) == 0
    assert capsys.readouterr().out == f"{home}: 0 files removed, 0.0 MB\n"


def test_the_place_of_the_cache_is_in_the_help(capsys):
    with pytest.raises(SystemExit):
        cli.main(["zoo", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "WINGKERAS_HOME" in shown and "~/.cache/wingkeras" in shown
