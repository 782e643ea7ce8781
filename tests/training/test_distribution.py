import csv
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from faces_on_disk import make_faces
from train_made_faces import RECIPE
from wingkeras.training import distribution

SCRIPT = Path(__file__).parents[1] / "helpers" / "train_made_faces.py"


def _start(folder, run, *arguments, backend="jax", devices=1):
    return subprocess.Popen(
        [sys.executable, SCRIPT, folder / "faces", folder / run, *arguments],
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end(process, timeout=300):
    _, errors = process.communicate(timeout=timeout)
    return process.returncode, errors


def _optimizer(backend):
    # TensorFlow clips each device's gradient on its own, which AdamW's recipe asks for.
    return ("--optimizer", "sgd") if backend == "tensorflow" else ()


def _curves(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return np.array([[float(r[name]) for name in ("loss", "val_nme")] for r in rows])


def _pair(folder, run, *arguments, die_after=None):
    """Two processes that train together on this host."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{probe.getsockname()[1]}"
    common = ("--strategy", "data-parallel", "--coordinator", coordinator, *arguments)
    last = ("--die-after", str(die_after)) if die_after else ()
    return [
        _start(folder, run, *common, "--process", "0"),
        _start(folder, run, *common, "--process", "1", *last),
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Faces, and the runs of one device on them."""
    folder = tmp_path_factory.mktemp("devices")
    make_faces(folder / "faces", 15)
    return folder


@pytest.fixture(scope="module")
def alone(folder):
    """Loss curves of one device, by backend and input."""
    known = {}

    def curves(backend, place):
        if (backend, place) not in known:
            run = f"alone_{backend}_{place}"
            code, errors = _end(
                _start(
                    folder,
                    run,
                    "--augment-on",
                    place,
                    *_optimizer(backend),
                    backend=backend,
                )
            )
            assert code == 0, errors
            known[backend, place] = _curves(folder / run)
            assert len(known[backend, place]) == RECIPE.epochs
        return known[backend, place]

    return curves


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "strategy", "place"),
    [
        ("tensorflow", "mirrored", "host"),
        ("jax", "data-parallel", "host"),
        ("jax", "data-parallel", "device"),
    ],
)
def test_two_devices_learn_what_one_learns(folder, alone, backend, strategy, place):
    run = f"two_{backend}_{place}"
    arguments = ("--strategy", strategy, "--augment-on", place, *_optimizer(backend))
    process = _start(folder, run, *arguments, backend=backend, devices=2)
    code, errors = _end(process)
    assert code == 0, errors
    np.testing.assert_allclose(_curves(folder / run), alone(backend, place), rtol=1e-3)


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(folder, alone):
    ends = [_end(process) for process in _pair(folder, "pair")]
    assert [code for code, _ in ends] == [0, 0], ends
    np.testing.assert_allclose(
        _curves(folder / "pair"), alone("jax", "host"), rtol=1e-3
    )
    assert (folder / "pair" / "model.json").exists()


@pytest.mark.slow
def test_pair_of_which_one_is_killed_ends_and_resumes(folder, alone):
    first, second = _pair(folder, "killed", die_after=8)
    assert _end(second)[0] == -9
    code, errors = _end(first)
    assert code not in (0, None)
    assert "Start all of them again with the same arguments" in errors
    assert 1 <= len(_curves(folder / "killed")) < RECIPE.epochs

    ends = [_end(process) for process in _pair(folder, "killed")]
    assert [code for code, _ in ends] == [0, 0], ends
    np.testing.assert_allclose(
        _curves(folder / "killed"), alone("jax", "host"), rtol=1e-3
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (distribution.DataParallel, "'data-parallel' needs Keras' backend 'jax'"),
        (distribution.Mirrored, "'mirrored' needs Keras' backend 'tensorflow'"),
    ],
)
def test_strategies_belong_to_their_backend(monkeypatch, make, message):
    other = "jax" if make is distribution.Mirrored else "tensorflow"
    monkeypatch.setattr("keras.backend.backend", lambda: other)
    with pytest.raises(ValueError, match=f"{message}, received '{other}'"):
        make()


def test_processes_need_each_other(monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(ValueError, match="process id from 0 to 1, received 2"):
        distribution.DataParallel("host:1", 2, 2)
    with pytest.raises(ValueError, match="a coordinator, HOST:PORT"):
        distribution.DataParallel(None, 2, 0)
