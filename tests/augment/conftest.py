import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from attach_commands import Commands
from augment_shop import open_shop

from mappings.attach import Attachment


@pytest.fixture
def attach(tmp_path: Path, node_url: str) -> Commands:
    """The command, with a home of its own."""
    return Commands(tmp_path, node_url)


@pytest.fixture(scope="session")
def attached(client: Any) -> Iterator[Attachment]:
    """A shop's index of two shards with vectors in place."""
    name = f"augment-shop-{uuid.uuid4().hex[:8]}"
    yield open_shop(client, name)
    client.indices.delete(index=name)
