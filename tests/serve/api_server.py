"""The application under test, opened as a server opens it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import uvicorn
from starlette.testclient import TestClient

from mappings.errors import InputError
from query.engine import SearchEngine
from serve.app import create_app
from serve.connections import server_config
from serve.limits import Limits


def wait_for(http: TestClient, status: int) -> dict[str, Any]:
    """Ask for health until it has the status; a bounded wait, not a measured time."""
    for _ in range(600):
        answer = http.get("/health")
        if answer.status_code == status:
            return dict(answer.json())
        time.sleep(0.05)
    raise AssertionError(f"/health stays {answer.status_code}: {answer.text}")


@contextmanager
def serving(
    source: Callable[[], SearchEngine], *, wait: int | None = 200, **options: Any
) -> Iterator[TestClient]:
    app = create_app(source, **options)
    with TestClient(app, raise_server_exceptions=False) as http:
        if wait is not None:
            wait_for(http, wait)
        yield http


def nothing_to_open() -> SearchEngine:
    raise InputError("No catalogue has been prepared.", "Ingest one.")


@contextmanager
def listening(
    app: Any = None, *, lifespan: Literal["auto", "off"] = "auto", **options: Any
) -> Iterator[int]:
    """Serve an application, or one without a catalogue, on a port; yields the port."""
    limits = Limits(**options)
    app = app or create_app(nothing_to_open, limits=limits)
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        running = uvicorn.Server(server_config(app, limits, log_config=None, lifespan=lifespan))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            running.should_exit = True
            thread.join()
