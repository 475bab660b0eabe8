"""The fusions on an index of several shards: a hybrid query takes its depth from each of them."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
from fusion_shelf import CLIPPED, products
from query_shop import DIM, IDENTITY, WORDS
from unhurried import PATIENT, UNHURRIED

from mappings.body import render
from mappings.index import create
from mappings.schema import Schema
from query.engine import SearchEngine
from query.model.fusions import (
    Fusion,
    HybridMinMax,
    MinMaxConvex,
    ReciprocalRank,
)
from query.model.request import SearchRequest

pytestmark = pytest.mark.node

ALIAS = f"fusion-shards-{uuid.uuid4().hex[:8]}"
DEPTH = 40
FUSIONS: tuple[Fusion, ...] = (
    HybridMinMax(DEPTH), ReciprocalRank(DEPTH), MinMaxConvex(DEPTH),
)  # fmt: skip


@pytest.fixture(scope="module")
def sharded(client: Any) -> Iterator[SearchEngine]:
    schema = Schema(DIM)
    name = create(client, ALIAS, IDENTITY, render(schema, IDENTITY, CLIPPED, shards=3))
    lines: list[dict[str, Any]] = []
    for key, (product, vectors) in islice(products().items(), 900):
        document = schema.document(product, vectors, order=1, content_hash="h")
        lines += [{"index": {"_index": name, "_id": key}}, document]
    assert not client.bulk(body=lines, refresh=True)["errors"]
    client.indices.forcemerge(index=name, max_num_segments=1)
    client.indices.refresh(index=name)
    yield SearchEngine(client, ALIAS, IDENTITY, text=WORDS, patience=PATIENT, budget=UNHURRIED)
    client.indices.delete(index=name)


@pytest.mark.parametrize("fusion", FUSIONS, ids=lambda f: f.name)
def test_on_three_shards_every_fusion_keeps_its_promises(
    fusion: Fusion, sharded: SearchEngine
) -> None:
    request = SearchRequest("红色连衣裙 make7", fusion=fusion, size=100)
    answer = sharded.search(request)
    assert answer.degraded == ()
    assert len(answer.hits) == min(100, answer.reachable)
    # The layer's own legs are cut at the depth over all shards, the engine's on each of them.
    least = DEPTH * (2 if isinstance(fusion, HybridMinMax) else 1)
    assert answer.reachable > least
    for hit in answer.hits:
        assert 0.0 <= hit.score <= 1.0
        assert sum(c.points for c in hit.contributions) == pytest.approx(hit.score, abs=1e-5)
    order = [(-hit.score, hit.id) for hit in answer.hits]
    assert order == sorted(order)
    whole = [hit.id for hit in answer.hits]
    pages = [sharded.search(replace(request, size=20, offset=o)).hits for o in range(0, 100, 20)]
    assert [hit.id for page in pages for hit in page] == whole
