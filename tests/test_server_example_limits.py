"""What the server in `examples/server` refuses, by a localizer that can be held."""

import importlib.util
import socket
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from wingkeras.inference.faces import Faces
from wingkeras.schemes import IBUG68

APP = Path(__file__).parents[1] / "examples" / "server" / "app.py"
SECONDS = 0.5

pytest.importorskip("fastapi", reason="needs the extra `dev`")
uvicorn = pytest.importorskip("uvicorn", reason="needs the extra `dev`")
httpx = pytest.importorskip("httpx", reason="needs the extra `dev`")

PICTURE = cv2.imencode(".png", np.zeros((48, 64, 3), np.uint8))[1].tobytes()


NO_FACES = Faces(
    *(np.zeros(shape, np.float32) for shape in ((0, 68, 2), (0, 4), (0,))), IBUG68
)


class HeldLocalizer:
    """Finds no face, and only while `gate` is open."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.calls = 0

    def detect(self, image):
        self.calls += 1
        assert self.gate.wait(60)
        return NO_FACES


@pytest.fixture(scope="module")
def app_module():
    spec = importlib.util.spec_from_file_location("server_example", APP)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def localizer():
    return HeldLocalizer()


@pytest.fixture
def client(app_module, localizer):
    """Of a server with one thread, and room for one more picture."""
    gate = localizer.gate
    limits = app_module.Limits(threads=1, max_waiting=1, max_seconds=SECONDS)
    app = app_module.create_app(localizer, "held", limits)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client
    gate.set()
    server.should_exit = True
    thread.join()
    listening.close()


def _post(client):
    return client.post("/faces", content=PICTURE)


def _post_until_there_is_room(client):
    end = time.monotonic() + 60
    while (response := _post(client)).status_code == 503 and time.monotonic() < end:
        time.sleep(0.02)
    return response


def test_picture_without_faces(client):
    response = _post(client)
    assert response.status_code == 200
    assert response.json() == {"scheme": "ibug68", "faces": []}


def test_what_takes_long_and_what_is_too_much(client, localizer):
    localizer.gate.clear()
    for _ in ("in the thread", "waiting for it"):
        response = _post(client)
        assert response.status_code == 504
        assert response.json() == {"detail": "There is no answer after 0.5 seconds."}
    for _ in range(3):
        response = _post(client)
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
        assert "Too many pictures are waiting" in response.json()["detail"]
    assert client.get("/health").status_code == 200  # the event loop is free
    localizer.gate.set()
    assert _post_until_there_is_room(client).status_code == 200
    # The one that waited is not worked on: nobody was there for its answer.
    assert localizer.calls == 2


def test_a_slow_upload_is_ended(client):
    def body():
        yield PICTURE[:20]
        time.sleep(2 * SECONDS)
        yield PICTURE[20:]

    response = client.post("/faces", content=body())
    assert response.status_code == 504
    assert _post(client).status_code == 200


def test_uploads_that_break_off_take_no_room(client):
    address = (client.base_url.host, client.base_url.port)
    head = f"POST /faces HTTP/1.1\r\nHost: x\r\nContent-Length: {len(PICTURE)}\r\n\r\n"
    for _ in range(5):
        with socket.create_connection(address) as connection:
            connection.sendall(head.encode() + PICTURE[:20])
    assert _post_until_there_is_room(client).status_code == 200


def test_a_failure_is_told_without_its_reason(client, localizer):
    localizer.gate = None
    for _ in range(3):
        response = _post(client)
        assert response.status_code == 500
        assert response.json() == {"detail": "The server failed; its log says why."}


@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_limits_are_positive(app_module, value):
    with pytest.raises(ValueError, match=r"Expected max_seconds above 0, received"):
        app_module.Limits(max_seconds=value)
