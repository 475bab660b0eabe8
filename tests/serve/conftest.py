import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from api_server import serving
from api_shop import Shop, open_shop
from starlette.testclient import TestClient

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


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
