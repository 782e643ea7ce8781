"""Fixtures shared by the tests."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory) -> Path:
    """A cache of the tests' own, instead of the user's."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["WINGKERAS_HOME"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with `300w/`, `mtfl5/` and `shapes/`; skips where there is none."""
    folder = Path(
        os.environ.get("WINGKERAS_TEST_DATA", REPOSITORY.parent / "shared" / "data")
    )
    if not folder.is_dir():
        pytest.skip(
            f"needs real faces: no folder {folder}; name one in WINGKERAS_TEST_DATA"
        )
    return folder
