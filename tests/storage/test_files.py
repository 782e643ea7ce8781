import os
import stat

import pytest

from wingkeras.storage.files import atomic_write


def test_file_appears_when_complete(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with atomic_write(path) as scratch:
        scratch.write_text("half")
        assert scratch.suffix == ".txt" and not path.exists()
    assert path.read_text() == "half"
    assert os.listdir(path.parent) == ["file.txt"]


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(path) as scratch:
        scratch.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with atomic_write(tmp_path / "file") as scratch:
        scratch.touch()
    modes = {stat.S_IMODE((tmp_path / n).stat().st_mode) for n in ("plain", "file")}
    assert len(modes) == 1
