"""Facets against counts by hand: over the match set, over the window, with and without filters."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from contract_shelf import COUNT, EVERY, contract_shop, engine_of, shelf_of
from query_shop import Shop

from mappings.product import Product
from query.engine import SearchEngine
from query.model.boosts import matches
from query.model.facet_results import FacetCount
from query.model.facets import Facet, parse_facet
from query.model.filters import Filter, parse_filter
from query.model.request import SearchRequest

pytestmark = pytest.mark.node
WRITTEN = (
    "brand", "brand:2", "categories", "颜色", "group:100", "price/50", "price=..100,100..200,400..",
    "stock=0..1,1..", "added=2026-01-01..2026-07-01,2026-07-01..",
)  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Shop:
    return contract_shop()


@pytest.fixture(scope="module")
def alias(client: Any, made: Shop) -> Iterator[str]:
    with shelf_of(client, "contract-facets", made) as name:
        yield name


@pytest.fixture(scope="module")
def engine(client: Any, alias: str) -> SearchEngine:
    return engine_of(client, alias)


@pytest.fixture(scope="module")
def every(client: Any, alias: str) -> SearchEngine:
    """Its window is the whole match set."""
    return engine_of(client, alias, EVERY)


def values(product: Product) -> dict[str, tuple[Any, ...]]:
    import datetime

    added = product.added and datetime.datetime.fromisoformat(product.added).timestamp() * 1_000
    found: dict[str, Any] = {
        "brand": product.brand, "group": product.group, "price": product.price,
        "stock": product.stock, "added": added,
    }  # fmt: skip
    single = {name: (value,) for name, value in found.items() if value not in (None, "")}
    return single | {"categories": product.categories, "tags": product.tags}


def matched(engine: SearchEngine, request: SearchRequest, made: Shop) -> list[Product]:
    """Every product of the request's match set, which here can be paged to whole."""
    found: set[str] = set()
    cursor = ""
    plain = replace(request, facets=(), size=100)
    while True:
        answer = engine.search(replace(plain, cursor=cursor))
        found |= {h.id for h in answer.hits}
        cursor = answer.next
        if not cursor:
            assert len(found) == answer.total
            return [p for p in made.products if p.id in found]


def by_hand(facet: FacetCount, products: list[Product]) -> list[int]:
    """Count each of the answer's buckets among the products."""
    column = facet.name if facet.name in ("brand", "categories", "group") else "tags"
    counts = []
    for bucket in facet.buckets:
        if facet.kind == "terms":
            wanted = bucket.value if column == facet.name else f"{facet.name}={bucket.value}"
            counts.append(sum(wanted in values(p).get(column, ()) for p in products))
        else:
            low, high = bucket.low, bucket.high
            if facet.name == "added":
                low, high = (end and parse_filter(f"added<{end}").high for end in (low, high))  # type: ignore[union-attr]  # a range
            inside = (values(p).get(facet.name, ()) for p in products)
            counts.append(
                sum(
                    any((low is None or low <= x) and (high is None or x < high) for x in xs)
                    for xs in inside
                )
            )
    return counts


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("counted", ["match_set", "window"])
def test_counts_are_those_of_the_declared_set(
    written: str, counted: Any, every: SearchEngine, made: Shop
) -> None:
    request = SearchRequest("dress", facets=(parse_facet(written),), facets_of=counted, size=3)
    facet = every.search(request).facets[0]
    assert (facet.name, facet.counted) == (request.facets[0].name, counted)
    products = matched(every, request, made)
    assert len(products) == COUNT - 1
    counts = [b.count for b in facet.buckets]
    assert counts == by_hand(facet, products)
    assert any(counts)
    if facet.kind == "terms":
        assert counts == sorted(counts, reverse=True)
        if facet.name == "brand":
            brands = Counter(p.brand for p in products)
            assert len(counts) == min(len(brands), request.facets[0].size)  # type: ignore[union-attr]  # terms
            assert facet.other == sum(brands.values()) - sum(counts)


def test_both_sets_count_the_same_lines_where_they_are_the_same_set(every: SearchEngine) -> None:
    facets = tuple(parse_facet(w) for w in WRITTEN if w not in ("brand:2", "price/50"))
    named = {f.name: f for f in facets}
    request = SearchRequest("red dress", facets=tuple(named.values()), size=0)
    match_set = every.search(request).facets
    window = every.search(replace(request, facets_of="window")).facets
    assert [replace(f, counted="window") for f in match_set] == list(window)


def test_the_window_is_counted_after_the_cut_and_before_variants_are_collapsed(
    engine: SearchEngine,
) -> None:
    request = SearchRequest(
        "dress", facets=(parse_facet("brand"),), facets_of="window", min_score=-9.0, size=100
    )
    request = replace(request, min_score=engine.search(request).hits[60].score)
    plain = engine.search(request)
    assert plain.reachable == len(plain.hits) >= 61
    counts = Counter(h.source["brand"] for h in plain.hits)
    assert plain.reachable == len(plain.hits) > 10
    assert {b.value: b.count for b in plain.facets[0].buckets} == counts
    cards = engine.search(replace(request, collapse="group"))
    assert sum(b.count for b in cards.facets[0].buckets) > len(cards.hits)


CHOSEN: dict[str, tuple[Filter, ...]] = {
    "one": (parse_filter("brand=Brand1"),),
    "two values": (parse_filter("brand=Brand1,Brand2"),),
    "two columns": (parse_filter("brand=Brand1"), parse_filter("颜色=红色")),
    "with a range": (parse_filter("brand=Brand1"), parse_filter("price=100..300")),
    "beside others": (parse_filter("brand=Brand1"), parse_filter("stock>0")),
    "another attribute": (parse_filter("材质=皮"),),
}
FACETS: tuple[Facet, ...] = tuple(
    parse_facet(w) for w in ("brand", "颜色", "price=0..100,100..300,300..", "categories")
)


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.parametrize("text", ["dress", "!!!"])
def test_a_facet_is_counted_as_though_its_own_filter_were_not_there(
    name: str, text: str, every: SearchEngine, made: Shop
) -> None:
    filters = CHOSEN[name]
    answer = every.search(SearchRequest(text, filters=filters, facets=FACETS, size=100))
    products = {p.id: p for p in made.products}
    assert all(all(matches(f, values(products[h.id])) for f in filters) for h in answer.hits)
    for facet, count in zip(FACETS, answer.facets, strict=True):
        from query.model.facets import owns

        free = tuple(f for f in filters if not owns(facet, f))
        alone = every.search(SearchRequest(text, filters=free, facets=(facet,), size=0))
        assert [(b.value, b.low, b.count) for b in count.buckets] == [
            (b.value, b.low, b.count) for b in alone.facets[0].buckets
        ]
    assert answer.total == every.search(SearchRequest(text, filters=filters, size=0)).total


@pytest.mark.parametrize("name", CHOSEN)
def test_facets_change_neither_hits_nor_total(name: str, engine: SearchEngine) -> None:
    request = SearchRequest("red dress", filters=CHOSEN[name], size=60)
    plain, counted = engine.search(request), engine.search(replace(request, facets=FACETS))
    assert [(h.id, h.score) for h in counted.hits] == [(h.id, h.score) for h in plain.hits]
    assert (counted.total, counted.reachable) == (plain.total, plain.reachable)
    window = engine.search(replace(request, facets=FACETS, min_score=-9.0))
    assert [h.id for h in window.hits] == [h.id for h in plain.hits]
    assert window.facets == counted.facets


def test_what_a_filter_chose_is_marked(engine: SearchEngine) -> None:
    filters = (parse_filter("brand=Brand1,Brand2"), parse_filter("price=100..300"))
    found = {f.name: f for f in engine.search(
        SearchRequest("dress", filters=filters, facets=FACETS)
    ).facets}  # fmt: skip
    assert {b.value for b in found["brand"].buckets if b.chosen} == {"Brand1", "Brand2"}
    assert [b.chosen for b in found["price"].buckets] == [False, True, False]
    assert not any(b.chosen for b in found["颜色"].buckets)


@pytest.mark.parametrize("fusion", ["rrf", "min-max", "hybrid-min-max"])
def test_other_fusions_count_facets_likewise(fusion: str, engine: SearchEngine) -> None:
    filters = CHOSEN["two columns"]
    request = SearchRequest("dress", filters=filters, facets=FACETS, fusion=fusion)
    answer = engine.search(request)
    brands = {b.value: b.count for b in answer.facets[0].buckets}
    assert set(brands) > {"Brand1"}
    assert brands["Brand1"] == answer.total
    window = engine.search(replace(request, facets_of="window", filters=()))
    assert sum(b.count for b in window.facets[0].buckets) == window.reachable


def test_an_attributes_name_is_never_a_pattern(every: SearchEngine) -> None:
    for name in (".*", "颜.", "颜色|brand", "颜色\\", "(", "[a-z]+", "~@&"):
        assert (
            every.search(SearchRequest("dress", facets=(parse_facet(name),))).facets[0].buckets
            == ()
        )
