"""Downloads that are checked, and complete or not there."""

import hashlib
import http.client
import logging
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from wingkeras.storage.files import atomic_write

_ATTEMPTS = 3
_TIMEOUT = 30

_log = logging.getLogger("wingkeras")


class FetchError(OSError):
    """A file could not be had; the message says what was tried and how to go on."""


def cache_home() -> Path:
    """The folder downloads are kept in: `WINGKERAS_HOME`, or the user's cache."""
    named = os.environ.get("WINGKERAS_HOME")
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ["LOCALAPPDATA"]) / "wingkeras"
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "wingkeras"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(url: str, destination: Path, sha256: str) -> Path:
    """Download a file, unless it is there already.

    Processes may ask for the same file at once, and be killed at any time: each
    writes to a file of its own, which takes its place when it has the right hash.

    Args:
        url: http or https.
        destination: of the file.
        sha256: it must have, hexadecimal.

    Returns:
        `destination`.

    Raises:
        FetchError: if it cannot be downloaded, or is another file than expected.
        ValueError: for an address that is not http or https.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"Expected an http or https address, received {url!r}.")
    if destination.is_file():
        if sha256_of(destination) == sha256:
            return destination
        _log.warning("%s is not what it should be; it is fetched again.", destination)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with atomic_write(destination) as scratch:
                _download(url, scratch)
                found = sha256_of(scratch)
                if found != sha256:
                    raise FetchError(f"expected SHA-256 {sha256}, received {found}")
            return destination
        except (OSError, http.client.HTTPException) as error:
            hopeless = False
            if isinstance(error, urllib.error.HTTPError):
                error.close()
                hopeless = error.code < 500
            if attempt == _ATTEMPTS or hopeless:
                raise FetchError(
                    f"{url} could not be fetched: {error}. To go on offline, put the "
                    f"file with SHA-256 {sha256} at {destination}."
                ) from error
            time.sleep(0.5 * attempt)
    raise AssertionError("unreachable")


def _download(url: str, path: Path) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "wingkeras"})
    with (
        urllib.request.urlopen(request, timeout=_TIMEOUT) as response,
        path.open("wb") as file,
    ):
        shutil.copyfileobj(response, file)
