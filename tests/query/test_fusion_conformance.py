"""One suite over every fusion, on a real node with 5,000 products: what each answer promises."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from fusion_reference import Scores, exact_scores, legs_of, reference
from fusion_shelf import TWINS, Shelf

from query.engine import SearchEngine
from query.model.facets import parse_facet
from query.model.filters import parse_filter
from query.model.fusions import (
    EXACT,
    Exact,
    Fusion,
    HybridMinMax,
    MinMaxConvex,
    ReciprocalRank,
    written,
)
from query.model.request import SearchRequest
from query.model.result import Hit, SearchResult

pytestmark = pytest.mark.node

DEPTH = 300
FUSIONS: tuple[Fusion, ...] = (
    EXACT,
    ReciprocalRank(DEPTH),
    MinMaxConvex(DEPTH),
    HybridMinMax(DEPTH),
)
PICTURE = ("蓝色 blue 手提包 handbag".encode(),)
CHEAP = (parse_filter("price<120"), parse_filter("brand=Brand1,Brand2,Brand3"))
REQUESTS = {
    "zh": SearchRequest("红色连衣裙 make41"),
    "no word": SearchRequest("zzzzqq"),
    "words and picture": SearchRequest(
        "dress make7", pictures=PICTURE, weights={"picture_attribute": 0.0}
    ),
    "filtered": SearchRequest("black handbag", filters=CHEAP),
    "nothing fits": SearchRequest("hat", filters=(parse_filter("price>9999"),)),
}
every_fusion = pytest.mark.parametrize("fusion", FUSIONS, ids=lambda f: f.name)
every_request = pytest.mark.parametrize("name", REQUESTS)


@pytest.fixture(scope="module")
def ask(fusion_engine: SearchEngine) -> Any:
    """What every hit from 0 to 1,000 is, in pages of 100, and the first page's answer."""

    @cache
    def all_hits(fusion: Fusion, name: str) -> tuple[tuple[Hit, ...], SearchResult]:
        request = replace(REQUESTS[name], fusion=fusion, size=100)
        first = fusion_engine.search(request)
        found = list(first.hits)
        while len(found) % 100 == 0 and 0 < len(found) < 1_000:
            page = fusion_engine.search(replace(request, offset=len(found))).hits
            found += page
            if not page:
                break
        return tuple(found), first

    return all_hits


@every_fusion
@every_request
def test_scores_lie_in_0_to_1_and_are_what_their_contributions_add_up_to(
    fusion: Fusion, name: str, ask: Any
) -> None:
    hits, answer = ask(fusion, name)
    assert sum(answer.weights.values()) == pytest.approx(1.0 if answer.weights else 0.0)
    assert len({hit.id for hit in hits}) == len(hits)
    for hit in hits:
        assert 0.0 <= hit.score <= 1.0
        assert sum(c.points for c in hit.contributions) == pytest.approx(hit.score, abs=1e-5)
        assert [c.signal for c in hit.contributions] == list(answer.weights)
        for c in hit.contributions:
            assert c.weight == pytest.approx(answer.weights[c.signal])
            assert c.points == pytest.approx(c.weight * c.calibrated, abs=1e-6)
            assert not (c.missing and c.points)
    order = [(-hit.score, hit.id) for hit in hits]
    assert order == sorted(order)


@every_fusion
@every_request
def test_the_order_is_the_numpy_references(
    fusion: Fusion, name: str, ask: Any, client: Any, fusion_shelf: Shelf
) -> None:
    hits, answer = ask(fusion, name)
    request = REQUESTS[name]
    if isinstance(fusion, Exact):
        wanted = exact_scores(client, fusion_shelf, request)
    else:
        wanted = reference(fusion, legs_of(client, fusion_shelf, request, fusion.depth))
        assert len(hits) == min(len(wanted), 1_000)
        assert {hit.id for hit in hits} <= wanted.keys()
    assert {h.id: h.score for h in hits} == pytest.approx(
        {h.id: wanted[h.id] for h in hits}, abs=1e-5
    )
    in_order(hits, wanted, 24 if isinstance(fusion, Exact) else len(hits))
    assert answer.degraded == ()


def in_order(hits: Sequence[Hit], wanted: Scores, count: int) -> None:
    """The first hits score what the reference's first score: of near ties either may come first."""
    if not hits:
        return
    best = sorted(wanted.values(), reverse=True)[:count]
    got = [wanted[hit.id] for hit in hits[:count]]
    agree = np.isclose(got, best[: len(got)], atol=2e-5)
    assert agree.mean() >= 0.98


@every_fusion
@every_request
def test_pages_of_any_size_are_one_order_without_doubles_or_gaps(
    fusion: Fusion, name: str, ask: Any, fusion_engine: SearchEngine
) -> None:
    hits, answer = ask(fusion, name)
    whole = [hit.id for hit in hits]
    assert len(whole) == min(answer.reachable, 1_000)
    for size, offset in ((1, 0), (24, 7), (50, 275), (100, 900)):
        request = replace(REQUESTS[name], fusion=fusion, size=size, offset=offset)
        page = fusion_engine.search(request)
        assert [hit.id for hit in page.hits] == whole[offset : offset + size]
        assert page.reachable == answer.reachable
        assert page.total == answer.total


@every_fusion
def test_a_cursor_reaches_every_hit_once(
    fusion: Fusion, ask: Any, fusion_engine: SearchEngine
) -> None:
    hits, _ = ask(fusion, "zh")
    found: list[str] = []
    request = replace(REQUESTS["zh"], fusion=fusion, size=90)
    while True:
        page = fusion_engine.search(request)
        found += [hit.id for hit in page.hits]
        if not page.next or len(found) >= 1_000:
            break
        request = replace(request, cursor=page.next)
    assert len(set(found)) == len(found)
    assert found[: len(hits)] == [hit.id for hit in hits][: len(found)]


@every_fusion
def test_filters_never_leak_and_tombstones_stay_gone(
    fusion: Fusion, ask: Any, fusion_shelf: Shelf
) -> None:
    hits, answer = ask(fusion, "filtered")
    fitting = {
        key for key, p in fusion_shelf.products.items()
        if p.price is not None and p.price < 120 and p.brand in ("Brand1", "Brand2", "Brand3")
    }  # fmt: skip
    assert hits
    assert {hit.id for hit in hits} <= fitting
    assert answer.total <= len(fitting)
    # Filtered inside the legs, not afterwards: what fits is found although few products do.
    assert len(hits) > 0.7 * min(len(fitting), DEPTH)
    empty, nothing = ask(fusion, "nothing fits")
    assert (empty, nothing.total, nothing.reachable) == ((), 0, 0)
    for name in REQUESTS:
        assert "ghost" not in {hit.id for hit in ask(fusion, name)[0]}


@every_fusion
@every_request
def test_totals_facets_and_reach_are_of_the_sets_that_the_answer_names(
    fusion: Fusion, name: str, ask: Any, fusion_engine: SearchEngine, fusion_shelf: Shelf
) -> None:
    hits, answer = ask(fusion, name)
    assert answer.total >= answer.reachable
    assert (answer.fusion, answer.total_relation) == (written(fusion), "eq")
    assert answer.total_of
    assert answer.reachable_of
    if not isinstance(fusion, Exact):
        assert "leg" in answer.total_of
        assert "leg" in answer.reachable_of
    for counted, size in (("match_set", answer.total), ("window", answer.reachable)):
        request = replace(
            REQUESTS[name], fusion=fusion, size=1, facets=(parse_facet("group:100"),
            parse_facet("categories")), facets_of=counted,
        )  # fmt: skip
        found = fusion_engine.search(request)
        assert (found.total, found.reachable) == (answer.total, answer.reachable)
        kinds = next(f for f in found.facets if f.name == "categories")
        if counted == "match_set" or answer.reachable < 1_000:
            assert sum(b.count for b in kinds.buckets) == size
        if counted == "window" and answer.reachable < 1_000:
            own = Counter(fusion_shelf.products[h.id].categories[0] for h in hits)
            assert {b.value: b.count for b in kinds.buckets} == own


@every_fusion
def test_sorted_and_collapsed_pages_are_of_the_same_window(
    fusion: Fusion, ask: Any, fusion_engine: SearchEngine, fusion_shelf: Shelf
) -> None:
    from query.model.sorting import parse_sort

    hits, _ = ask(fusion, "zh")
    request = replace(REQUESTS["zh"], fusion=fusion, size=100)
    by_price = fusion_engine.search(replace(request, sort=parse_sort("price")))
    prices = [fusion_shelf.products[h.id].price for h in by_price.hits]
    assert prices == sorted(prices, key=float)
    assert {h.id for h in by_price.hits} <= {h.id for h in hits} or len(hits) == 1_000
    assert all(h.score > 0 for h in by_price.hits[:1])
    cards = fusion_engine.search(replace(request, collapse="group"))
    groups = [fusion_shelf.products[h.id].group for h in cards.hits]
    assert len(groups) == len(set(groups)) == 100
    first = dict.fromkeys(fusion_shelf.products[h.id].group for h in hits)
    assert groups[:50] == list(first)[:50]


@every_fusion
def test_equal_products_are_ordered_by_id(
    fusion: Fusion, fusion_engine: SearchEngine, fusion_shelf: Shelf
) -> None:
    twins = sorted(k for k, p in fusion_shelf.products.items() if p.brand == "Twin")
    assert len(twins) == TWINS
    title = fusion_shelf.products[twins[0]].title
    request = SearchRequest(title, filters=(parse_filter("brand=Twin"),), fusion=fusion, size=100)
    found = [hit.id for hit in fusion_engine.search(request).hits]
    assert found == twins
    pages = [fusion_engine.search(replace(request, size=7, offset=o)).hits for o in range(0, 49, 7)]
    assert [hit.id for page in pages for hit in page] == twins


@every_fusion
def test_size_0_counts_and_asks_for_nothing(fusion: Fusion, fusion_engine: SearchEngine) -> None:
    answer = fusion_engine.search(SearchRequest("dress", fusion=fusion, size=0))
    assert answer.hits == ()
    assert answer.total >= answer.reachable > 0


def test_a_fusion_is_chosen_by_name_or_by_type(fusion_engine: SearchEngine) -> None:
    request = SearchRequest("dress make7", size=50)
    by_type = fusion_engine.search(replace(request, fusion=ReciprocalRank(80, 20)))
    by_name = fusion_engine.search(replace(request, fusion="rrf:depth=80,rank_constant=20"))
    assert [h.id for h in by_type.hits] == [h.id for h in by_name.hits]
    assert by_name.fusion == "rrf:depth=80,rank_constant=20"
    assert [h.id for h in fusion_engine.search(request).hits] != [h.id for h in by_name.hits]
