"""HTTP connections that are cut at a deadline, whatever the server does."""

import contextlib
import functools
import http.client
import socket
import threading
import urllib.request
from collections.abc import Iterator

_HEADERS = [("User-Agent", "wingkeras")]


@contextlib.contextmanager
def opener_until(seconds: float) -> Iterator[urllib.request.OpenerDirector]:
    """An opener of http and https addresses whose connections end at a deadline.

    The time-out of a socket starts again with every byte: a server that sends a byte
    now and then, or endless headers, would block its client forever.

    Args:
        seconds: until every connection is cut; a response being read then ends early.

    Yields:
        The opener. It follows redirects to http and https alone. Its connections are
        closed when it is left, those of responses still held among them.
    """
    connections: list[socket.socket] = []
    duplicates: list[socket.socket] = []
    is_over = threading.Event()

    def cut() -> None:
        is_over.set()
        for connected in list(duplicates):
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def connect(*args, **settings) -> socket.socket:
        connected = socket.create_connection(*args, **settings)
        # A duplicate, since TLS takes over the socket itself. Time counts from here, as
        # proxies and TLS communicate before `HTTPConnection.connect` returns.
        duplicates.append(connected.dup())
        connections.append(connected)
        if is_over.is_set():
            cut()
        return connected

    def watch(connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
        connection._create_connection = connect  # type: ignore[attr-defined]
        return connection

    class Http(urllib.request.HTTPHandler):
        def http_open(self, req):
            return self.do_open(_then(watch, http.client.HTTPConnection), req)

    class Https(urllib.request.HTTPSHandler):
        def https_open(self, req):
            return self.do_open(_then(watch, http.client.HTTPSConnection), req)

    class Redirects(urllib.request.HTTPRedirectHandler):
        def http_error_302(self, req, fp, code, msg, headers):
            try:
                return super().http_error_302(req, fp, code, msg, headers)
            except Exception:  # invalid address; the response would stay open
                fp.close()
                raise

        http_error_301 = http_error_303 = http_error_302
        http_error_307 = http_error_308 = http_error_302

    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        Http(),
        Https(),
        Redirects(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    opener.addheaders = _HEADERS
    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield opener
    finally:
        timer.cancel()
        for connected in duplicates:
            connected.close()
        # A response that an error left open would keep its socket open.
        for connected in connections:
            with contextlib.suppress(OSError):
                socket.close(connected.detach())


def _then(function, make):
    @functools.wraps(make, updated=())
    def both(*args, **settings):
        return function(make(*args, **settings))

    return both
