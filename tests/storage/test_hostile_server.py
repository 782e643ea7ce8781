"""Downloads from a server that means no good."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from faults import hostile_server
from faults.downloads import CONTENT, SHA256, serving
from wingkeras.storage import download
from wingkeras.storage.download import FetchError, fetch


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("served")) as address:
        yield address


@pytest.fixture
def waits(monkeypatch):
    """The waits between attempts, not waited for."""
    waits = []
    monkeypatch.setattr(download.time, "sleep", waits.append)
    return waits


def test_more_bytes_than_expected_end_the_download(address, tmp_path, waits):
    with pytest.raises(FetchError, match=r"expected 50000 bytes, received more"):
        fetch(f"{address}/endless", tmp_path / "file", SHA256, size=len(CONTENT))
    assert not waits and not list(tmp_path.iterdir())


def test_fewer_bytes_than_expected(address, tmp_path, waits):
    with pytest.raises(FetchError, match="expected 60000 bytes, received 50000"):
        fetch(f"{address}/good", tmp_path / "file", SHA256, size=60_000)
    assert len(waits) == 2


@pytest.mark.parametrize(
    "name", ["trickled-body", "trickled-head", "continued", "silent"]
)
def test_slow_servers_are_left_at_the_deadline(address, tmp_path, name):
    """Each would take a minute or more, and sends bytes often enough, or none."""
    start = time.monotonic()
    with pytest.raises(FetchError, match="later than 1 seconds"):
        fetch(f"{address}/{name}", tmp_path / "file", SHA256, deadline=1)
    assert time.monotonic() - start < 20
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("code", [408, 429, 503])
def test_busy_servers_are_asked_again_when_they_say(address, tmp_path, waits, code):
    path = fetch(f"{address}/{code}-7", tmp_path / "file", SHA256)
    assert path.read_bytes() == CONTENT and waits == [7]


def test_retry_after_a_date(address, tmp_path, waits):
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    fetch(f"{address}/429-{when.replace(' ', '_')}", tmp_path / "file", SHA256)
    assert 80 < waits[0] <= 100


def test_retry_after_the_deadline_is_not_waited_for(address, tmp_path, waits):
    with pytest.raises(FetchError, match=r"429.*later than 60 seconds"):
        fetch(f"{address}/429-86400", tmp_path / "file", SHA256, deadline=60)
    assert not waits


@pytest.mark.parametrize("later", ["soon", "-5"])
def test_retry_after_that_is_none(address, tmp_path, waits, later):
    fetch(f"{address}/503-{later}", tmp_path / "file", SHA256)
    assert waits == [0.5]


@pytest.mark.parametrize(
    "name", ["itself", "file", "ftp", "no-address", "no-port", "long-host"]
)
def test_bad_redirects(address, tmp_path, waits, name):
    with pytest.raises(FetchError, match="could not be fetched"):
        fetch(f"{address}/to-{name}", tmp_path / "file", SHA256)
    assert not list(tmp_path.iterdir())


def test_no_http(address, tmp_path, waits):
    with pytest.raises(FetchError, match="no http at all"):
        fetch(f"{address}/nonsense", tmp_path / "file", SHA256)


@pytest.mark.parametrize("name", sorted(hostile_server.whole_answers(b"file")))
def test_answers_without_the_file(address, tmp_path, waits, name):
    with pytest.raises(FetchError, match=SHA256):
        fetch(f"{address}/{name}", tmp_path / "file", SHA256, size=len(CONTENT))
    assert not list(tmp_path.iterdir())
