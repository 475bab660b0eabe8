"""One open connection that speaks plain HTTP; answers are read by llhttp, the parser of Node.js."""

import select
import socket
from collections.abc import Mapping

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpResponseParser,
)

READ_AT_ONCE = 1 << 18
FRAMED = ("content-length", "transfer-encoding")
FINAL = 200
"""Statuses below it are of answers that announce another one."""


class Answer:
    """What the node said, put together from what the parser finds.

    Args:
        bodiless: Whether no body follows, whatever the head says of one: it answers ``HEAD``.

    Attributes:
        status: HTTP status, 0 before it is known.
        headers: By lower-case name; of a repeated one the last.
        warnings: Of the header ``Warning``, which may be repeated.
        is_whole: Whether nothing of it is to come.
        lets_more: Whether the connection may carry another request afterwards.
    """

    __slots__ = (
        "_bodiless",
        "_head_ends",
        "_parser",
        "_parts",
        "headers",
        "is_whole",
        "lets_more",
        "status",
        "warnings",
    )

    def __init__(self, *, bodiless: bool) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.warnings: list[str] = []
        self.is_whole = self.lets_more = False
        self._parts: list[bytes] = []
        self._bodiless, self._head_ends = bodiless, False
        self._parser: HttpResponseParser | None = HttpResponseParser(self)

    @property
    def body(self) -> bytes:
        """What came after the head, as it was sent."""
        return b"".join(self._parts)

    def read(self, wire: socket.socket) -> None:
        """Read until it is whole.

        Raises:
            TimeoutError: Nothing came in time.
            ConnectionAbortedError: It is no HTTP.
            ConnectionResetError: The connection ended before a word.
            OSError: It ended amid the answer.
        """
        try:
            while not self.is_whole:
                self._add(wire.recv(READ_AT_ONCE))
        finally:
            self._parser = None  # they hold each other: a large body would wait for the collector

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a line of the head."""
        if self._is_another():
            return
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = text
        if key == "warning":
            self.warnings.append(text)

    def on_headers_complete(self) -> None:
        """Take the end of the head."""
        if self._is_another():
            return
        assert self._parser is not None
        self.status, self._head_ends = self._parser.get_status_code(), True
        self.is_whole = self._bodiless and self.status >= FINAL
        self.lets_more = self._parser.should_keep_alive()  # known from here to the body's end

    def on_body(self, data: bytes) -> None:
        """Take a part of the body, chunks undone."""
        if not self._is_another():
            self._parts.append(data)

    def on_message_complete(self) -> None:
        """Take the end of the answer, or of one that announces it."""
        if self.status < FINAL:
            self.headers.clear()
            self.warnings.clear()
            self._head_ends = self.lets_more = False
        else:
            self.is_whole = True

    def _is_another(self) -> bool:
        """Tell whether more came than was asked for; what follows on the wire is not to be used."""
        if self.is_whole:
            self.lets_more = False
        return self.is_whole

    def _add(self, data: bytes) -> None:
        assert self._parser is not None
        if data:
            try:
                self._parser.feed_data(data)
            except HttpParserCallbackError as error:
                raise error.__context__ or error from None  # ours, such as a MemoryError
            except (HttpParserError, HttpParserUpgrade) as error:
                raise ConnectionAbortedError(f"No HTTP: {error}") from error
        elif self._head_ends and not any(name in self.headers for name in FRAMED):
            self.is_whole = True  # an answer of unsaid length lasts to the end
        elif self.headers:
            raise OSError("The connection ended amid the answer.")
        else:
            raise ConnectionResetError("The connection ended without an answer.")


class Wire:
    """An open connection, used by one request at a time.

    Args:
        host: Name or address.
        port: Its port.
        seconds: Patience for connecting.

    Raises:
        OSError: No connection, not in time, or the host's name is none.
    """

    def __init__(self, host: str, port: int, seconds: float) -> None:
        try:
            self._socket = socket.create_connection((host, port), seconds)
        except TimeoutError as error:
            raise OSError(f"No connection in {seconds:g} s.") from error
        except UnicodeError as error:
            raise OSError(f"{host!r} is no name of a host: {error}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def is_up(self) -> bool:
        """Whether it, resting, has nothing to say: else it is at its end."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def ask(self, request: bytes, seconds: float, *, bodiless: bool) -> Answer:
        """Send a request and return its answer.

        Args:
            request: Head and body.
            seconds: Patience for each word of the answer.
            bodiless: Whether the answer has no body: the request is ``HEAD``.

        Raises:
            TimeoutError: No answer came in time.
            OSError: The node hung up or does not speak HTTP.
        """
        answer = Answer(bodiless=bodiless)
        self._socket.settimeout(seconds)
        try:
            self._socket.sendall(request)
        except (BrokenPipeError, ConnectionResetError) as gone:
            try:
                answer.read(self._socket)  # it may have said why before it hung up: too large, say
            except OSError:
                raise gone from None
            answer.lets_more = False
            return answer
        answer.read(self._socket)
        return answer

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def request_head(
    method: str, path: str, host: str, length: int, headers: Mapping[str, str]
) -> bytes:
    """Return the head of a request, its empty line included.

    Args:
        method: ``GET``, ``POST`` …
        path: With what stands behind its question mark, quoted.
        host: The header ``Host``.
        length: Of the body, bytes.
        headers: The others.

    Raises:
        ValueError: A path or header that would break the request's lines, or is not ASCII.
    """
    if not path.isascii() or not path.isprintable() or " " in path:
        raise ValueError(f"The path {path!r} is not quoted.")
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", f"content-length: {length}"]
    for name, value in headers.items():
        line = f"{name}: {value}"
        if "\n" in line or "\r" in line or not line.isascii():
            raise ValueError(f"The header {name!r} is not one line of ASCII.")
        lines.append(line)
    return "\r\n".join([*lines, "\r\n"]).encode("ascii")
