"""A server that answers badly, in a process of its own.

Usage: hostile_server.py FILE

Prints its port. `/good` is the file; what the other addresses do is said below.
"""

import socket
import socketserver
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_MOST = 64 * 2**20


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode("latin-1")
        while self.rfile.readline().strip():
            pass
        if len(line.split()) < 2:
            return
        name = line.split()[1].strip("/")
        count = self.server.counts[name] = self.server.counts.get(name, 0) + 1
        try:
            for part in _answer(name, count, self.server.content):
                self.wfile.write(part)
                self.wfile.flush()
        except OSError:
            pass  # the client had enough


def _answer(name: str, count: int, content: bytes) -> Iterator[bytes]:
    good = _head("200 OK", f"Content-Length: {len(content)}") + content
    # Busy once, as KIND-SECONDS says.
    kind, _, rest = name.partition("-")
    if name == "good":
        yield good
    elif kind in ("408", "429", "503"):
        later = f"Retry-After: {rest.replace('_', ' ')}"
        yield good if count > 1 else _head(f"{kind} Busy", later)
    elif name == "endless":
        yield _head("200 OK")
        for _ in range(_MOST // len(content)):
            yield content
    elif name == "trickled-body":
        yield _head("200 OK", f"Content-Length: {len(content)}")
        yield from _slowly(content)
    elif name == "trickled-head":
        yield from _slowly(b"HTTP/1.1 200 OK\r\n" + b"X-More: yes\r\n" * 90)
    elif name == "continued":
        yield from _slowly(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
    elif name == "silent":
        time.sleep(60)
    elif name == "nonsense":
        yield b"no http at all\r\n\r\n"
    else:
        places = {
            "to-itself": "/to-itself",
            "to-file": "file:///etc/passwd",
            "to-ftp": "ftp://127.0.0.1/file",
            "to-no-address": "http://[::1/file",
            "to-no-port": "http://127.0.0.1:99999999/file",
            "to-long-host": f"http://{'x' * 70}.example/file",
        }
        yield _head("302 Found", f"Location: {places[name]}")


def _head(status: str, *lines: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", *lines, "Connection: close")
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


def _slowly(content: bytes) -> Iterator[bytes]:
    for value in content:
        yield bytes([value])
        time.sleep(0.05)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = socket.SOMAXCONN
    counts: dict[str, int] = {}  # noqa: RUF012


def main() -> None:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.content = Path(sys.argv[1]).read_bytes()
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
