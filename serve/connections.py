"""Connections: how long a silent or slow one is kept, and which goes when there are too many."""

import asyncio
import resource
import sys
from contextlib import suppress
from typing import Any, ClassVar

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from serve.limits import Limits

BACKLOG = 128
_HEAD = b"HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: 0\r\n%s\r\n"


def server_config(app: Any, limits: Limits, **options: Any) -> uvicorn.Config:  # noqa: ANN401
    """Return how uvicorn serves the application.

    Args:
        app: The ASGI application.
        limits: Of connections and times.
        options: More of uvicorn's own settings.
    """
    # httptools, which uvicorn would prefer, bounds no head of a request; h11 does.
    return uvicorn.Config(
        app,
        http=guarded_protocol(limits),
        ws="none",
        server_header=False,
        h11_max_incomplete_event_size=limits.head_bytes,
        timeout_graceful_shutdown=10,
        # The event loop accepts so many before a protocol is told of the first: fewer than the
        # files that are left. Out of files, it would log and try again without end.
        backlog=min(BACKLOG, max(1, open_files() // 8)),
        **{"log_level": "warning"} | options,
    )


def guarded_protocol(limits: Limits) -> type[H11Protocol]:
    """Return uvicorn's HTTP/1.1 protocol with time limits and a limit of connections.

    A connection whose request is not there yet holds a place that others need: at the limit the
    one that has waited longest is closed, so that no number of silent clients keeps others out.
    A request's head must come within ``head_seconds`` of the connection or of the last answer,
    however its bytes are spread. A client that does not read its answer is dropped after the same
    time.
    """

    class Guarded(GuardedProtocol):
        seconds, retry_after = limits.head_seconds, limits.retry_after
        most = connection_limit(limits)
        incomplete: ClassVar[dict[GuardedProtocol, None]] = {}

    return Guarded


def connection_limit(limits: Limits) -> int:
    """Return how many connections are kept: half of the files that the process may open at most."""
    return max(1, min(limits.connections, open_files() // 2))


def open_files() -> int:
    """Return how many files the process may open at most."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


class GuardedProtocol(H11Protocol):
    """See ``guarded_protocol``, which fills in the limits.

    ``incomplete`` holds the connections without a whole request, the longest waiting first.
    """

    seconds: ClassVar[float]
    retry_after: ClassVar[int]
    most: ClassVar[int]
    incomplete: "ClassVar[dict[GuardedProtocol, None]]"
    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, and make room for it."""
        super().connection_made(transport)
        while len(self.connections) > self.most and self.incomplete:
            next(iter(self.incomplete)).drop()
        if len(self.connections) > self.most:  # every other one is being answered
            wait = b"retry-after: %d\r\n" % self.retry_after
            transport.write(_HEAD % (b"503 Service Unavailable", wait))
            transport.close()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Read on; the deadline stays until the head is whole."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Give a client that reads too slowly some seconds more."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        _cancel(self._stalled)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._forget()
        _cancel(self._stalled)
        super().connection_lost(exc)

    def drop(self) -> None:
        """Close the connection, with 408 where a part of a request has come."""
        self._forget()
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self.transport.write(_HEAD % (b"408 Request Timeout", b""))
        if self.transport.get_write_buffer_size():  # of a client that does not read
            self.transport.abort()
        else:
            self.transport.close()
        self.connections.discard(self)

    def _watch(self) -> None:
        """Keep the connection among the incomplete ones, with a deadline where a head is due."""
        state = self.conn.their_state
        if self.transport.is_closing() or state not in (h11.IDLE, h11.SEND_BODY):
            return self._forget()
        self.incomplete.setdefault(self)
        answered = self.cycle is None or self.cycle.response_complete
        if state is h11.SEND_BODY and not answered:
            self._end_deadline()  # who reads the body has a limit of its own
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.seconds, self.drop)

    def _forget(self) -> None:
        with suppress(KeyError):
            del self.incomplete[self]
        self._end_deadline()

    def _end_deadline(self) -> None:
        _cancel(self._deadline)
        self._deadline = None


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
