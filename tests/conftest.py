"""Fixtures shared by the tests."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

REPOSITORY = Path(__file__).resolve().parents[1]


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
