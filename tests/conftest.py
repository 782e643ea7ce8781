"""Fixtures shared by the tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run, so that a change is judged by what it changes;
# `--hypothesis-profile=default` searches with new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory) -> Path:
    """A cache of the tests' own, instead of the user's."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["WINGKERAS_HOME"] = str(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def compiled(tmp_path_factory) -> Path:
    """What JAX compiled, for all processes: most of them train the same network."""
    own = tmp_path_factory.getbasetemp()
    workers = "PYTEST_XDIST_WORKER" in os.environ
    folder = (own.parent if workers else own) / "jax"
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with `300w/`, `mtfl5/` and `shapes/`; skips where none is named."""
    if not os.environ.get("WINGKERAS_TEST_DATA"):
        pytest.skip("needs real faces: name their folder in WINGKERAS_TEST_DATA")
    return Path(os.environ["WINGKERAS_TEST_DATA"])
