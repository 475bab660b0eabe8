"""One open connection that speaks plain HTTP; answers are read by llhttp, the parser of Node.js."""

import select
import socket
from collections.abc import Mapping

from httptools import HttpParserError, HttpResponseParser

READ_AT_ONCE = 1 << 18
FRAMED = ("content-length", "transfer-encoding")


class Answer:
    """What the node said, put together from what the parser finds.

    Args:
        bodiless: Whether no body follows, whatever the head says of one: it answers ``HEAD``.

    Attributes:
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
        "warnings",
    )

    def __init__(self, *, bodiless: bool) -> None:
        self.headers: dict[str, str] = {}
        self.warnings: list[str] = []
        self.is_whole = self.lets_more = False
        self._parts: list[bytes] = []
        self._bodiless, self._head_ends = bodiless, False
        self._parser = HttpResponseParser(self)

    @property
    def status(self) -> int:
        """HTTP status."""
        return self._parser.get_status_code()

    @property
    def body(self) -> bytes:
        """What came after the head, as it was sent."""
        return b"".join(self._parts)

    def add(self, data: bytes) -> None:
        """Read on; no data is the end of the connection.

        Raises:
            ConnectionAbortedError: It is no HTTP.
            ConnectionResetError: The connection ended before a word.
            OSError: It ended amid the answer.
        """
        if data:
            try:
                self._parser.feed_data(data)
            except HttpParserError as error:
                raise ConnectionAbortedError(f"No HTTP: {error}") from error
        elif self._head_ends and not any(name in self.headers for name in FRAMED):
            self.is_whole = True  # an answer of unsaid length lasts to the end
        elif self.headers:
            raise OSError("The connection ended amid the answer.")
        else:
            raise ConnectionResetError("The connection ended without an answer.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a line of the head."""
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = text
        if key == "warning":
            self.warnings.append(text)

    def on_headers_complete(self) -> None:
        """Take the end of the head."""
        self._head_ends, self.is_whole = True, self._bodiless
        self.lets_more = self._parser.should_keep_alive()  # known from here to the body's end

    def on_body(self, data: bytes) -> None:
        """Take a part of the body, chunks undone."""
        self._parts.append(data)

    def on_message_complete(self) -> None:
        """Take the end of the answer."""
        self.is_whole = True


class Wire:
    """An open connection, used by one request at a time.

    Args:
        host: Name or address.
        port: Its port.
        named: The header ``Host``.
        seconds: Patience for connecting.

    Raises:
        OSError: No connection, or not in time.
    """

    def __init__(self, host: str, port: int, named: str, seconds: float) -> None:
        try:
            self._socket = socket.create_connection((host, port), seconds)
        except TimeoutError as error:
            raise OSError(f"No connection in {seconds:g} s.") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._named = named

    @property
    def is_up(self) -> bool:
        """Whether it, resting, has nothing to say: else it is at its end."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> Answer:
        """Send a request and return its answer.

        Args:
            method: ``GET``, ``POST`` …
            path: With what stands behind its question mark, quoted.
            body: What is sent; empty for none.
            headers: Beside ``Host`` and ``Content-Length``.
            seconds: Patience for each word of the answer.

        Raises:
            ValueError: A path or header that would break the request's lines.
            TimeoutError: No answer came in time.
            OSError: The node hung up or does not speak HTTP.
        """
        request = self._head(method, path, len(body), headers) + body
        self._socket.settimeout(seconds)
        self._socket.sendall(request)
        answer = Answer(bodiless=method == "HEAD")
        while not answer.is_whole:
            answer.add(self._socket.recv(READ_AT_ONCE))
        return answer

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _head(self, method: str, path: str, length: int, headers: Mapping[str, str]) -> bytes:
        if not path.isascii() or not path.isprintable() or " " in path:
            raise ValueError(f"The path {path!r} is not quoted.")
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._named}", f"content-length: {length}"]
        for name, value in headers.items():
            line = f"{name}: {value}"
            if "\n" in line or "\r" in line:
                raise ValueError(f"The header {name!r} holds more than one line.")
            lines.append(line)
        return "\r\n".join([*lines, "\r\n"]).encode("latin-1")
