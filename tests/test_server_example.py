"""The server in `examples/server`, started as a user starts it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

import wingkeras
from wingkeras import zoo
from wingkeras.imaging.images import read_image

APP = Path(__file__).parents[1] / "examples" / "server" / "app.py"
MODEL = "cnn6_300w"
PICTURES, CLIENTS = 200, 8
MAX_BYTES = 500_000

for _name in ("fastapi", "uvicorn"):
    pytest.importorskip(_name, reason="needs the extra `dev`")
httpx = pytest.importorskip("httpx", reason="needs the extra `dev`")
pytest.importorskip("tf2onnx", reason="needs the extra `onnx`")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def localizer():
    return zoo.load(MODEL, runtime="onnx")


@contextlib.contextmanager
def running(log, *options):
    """The server's process, and its address."""
    command = [sys.executable, APP, MODEL, "--port=0", *options]
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        while " running on " not in log.read_text():
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield process, log.read_text().split(" running on ")[1].split()[0]
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def address(localizer, tmp_path_factory):  # with the localizer the files are there
    log = tmp_path_factory.mktemp("server") / "log.txt"
    limits = [f"--max-bytes={MAX_BYTES}", "--max-pixels=1000000", "--threads=4"]
    with running(log, *limits, "--max-seconds=60") as (_, address):
        yield address


def _picture(portrait, i):
    """The portrait shifted and scaled; of every ten, one without face, one with two."""
    if i % 10 == 0:
        return np.ascontiguousarray(portrait[380 + i // 10 :, : 300 + i])
    factor, shift = 0.3 + 0.0015 * i, (3 * (i % 7), 5 * (i % 5))
    size = [round(factor * side) for side in portrait.shape[1::-1]]
    affine = np.array([[factor, 0, shift[0]], [0, factor, shift[1]]])
    moved = cv2.warpAffine(portrait, affine, size, flags=cv2.INTER_AREA)
    if i % 10 == 5:
        return np.concatenate([moved, cv2.flip(moved, 0 if i % 20 == 5 else 1)], axis=1)
    return np.ascontiguousarray(moved[:, ::-1]) if i % 2 else moved


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Paths of JPEG files."""
    portrait = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
    folder = tmp_path_factory.mktemp("pictures")
    paths = [folder / f"{i}.jpg" for i in range(PICTURES)]
    for i, path in enumerate(paths):
        cv2.imwrite(str(path), _picture(portrait, i)[..., ::-1])
    return paths


def _numbers(answer):
    """Box and landmarks of each face, `(N, 4 + 2 * 68)`."""
    rows = [[*face["box"], *np.ravel(face["landmarks"])] for face in answer["faces"]]
    return np.reshape(rows, (-1, 140))


def test_every_client_gets_the_landmarks_of_its_own_picture(
    address, localizer, pictures
):
    client = httpx.Client(base_url=address, timeout=120)

    def post(path):
        return client.post("/faces", content=path.read_bytes())

    with client, ThreadPoolExecutor(CLIENTS) as pool:
        responses = list(pool.map(post, pictures))
    firsts = []
    counts = {0: 0, 1: 0, 2: 0}
    for path, response in zip(pictures, responses, strict=True):
        assert response.status_code == 200, response.text
        received, expected = response.json(), localizer.detect(path).to_dict()
        assert received["scheme"] == expected["scheme"] == "ibug68"
        # Both are rounded to a thousandth.
        np.testing.assert_allclose(_numbers(received), _numbers(expected), atol=1.1e-3)
        for face, other in zip(received["faces"], expected["faces"], strict=True):
            assert face.keys() == other.keys()
            assert face["head_pose"] == pytest.approx(other["head_pose"], abs=0.01)
        counts[len(expected["faces"])] += 1
        firsts += [_numbers(expected)[0]] if expected["faces"] else []
    assert min(counts.values()) >= PICTURES / 20, counts
    # Somebody else's answer would have been noticed.
    apart = np.abs(np.array(firsts)[:, None] - firsts).max(axis=2)
    assert np.min(apart + np.eye(len(firsts)) * 1e9) > 0.1


def test_tells_what_it_runs(address):
    response = httpx.get(f"{address}/health")
    assert response.json() == {"model": MODEL, "version": wingkeras.__version__}


def _large_picture():
    return cv2.imencode(".png", np.zeros((1001, 1000, 3), np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: b"no picture", "cannot be used: not a picture: expected JPEG"),
        (lambda data: data[: len(data) // 2], "truncated or damaged"),
        (lambda data: b"", "the file is empty"),
        (lambda data: _large_picture(), "expected at most 1,000,000 pixels"),
    ],
    ids=["no picture", "truncated", "empty", "many pixels"],
)
def test_what_is_no_picture_is_refused_by_what_is_wrong(
    address, pictures, change, words
):
    response = httpx.post(f"{address}/faces", content=change(pictures[1].read_bytes()))
    assert response.status_code == 422
    assert words in response.json()["detail"]
    assert "/" not in response.json()["detail"]  # no path of the server


def test_a_form_is_refused(address):
    response = httpx.post(f"{address}/faces", files={"picture": b"data"})
    assert response.status_code == 415
    assert "received a form" in response.json()["detail"]


def _connect(address):
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def _head(length):
    lines = ["POST /faces HTTP/1.1", "Host: test", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "Expect: 100-continue", "\r\n"]).encode()


def _read_to_end(connection):
    return b"".join(iter(lambda: connection.recv(100_000), b""))


def test_a_body_said_to_be_too_large_is_not_read(address):
    with _connect(address) as connection:
        connection.sendall(_head(MAX_BYTES + 1))
        answer = _read_to_end(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")  # before any byte of it, nor "continue"
    assert b"at most 500,000 bytes" in answer


def test_a_body_of_unknown_size_is_read_up_to_the_limit(address):
    sent = 0

    def body():
        nonlocal sent
        while sent < 1_000_000_000:
            sent += 100_000
            yield bytes(100_000)

    response = httpx.post(f"{address}/faces", content=body())
    assert response.status_code == 413
    assert "at most 500,000 bytes" in response.json()["detail"]
    assert sent < 100_000_000  # what fits in the buffers on the way


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_sigterm_ends_it_after_the_answers(localizer, pictures, tmp_path):
    data = pictures[1].read_bytes()
    log = tmp_path / "log.txt"
    with running(log) as (process, address), _connect(address) as connection:
        connection.sendall(_head(len(data)))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")  # it reads the body
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(ConnectionError):
            while True:  # until nobody is let in any more
                _connect(address).close()
                time.sleep(0.05)
        connection.sendall(data)
        answer = _read_to_end(connection)
        assert answer.startswith(b"HTTP/1.1 200 ") and b'"landmarks"' in answer
        assert process.wait(30) == -signal.SIGTERM
    assert "Finished server process" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_wrong_options_are_told_in_a_sentence():
    program = [sys.executable, APP, "--threads=0"]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Expected threads above 0, received 0." in done.stderr
