"""A server that answers badly, in a process of its own.

Usage: hostile_server.py FILE

Prints its port. `/good` is the file; what the other addresses do is said below. It is a
proxy as well: of addresses with a host, whatever that is, the path counts. Of hosts to
be connected to it answers as their name says, where that is the name of a path.
"""

import gzip
import socket
import socketserver
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

_MOST = 64 * 2**20


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode("latin-1")
        while self.rfile.readline().strip():
            pass
        if len(line.split()) < 2:
            return
        method, target, *_ = line.split()
        name = target.partition(":")[0]
        if method != "CONNECT":
            name = urlsplit(target).path.strip("/")
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
    elif name == "trickled-encryption":
        # A record of encryption's first answer that is long to come.
        yield _head("200 Connection established")
        yield from _slowly(b"\x16\x03\x03\x40\x00" + bytes(2000))
    elif name == "silent":
        time.sleep(60)
    elif name == "nonsense":
        yield b"no http at all\r\n\r\n"
    elif name in whole_answers(content):
        yield whole_answers(content)[name]
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


def whole_answers(content: bytes) -> dict[str, bytes]:
    """Whole answers, none of which is the file."""
    whole, length = "200 OK", f"Content-Length: {len(content)}"
    chunked = _head(whole, "Transfer-Encoding: chunked")
    return {
        "empty": _head(whole, "Content-Length: 0"),
        "nothing": b"",
        "half": _head(whole, length) + content[: len(content) // 2],
        "half-without-length": _head(whole) + content[: len(content) // 2],
        "other": _head(whole, length) + content[::-1],
        "longer": _head(whole) + content * 2,
        "page": _head(whole, "Content-Type: text/html") + b"<p>Sign in first.</p>",
        "negative-length": _head(whole, "Content-Length: -1") + content[:-1],
        "huge-length": _head(whole, f"Content-Length: {10**30}") + content,
        "text-length": _head(whole, "Content-Length: many") + content[:-1],
        "two-lengths": _head(whole, "Content-Length: 5", length) + content[:-1],
        "bad-chunks": chunked + b"zz\r\n" + content,
        "endless-chunk": chunked + b"f" * 5000 + b"\r\n" + content,
        "cut-chunks": chunked + b"10\r\n" + content[:16] + b"\r\n",
        "packed": _head(whole, "Content-Encoding: gzip") + gzip.compress(content),
        "no-content": _head("204 No Content"),
        "partial": _head("206 Partial Content", length) + content[:-1],
        "not-modified": _head("304 Not Modified"),
        "to-nowhere": _head("302 Found"),
        "long-line": b"HTTP/1.1 " + b"2" * 100_000 + b"\r\n\r\n",
        "many-lines": _head(whole, *["X-More: yes"] * 500) + content,
        "forbidden": _head("403 Forbidden"),
        "broken": _head("500 Broken"),
        "number-of-none": _head("999 What"),
    }


NAMES = (
    *("endless", "trickled-body", "trickled-head", "continued", "silent", "nonsense"),
    *("408-1", "429-soon", "503--5", "429-86400", "to-itself", "to-file", "to-ftp"),
    *("to-no-address", "to-no-port", "to-long-host", *whole_answers(b"file")),
)
"""Addresses, beside `good`."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = socket.SOMAXCONN
    counts: dict[str, int] = {}  # noqa: RUF012


def main() -> None:
    """Serve until the process is killed."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.content = Path(sys.argv[1]).read_bytes()
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
