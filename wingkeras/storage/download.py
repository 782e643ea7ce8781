"""Checked downloads, which are complete or not there."""

import datetime
import email.utils
import errno
import hashlib
import http.client
import logging
import os
import sys
import time
import urllib.error
import urllib.parse
from pathlib import Path

from wingkeras.storage.connections import opener_until
from wingkeras.storage.errors import FetchError
from wingkeras.storage.files import atomic_write

_ATTEMPTS = 3
_READ_TIMEOUT = 30.0
_DEADLINE = 1800.0
_CHUNK = 1 << 16
_BUSY = (408, 429)
# Errors of the disk, not of the network: another attempt would fail as well.
_LOCAL = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.ENOTDIR)

_log = logging.getLogger("wingkeras")


class _FinalError(Exception):
    """An error that another attempt would not avoid."""


def cache_home() -> Path:
    """The folder downloads are kept in: `WINGKERAS_HOME`, or the user's cache.

    Raises:
        OSError: if neither is named and the user has no home folder, as in a container
            that runs under a number without an account.

    Example:

    ```python
    print(cache_home())
    ```
    """
    named = os.environ.get("WINGKERAS_HOME")
    if named:
        return Path(named)
    try:
        if sys.platform == "win32":
            return Path(os.environ["LOCALAPPDATA"]) / "wingkeras"
        base = os.environ.get("XDG_CACHE_HOME")
        return (Path(base) if base else Path.home() / ".cache") / "wingkeras"
    except (KeyError, RuntimeError) as error:
        raise OSError(
            "Expected a home folder to keep files in, the user has none. Name a folder "
            "that can be written to in WINGKERAS_HOME."
        ) from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal.

    Example:

    ```python
    len(sha256_of(Path("photo.jpg")))  # 64
    ```
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(
    url: str,
    destination: Path,
    sha256: str,
    size: int | None = None,
    deadline: float = _DEADLINE,
) -> Path:
    """Download a file, unless it is there already.

    Several processes may fetch the same file at once, and may be killed at any time:
    each writes to a file of its own, which is moved to the destination when its hash is
    right. If a server is busy (408, 429 and 5xx), it is asked again after the time in
    `Retry-After`.

    Args:
        url: http or https.
        destination: path of the file.
        sha256: expected hash, hexadecimal.
        size: expected size, bytes; a longer response ends the download.
        deadline: seconds that all attempts may take together.

    Returns:
        `destination`.

    Raises:
        FetchError: if the address is invalid, or the file cannot be downloaded in time
            or is not the expected one.

    Example:

    <!-- not run: needs the network -->
    ```python
    path = fetch("https://example.org/a.h5", Path("a.h5"), sha256="5f0c...")
    ```
    """
    ends = time.monotonic() + deadline
    for attempt in range(1, _ATTEMPTS + 1):
        if _is_there(destination, sha256):
            return destination
        wait = 0.5 * attempt
        try:
            with atomic_write(destination) as scratch:
                _download(url, scratch, size, ends)
                found = sha256_of(scratch)
                if found != sha256:
                    raise FetchError(f"expected SHA-256 {sha256}, received {found}")
            return destination
        except urllib.error.HTTPError as error:
            error.close()
            failure, is_final = error, error.code < 500 and error.code not in _BUSY
            wait = max(wait, _retry_after(error.headers.get("Retry-After")))
        except (OSError, http.client.HTTPException) as error:
            failure, is_final = error, isinstance(error, http.client.InvalidURL)
            is_final |= getattr(error, "errno", None) in _LOCAL
        except (ValueError, OverflowError, _FinalError) as error:
            # Invalid addresses and redirects raise the first two.
            failure, is_final = error, True
        reason = str(failure)
        if time.monotonic() + wait >= ends and not is_final:
            reason += f"; another attempt would be later than {deadline:g} seconds"
            is_final = True
        if is_final or attempt == _ATTEMPTS:
            raise _error(url, destination, sha256, reason) from failure
        time.sleep(wait)
    raise AssertionError("unreachable")


def _error(url: str, destination: Path, sha256: str, reason: str) -> FetchError:
    return FetchError(
        f"{url} could not be fetched: {reason}. To go on offline, put the file with "
        f"SHA-256 {sha256} at {destination}."
    )


def _is_there(path: Path, sha256: str) -> bool:
    # Another process may remove or replace the file at any time.
    try:
        if sha256_of(path) == sha256:
            return True
    except FileNotFoundError:
        return False
    _log.warning("%s is not what it should be; it is fetched again.", path)
    return False


def _download(url: str, path: Path, size: int | None, ends: float) -> None:
    parts = urllib.parse.urlsplit(url)
    # Reading the port raises for an invalid one.
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise _FinalError(f"expected an http or https address, received {url!r}")
    left = ends - time.monotonic()
    with (
        opener_until(left) as opener,
        opener.open(url, timeout=min(_READ_TIMEOUT, left)) as response,
        path.open("wb") as file,
    ):
        received = 0
        while chunk := response.read1(_CHUNK):
            received += len(chunk)
            if size is not None and received > size:
                raise _FinalError(f"expected {size} bytes, received more")
            file.write(chunk)
        if response.length:
            raise FetchError(f"the connection ended {response.length} bytes early")
    if size is not None and received != size:
        raise FetchError(f"expected {size} bytes, received {received}")


def _retry_after(value: str | None) -> float:
    """The seconds to wait, from a number or a date; 0 if it is neither."""
    if value is None:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if when.tzinfo is None:
        when = when.replace(tzinfo=datetime.UTC)
    return max(0.0, (when - datetime.datetime.now(datetime.UTC)).total_seconds())
