"""Small catalogues, indices and options that the ingest's tests share."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ingest_program import Program
from ingest_workshop import Workshop

from mappings.body import render
from mappings.calibration import Calibration
from mappings.identity import ModelIdentity
from mappings.index import create
from mappings.schema import Schema

DIM = 8


@pytest.fixture
def identity() -> ModelIdentity:
    return ModelIdentity("text", "image", "", "attributes", DIM, "square")


@pytest.fixture
def alias(client: Any, identity: ModelIdentity) -> Iterator[str]:
    """An alias of its own with an empty index of eight dimensions behind it."""
    name = f"ingest-{uuid.uuid4().hex[:10]}"
    create(client, name, identity, render(Schema(DIM), identity, Calibration({})))
    yield name
    client.indices.delete(index=f"{name}-*", ignore_unavailable=True)


@pytest.fixture
def workshop(tmp_path: Path, node_url: str) -> Iterator[Workshop]:
    """A broker and an index of its own; start workers as the test needs them."""
    made = Workshop(tmp_path, node_url)
    yield made
    made.close()


@pytest.fixture
def program(tmp_path: Path, node_url: str, client: Any) -> Iterator[Program]:
    """The command line with an alias, a home and a broker of its own; no worker yet."""
    made = Program(tmp_path, node_url)
    made.broker.start()
    alias = made.alias
    yield made
    made.close()
    client.indices.delete(index=f"{alias}-*", ignore_unavailable=True)
