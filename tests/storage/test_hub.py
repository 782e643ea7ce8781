"""The Hub's own client with a server of this machine in the Hub's place."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub_server import serving_hub

if not importlib.util.find_spec("huggingface_hub"):
    pytest.skip("needs the extra `hub`", allow_module_level=True)

# The client reads the address of the Hub as it is imported.
PROGRAM = """
import sys
from wingkeras.storage import hub
from wingkeras.storage.errors import FetchError
try:
    print(eval(sys.argv[1]))
except FetchError as error:
    print("refused:", error)
"""


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps({"name": "tiny"}))
    (folder / "tiny.stage1.weights.h5").write_bytes(b"weights")
    (folder / "run.py").write_text("raise SystemExit('never')")
    (folder / "film.mp4").write_bytes(b"film")
    return folder


def _run(call: str, home: Path, address: str, **environment) -> str:
    settings = {"HF_ENDPOINT": address, "HF_HOME": str(home), **environment}
    hidden = ("HF_HUB_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    program = [sys.executable, "-P", "-c", PROGRAM, call]
    done = subprocess.run(
        program, capture_output=True, text=True, env={**kept, **settings}, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _address(server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_description_and_weights_are_fetched_and_nothing_else(repository, tmp_path):
    with serving_hub(repository) as server:
        call = "hub.fetch_repository('hf://someone/landmarks')"
        folder = Path(_run(call, tmp_path / "home", _address(server)))
    names = ["model.json", "tiny.stage1.weights.h5"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert (folder / names[1]).read_bytes() == b"weights"
    assert not any("film" in path for path in server.asked)


def test_one_file(repository, tmp_path):
    with serving_hub(repository) as server:
        call = "hub.fetch_file('hf://someone/landmarks', 'tiny.stage1.weights.h5')"
        path = Path(_run(call, tmp_path / "home", _address(server)))
    assert path.read_bytes() == b"weights"


def test_by_way_of_a_proxy(repository, tmp_path):
    with serving_hub(repository) as server:
        call = "hub.fetch_repository('hf://someone/landmarks')"
        proxy = {"http_proxy": _address(server), "no_proxy": ""}
        folder = Path(_run(call, tmp_path / "home", "http://hub.invalid", **proxy))
    assert (folder / "model.json").is_file()


@pytest.mark.parametrize("name", ["../../../../out.weights.h5", "/tmp/out.weights.h5"])
def test_names_that_lead_out_of_the_cache(repository, tmp_path, name):
    with serving_hub(repository, (name,)) as server:
        call = "hub.fetch_repository('hf://someone/landmarks')"
        told = _run(call, tmp_path / "home", _address(server))
    assert told.startswith(("refused:", str(tmp_path / "home")))
    written = [path for path in tmp_path.rglob("*") if path.name == "out.weights.h5"]
    assert not [path for path in written if tmp_path / "home" not in path.parents]
    assert not Path("/tmp/out.weights.h5").exists()


@pytest.mark.parametrize("missing", ["repository", "server"])
def test_what_cannot_be_had(repository, tmp_path, missing):
    with serving_hub(repository) as server:
        call = "hub.fetch_repository('hf://someone/other')"
        up = _address(server)
        told = _run(
            call,
            tmp_path / "home",
            up if missing == "repository" else "http://127.0.0.1:9",
        )
    assert told.startswith("refused: hf://someone/other could not be fetched")
