import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from unhurried import PATIENT, UNHURRIED

sys.path.insert(0, str(Path(__file__).parent))

from fusion_shelf import fusion_engine, fusion_shelf
from query_shop import BLEND, CALIBRATION, DIM, IDENTITY, WORDS, FakeDecoder, FakeImages, Shop, shop

from mappings.body import render
from mappings.index import create
from mappings.schema import Schema
from query.engine import SearchEngine

ALIAS = "query-tests"
# The fusions' fixtures are shared by their conformance suite and the tests of the traps.
__all__ = ["fusion_engine", "fusion_shelf"]


@pytest.fixture(scope="session")
def the_shop() -> Shop:
    return shop()


@pytest.fixture(scope="session")
def shelf(client: Any, the_shop: Shop) -> Iterator[str]:
    """An alias whose index holds the shop, a blend and a tombstone that kept its words."""
    alias = ALIAS
    client.indices.delete(index=f"{alias}-*", ignore=404)
    schema = Schema(DIM, BLEND)
    name = create(client, alias, IDENTITY, render(schema, IDENTITY, CALIBRATION))
    lines: list[dict[str, Any]] = []
    documents = dict(the_shop.documents(schema))
    ghost = documents[the_shop.ids[-1]] | {"deleted": True, "title": "红色连衣裙 red dress ghost"}
    for key, document in [*documents.items(), ("ghost", ghost)]:
        lines += [{"index": {"_index": name, "_id": key}}, document]
    assert not client.bulk(body=lines)["errors"]
    client.indices.refresh(index=name)
    yield alias
    client.indices.delete(index=name)


@pytest.fixture(scope="session")
def engine(client: Any, shelf: str) -> SearchEngine:
    return SearchEngine(
        client,
        shelf,
        IDENTITY,
        text=WORDS,
        image=FakeImages(),
        decoder=FakeDecoder(),
        patience=PATIENT,
        budget=UNHURRIED,
    )
