import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from shop import Shop, open_shop
from starlette.testclient import TestClient

from query.engine import SearchEngine
from serve.app import create_app

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

Serving = Callable[..., AbstractContextManager[TestClient]]


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


@pytest.fixture(scope="module")
def shop(client: "OpenSearch") -> Iterator[Shop]:
    alias = f"serve-api-{uuid.uuid4().hex[:8]}"
    opened = None
    try:
        opened = open_shop(client, alias)
        yield opened
    finally:
        client.indices.delete(index=f"{alias}*", ignore=404)
        if opened is not None:
            opened.uploads.close()


@pytest.fixture
def own_client(node_url: str) -> "Callable[[], OpenSearch]":
    """A client for one engine: the service closes it when it ends."""
    from mappings.connection import Connection

    return lambda: Connection(node_url).open()


@pytest.fixture(scope="module")
def http(shop: Shop, node_url: str) -> Iterator[TestClient]:
    from mappings.connection import Connection

    with serving(lambda: shop.engine(Connection(node_url).open())) as opened:
        yield opened
