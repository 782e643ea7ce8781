"""Connections that end with their opener."""

import pytest

from faults.downloads import CONTENT, serving
from wingkeras.storage.connections import opener_until


@pytest.fixture
def address(tmp_path):
    with serving(tmp_path) as address:
        yield address


def test_a_response_that_is_still_held_does_not_keep_its_socket(address):
    with opener_until(10) as opener:
        response = opener.open(f"{address}/good", timeout=5)
        assert response.read(1) == CONTENT[:1]
        connected = response.fp.raw._sock
        assert connected.fileno() != -1
    assert connected.fileno() == -1
    response.close()


def test_a_response_that_was_read_is_whole(address):
    with opener_until(10) as opener, opener.open(f"{address}/good") as response:
        assert response.read() == CONTENT
