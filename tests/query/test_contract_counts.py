"""Counts: asked beside the hits, kept by the engine until the index changes, and never stale."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from contract_shelf import SCHEMA, contract_shop, engine_of, shelf_of
from query_shop import Shop

from mappings.connection import Connection
from query.engine import SearchEngine
from query.model.facets import parse_facet
from query.model.filters import parse_filter
from query.model.request import SearchRequest
from query.model.sorting import parse_sort
from query.plan.budget import Budget

pytestmark = pytest.mark.node
FACETS = tuple(parse_facet(w) for w in ("brand", "颜色", "price=..100,100.."))


@pytest.fixture(scope="module")
def made() -> Shop:
    return contract_shop()


@pytest.fixture
def alias(client: Any, made: Shop) -> Iterator[str]:
    with shelf_of(client, "contract-counts", made) as name:
        yield name


@pytest.fixture
def engine(client: Any, alias: str) -> SearchEngine:
    return engine_of(client, alias)


def kept(engine: SearchEngine) -> int:
    """How often the engine has answered from what it kept."""
    stats = engine.client.indices.stats(index=engine.alias, metric="request_cache")
    return int(stats["_all"]["total"]["request_cache"]["hit_count"])


def test_the_engine_counts_once_for_every_page_order_and_card(engine: SearchEngine) -> None:
    request = SearchRequest("红色连衣裙", facets=FACETS, size=5)
    first = engine.search(request)
    for number, more in enumerate((
        {}, {"offset": 5}, {"size": 50}, {"sort": parse_sort("price")}, {"min_score": 0.1},
        {"explain": True},
    ), 1):  # fmt: skip
        before = kept(engine)
        again = engine.search(replace(request, **more))
        assert kept(engine) == before + 1, (number, more)
        assert (again.facets, again.total) == (first.facets, first.total)
    before = kept(engine)
    narrowed = engine.search(replace(request, filters=(parse_filter("price<100"),)))
    assert kept(engine) == before, "other filters are another set"
    assert narrowed.total < first.total


def test_counts_are_those_of_the_index_as_it_is(engine: SearchEngine, made: Shop) -> None:
    request = SearchRequest("红色连衣裙", facets=FACETS, size=5)
    first, again = engine.search(request), engine.search(request)
    assert again.facets == first.facets
    document = dict(made.documents(SCHEMA))[first.hits[0].id]
    document |= {"brand": "BrandNew", "key": "new"}
    engine.client.index(index=engine.live().name, id="new", body=document, refresh=True)
    now = engine.search(request)
    assert now.total == first.total + 1
    assert ("BrandNew", 1) in {(b.value, b.count) for b in now.facets[0].buckets}
    engine.client.delete(index=engine.live().name, id="new", refresh=True)
    assert engine.search(request).facets == first.facets


def test_what_is_kept_can_be_passed_over(client: Any, alias: str) -> None:
    engine = engine_of(client, alias, Budget(bypass_cache=True))
    request = SearchRequest("红色连衣裙", facets=FACETS)
    first = engine.search(request)
    before = kept(engine)
    assert engine.search(request).facets == first.facets
    assert kept(engine) == before


def test_an_engine_that_is_closed_leaves_no_thread(client: Any, alias: str) -> None:
    host = client.transport.hosts[0]
    own = Connection(f"http://{host['host']}:{host['port']}", timeout=30.0).open()
    before = set(threading.enumerate())
    engine = engine_of(own, alias)
    engine.search(SearchRequest("red dress", facets=FACETS))
    mine = set(threading.enumerate()) - before
    assert any(t.name.startswith("counts") for t in mine)
    engine.close()
    assert not any(t.is_alive() for t in mine)
