"""Downloads by way of proxies, all of them on this machine."""

import time

import pytest

from faults.downloads import CONTENT, SHA256, serving
from wingkeras.storage import download
from wingkeras.storage.download import FetchError, fetch


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("served")) as address:
        yield address


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """No proxies but those of the tests, no waits between attempts."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(download.time, "sleep", lambda _: None)


def test_the_proxy_is_asked_for_the_whole_address(address, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", address)
    path = fetch("http://files.invalid/good", tmp_path / "file", SHA256)
    assert path.read_bytes() == CONTENT


def test_hosts_without_a_proxy(address, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    fetch(f"{address}/good", tmp_path / "file", SHA256)
    monkeypatch.setenv("no_proxy", "elsewhere")
    with pytest.raises(FetchError, match="refused"):
        fetch(f"{address}/good", tmp_path / "other", SHA256)


def test_a_proxy_that_does_not_connect(address, tmp_path, monkeypatch):
    monkeypatch.setenv("https_proxy", address)
    with pytest.raises(FetchError, match="403 Forbidden"):
        fetch("https://forbidden/file", tmp_path / "file", SHA256)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["trickled-head", "trickled-encryption", "continued", "silent"]
)
def test_slow_proxies_are_left_at_the_deadline(address, tmp_path, monkeypatch, name):
    """They talk for a minute or more before the connection is one."""
    monkeypatch.setenv("https_proxy", address)
    start = time.monotonic()
    with pytest.raises(FetchError, match="later than 1 seconds"):
        fetch(f"https://{name}/file", tmp_path / "file", SHA256, deadline=1)
    assert time.monotonic() - start < 20
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "proxy", ["http://[::1", "http://127.0.0.1:port", "ftp://127.0.0.1:9", "nonsense:"]
)
def test_proxies_that_are_none(tmp_path, monkeypatch, proxy):
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(FetchError, match="could not be fetched"):
        fetch("http://files.invalid/good", tmp_path / "file", SHA256)
