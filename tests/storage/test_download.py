import hashlib
import http.server
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from wingkeras.storage.download import FetchError, cache_home, fetch

CONTENT = random.Random(0).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SCRIPT = (
    "import sys; from pathlib import Path\n"
    "from wingkeras.storage.download import fetch\n"
    "fetch(sys.argv[1], Path(sys.argv[2]), sys.argv[3])"
)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        if self.path == "/missing" or (
            self.path == "/flaky" and len(self.server.requests) == 1
        ):
            self.send_error(404 if self.path == "/missing" else 503)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if self.path == "/cut":
            self.wfile.write(CONTENT[:1000])
        elif self.path == "/slow":
            for start in range(0, len(CONTENT), 30_000):
                self.wfile.write(CONTENT[start : start + 30_000])
                self.server.started.set()
                time.sleep(0.2)
        else:
            self.wfile.write(CONTENT)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that was killed is part of the test."""


@pytest.fixture
def server():
    server = Server(("127.0.0.1", 0), Handler)
    server.requests, server.started = [], threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_download_is_checked_and_kept(server, tmp_path):
    path = fetch(f"{server.url}/file", tmp_path / "new" / "file", SHA256)
    assert path.read_bytes() == CONTENT
    fetch(f"{server.url}/file", path, SHA256)
    assert server.requests == ["/file"]


def test_server_that_recovers(server, tmp_path):
    fetch(f"{server.url}/flaky", tmp_path / "file", SHA256)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("name", "sha256", "message"),
    [
        ("missing", SHA256, "404"),
        ("cut", SHA256, "could not be fetched"),
        ("file", "0" * 64, "expected SHA-256 000"),
    ],
)
def test_failures_leave_nothing_behind(server, tmp_path, name, sha256, message):
    with pytest.raises(FetchError, match=message) as failure:
        fetch(f"{server.url}/{name}", tmp_path / "file", sha256)
    assert f"To go on offline, put the file with SHA-256 {sha256}" in str(failure.value)
    assert not list(tmp_path.iterdir())


def test_no_server(tmp_path):
    with pytest.raises(FetchError, match="refused"):
        fetch("http://127.0.0.1:9/file", tmp_path / "file", SHA256)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/file",
        "127.0.0.1/file",
        "http://",
        "http://[::1/file",
        "http://127.0.0.1:port/file",
        "http://127.0.0.1:99999999/file",
        "http://127.0.0.1/a file",
        f"http://{'x' * 70}.example/file",
    ],
)
def test_addresses_that_are_none_fail_at_once(url, tmp_path, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("another attempt"))
    with pytest.raises(FetchError, match="could not be fetched"):
        fetch(url, tmp_path / "file", SHA256)
    assert not list(tmp_path.iterdir())


def test_broken_copy_is_replaced(server, tmp_path, caplog):
    (tmp_path / "file").write_bytes(CONTENT[:5000])
    fetch(f"{server.url}/file", tmp_path / "file", SHA256)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert "fetched again" in caplog.text


def _process(server, tmp_path):
    command = [
        sys.executable,
        "-P",
        "-c",
        SCRIPT,
        f"{server.url}/slow",
        tmp_path / "file",
    ]
    return subprocess.Popen([*command, SHA256])


def test_killed_download_poisons_nothing(server, tmp_path):
    process = _process(server, tmp_path)
    assert server.started.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "file").exists()
    fetch(f"{server.url}/file", tmp_path / "file", SHA256)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_two_processes_at_once(server, tmp_path):
    processes = [_process(server, tmp_path) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert os.listdir(tmp_path) == ["file"]


def test_what_another_process_fetched_meanwhile_is_taken(server, tmp_path, monkeypatch):
    path = tmp_path / "file"
    monkeypatch.setattr(time, "sleep", lambda _: path.write_bytes(CONTENT))
    assert fetch(f"{server.url}/cut", path, SHA256) == path
    assert server.requests == ["/cut"]


def test_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("WINGKERAS_HOME", str(tmp_path))
    assert cache_home() == tmp_path
    monkeypatch.delenv("WINGKERAS_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_home() == tmp_path / "xdg" / "wingkeras"


def test_cache_without_a_home_folder(monkeypatch):
    for name in ("WINGKERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def nobody():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)
    with pytest.raises(OSError, match=r"Name a folder .* in WINGKERAS_HOME"):
        cache_home()
