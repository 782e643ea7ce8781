import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("tf2onnx", reason="needs the extra `onnx`")
pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")

SCRIPT = Path(__file__).parents[1] / "helpers" / "load_converted_network.py"


def start(home, *options):
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), "onnx", *options],
        env=os.environ | {"WINGKERAS_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1]), err


def files_in(home):
    return sorted(path for path in home.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """A cache that two processes have filled at once, and what each said."""
    home = tmp_path_factory.mktemp("home")
    both = [start(home) for _ in range(2)]
    return home, [finish(process) for process in both]


def test_two_processes_convert_at_once(converted):
    home, results = converted
    assert results[0][0]["sum"] == pytest.approx(results[1][0]["sum"], rel=1e-6)
    files = files_in(home)
    assert 1 <= len(files) <= 2
    for path in files:
        name, sha256, ending = path.name.split(".")
        assert (name, ending) == ("made-0123", "onnx")
        assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_log_says_that_it_converts(converted):
    _, results = converted
    assert any(
        "Converting a network of made to .onnx, once" in err for _, err in results
    )


def test_converted_network_needs_neither_keras_nor_tensorflow(converted):
    home, results = converted
    files = files_in(home)
    found, err = finish(start(home, "blocked"))
    assert found == {"sum": results[0][0]["sum"], "modules": []}
    assert "Converting" not in err and files_in(home) == files


def test_file_with_other_content_is_converted_again(converted, tmp_path):
    home, results = converted
    path = tmp_path / files_in(home)[0].relative_to(home)
    path.parent.mkdir(parents=True)
    data = bytearray(files_in(home)[0].read_bytes())
    data[len(data) // 2] ^= 1  # still an ONNX file, with another weight
    path.write_bytes(data)
    found, err = finish(start(tmp_path))
    assert found["sum"] == pytest.approx(results[0][0]["sum"], rel=1e-6)
    assert "does not have the SHA-256 in its name" in err
    assert all(
        hashlib.sha256(file.read_bytes()).hexdigest() in file.name
        for file in files_in(tmp_path)
    )


def test_killed_conversion_leaves_nothing(tmp_path):
    process = start(tmp_path, "slow")
    assert process.stdout.readline() == "converting\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert files_in(tmp_path) == []
