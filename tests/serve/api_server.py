"""The application under test, opened as a server opens it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient

from query.engine import SearchEngine
from serve.app import create_app


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
