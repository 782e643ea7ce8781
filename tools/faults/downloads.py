"""Servers and proxies that answer badly: the file that comes is right, or none does."""

import atexit
import contextlib
import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from faults import hostile_server
from faults.kinds import Attempt, Kind, WrongResultError
from wingkeras.storage.download import FetchError, fetch

CONTENT = random.Random(1).randbytes(50_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
_DEADLINE = 3.0


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of the hostile server, in a process of its own, with `CONTENT`."""
    path = folder / "served"
    path.write_bytes(CONTENT)
    program = [sys.executable, hostile_server.__file__, path]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _prepare(folder: Path) -> Attempt:
    server = contextlib.ExitStack()
    atexit.register(server.close)
    address = server.enter_context(serving(folder))
    places = folder / "cache"

    def attempt(seed: int) -> None:
        names = hostile_server.NAMES
        name = names[seed % len(names)]
        # Every second round the same by way of a proxy.
        by_proxy = seed // len(names) % 2 == 1
        os.environ.pop("http_proxy", None)
        if by_proxy:
            os.environ["http_proxy"] = address
        host = "http://files.invalid" if by_proxy else address
        size = len(CONTENT) if seed % 5 else None
        path = places / "file"
        try:
            fetch(f"{host}/{name}", path, SHA256, size, _DEADLINE)
        except FetchError as error:
            if SHA256 not in str(error):
                raise WrongResultError(f"{name}: no way on in {error}") from error
        else:
            if path.read_bytes() != CONTENT:
                raise WrongResultError(f"{name}: another file was taken")
            path.unlink()
        if left := list(places.iterdir()):
            raise WrongResultError(f"{name}: left {left}")

    return attempt


DOWNLOADS = Kind("servers and proxies", _prepare, 400, 10, limit=10.0)
