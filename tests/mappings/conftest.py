import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


@pytest.fixture
def alias(client: "OpenSearch") -> Iterator[str]:
    name = f"serve-mappings-{uuid.uuid4().hex[:8]}"
    yield name
    client.indices.delete(index=f"{name}*", ignore=404, expand_wildcards="all")
