"""A server of this machine that speaks as the Hugging Face Hub, for tests."""

import contextlib
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

REPOSITORY = "someone/landmarks"
_COMMIT = "0123456789abcdef0123456789abcdef01234567"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self):
        self._answer(with_body=True)

    def do_HEAD(self):
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append(path)
        content = self._content(path)
        self.send_response(404 if content is None else 200)
        content = content or b""
        self.send_header("X-Repo-Commit", _COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def _content(self, path: str) -> bytes | None:
        folder, names = self.server.folder, self.server.names
        if path.startswith(f"/api/models/{REPOSITORY}/tree/"):
            file = {"type": "file", "oid": _COMMIT, "size": 1}
            return json.dumps([{**file, "path": name} for name in names]).encode()
        if path.startswith(f"/api/models/{REPOSITORY}"):
            files = [{"rfilename": name} for name in names]
            described = {"id": REPOSITORY, "sha": _COMMIT, "siblings": files}
            return json.dumps(described).encode()
        _, is_file, name = path.partition(f"/{REPOSITORY}/resolve/")
        name = name.partition("/")[2]
        if not is_file or name not in names:
            return None
        file = folder / Path(name).name
        return file.read_bytes() if file.is_file() else b"hostile"

    def log_message(self, *arguments):
        pass


class _Server(http.server.ThreadingHTTPServer):
    folder: Path
    names: list[str]
    asked: list[str]


@contextlib.contextmanager
def serving_hub(folder: Path, further: tuple[str, ...] = ()) -> Iterator[_Server]:
    """The server, with the files of a folder in its repository, and further names."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.folder, server.asked = folder, []
    server.names = [*sorted(path.name for path in folder.iterdir()), *further]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
