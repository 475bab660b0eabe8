"""Plain HTTP to the node at less than half the processor time of the client's own way.

A search is answered in a few milliseconds; the client's own pool takes 0.2 ms of each request.
"""

import time
import weakref
import zlib
from collections import deque
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from opensearchpy import exceptions
from opensearchpy.connection import Connection

from mappings.connection_wire import Answer, Wire, request_head

GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
"""Lets zlib tell by the first bytes which of the two it reads."""


class PlainHTTP(Connection):
    """What ``opensearchpy.OpenSearch`` sends by (its ``connection_class``) where there is no TLS.

    Connections are kept open for the next request, ``pool_maxsize`` of them, each opened when first
    needed. Nothing is tried again: that is for the client to decide.

    Args:
        pool_maxsize: Connections that are kept.
        given: What ``opensearchpy.connection.Connection`` takes.
    """

    def __init__(self, *, pool_maxsize: int = 1, **given: Any) -> None:  # noqa: ANN401 - as there
        super().__init__(**given)
        self._most, self._named = pool_maxsize, _ascii(self.host.partition("://")[2])
        self._kept: deque[Wire] = deque()  # its ends are safe between threads
        weakref.finalize(self, _close, self._kept)  # a client that nobody closed

    def perform_request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
        ignore: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], str]:
        """Return status, headers and text of the answer.

        Args:
            method: ``GET``, ``POST`` …
            url: The path.
            params: What stands behind its question mark.
            body: What is sent.
            timeout: Seconds without a word from the node; by default the client's.
            ignore: Statuses of errors that are answers.
            headers: Beside those of every request.

        Raises:
            ValueError: A path or header that would break the request's lines.
            ConnectionTimeout: No answer came in time.
            ConnectionError: The node could not be reached or hung up.
            TransportError: The node answered with an error.
        """
        path = self.url_prefix + url + (f"?{urlencode(params)}" if params else "")
        full, started = self.host + path, time.monotonic()
        try:
            reply, text = self._ask(method, path, body, timeout or self.timeout, headers or {})
        except (OSError, zlib.error, UnicodeDecodeError) as error:
            spent = time.monotonic() - started
            self.log_request_fail(method, full, path, body, spent, exception=error)
            if isinstance(error, TimeoutError):
                raise exceptions.ConnectionTimeout("TIMEOUT", str(error), error) from error
            raise exceptions.ConnectionError("N/A", str(error), error) from error
        spent, status = time.monotonic() - started, reply.status
        self._raise_warnings(reply.warnings)
        if not 200 <= status < 300 and status not in ignore:
            self.log_request_fail(method, full, path, body, spent, status, text)
            self._raise_error(status, text, reply.headers.get("content-type"))
        self.log_request_success(method, full, path, body, status, text, spent)
        return status, reply.headers, text

    def close(self) -> None:
        """Close the connections that are kept; the next request opens new ones."""
        _close(self._kept)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        seconds: float,
        headers: Mapping[str, str],
    ) -> tuple[Answer, str]:
        every, sent = {**self.headers, **headers}, body or b""
        if sent and self.http_compress:
            sent, every["content-encoding"] = self._gzip_compress(sent), "gzip"
        request = request_head(method, path, self._named, len(sent), every) + sent
        wire = self._wire(seconds)
        try:
            reply = wire.ask(request, seconds, bodiless=method == "HEAD")
        except BaseException:  # what is left unread of it would be taken for the next answer
            wire.close()
            raise
        self._keep(wire, reply)
        data = reply.body
        if data and reply.headers.get("content-encoding"):
            data = zlib.decompress(data, GZIP_OR_ZLIB)
        return reply, data.decode("utf-8", "surrogatepass")

    def _wire(self, seconds: float) -> Wire:
        """Return a connection that was kept and is still up, or a new one."""
        while self._kept:
            try:
                wire = self._kept.pop()
            except IndexError:  # another thread took the last
                break
            if wire.is_up:
                return wire
            wire.close()
        return Wire(self.hostname, self.port, seconds)

    def _keep(self, wire: Wire, reply: Answer) -> None:
        if reply.lets_more and len(self._kept) < self._most:
            self._kept.append(wire)
        else:
            wire.close()


def _ascii(host: str) -> str:
    """Return a host as the header ``Host`` has it: other letters in Punycode."""
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return "unnamed"  # connecting says what is wrong with it


def _close(kept: deque[Wire]) -> None:
    with suppress(IndexError):  # no more
        while True:
            kept.pop().close()
