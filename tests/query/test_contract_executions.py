"""Both executions against each other and against brute force: order, scores, pages, cards."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from contract_shelf import COUNT, EVERY, contract_shop, engine_of, shelf_of
from query_shop import WORDS, Shop
from test_query_node import REQUESTS, by_oracle

from mappings.errors import InputError
from query.engine import SearchEngine
from query.model.boosts import parse_boost
from query.model.cursor import Position, fingerprint, write
from query.model.diversity import Diversity
from query.model.facets import parse_facet
from query.model.filters import parse_filter
from query.model.request import SearchRequest
from query.model.result import Hit, SearchResult
from query.model.sorting import parse_sort
from query.plan.budget import Budget, Depth
from query.understand.reading import PlainReading

pytestmark = pytest.mark.node
# One product has neither the word nor a vector: it is in no match set of "dress".
MATCHED = COUNT - 1
NO_CUT = -100.0
"""A cut that cuts nothing, so that the window execution is taken."""
SMALL = Budget(blend=Depth(20, 10, 60), legs=Depth(20, 10, 60))


@pytest.fixture(scope="module")
def made() -> Shop:
    return contract_shop()


@pytest.fixture(scope="module")
def alias(client: Any, made: Shop) -> Iterator[str]:
    with shelf_of(client, "contract-executions", made) as name:
        yield name


@pytest.fixture(scope="module")
def engine(client: Any, alias: str) -> SearchEngine:
    return engine_of(client, alias)


@pytest.fixture(scope="module")
def every(client: Any, alias: str) -> SearchEngine:
    return engine_of(client, alias, EVERY)


def ids(result: SearchResult) -> list[str]:
    return [hit.id for hit in result.hits]


def walk(engine: SearchEngine, request: SearchRequest, sizes: Sequence[int]) -> list[Hit]:
    """Every hit by cursor, with pages of these sizes in turn, until the answer says that is all."""
    found: list[Hit] = []
    cursor, n = "", 0
    while True:
        size = sizes[n % len(sizes)]
        answer = engine.search(replace(request, cursor=cursor, size=size))
        found += answer.hits
        cursor, n = answer.next, n + 1
        if not cursor:
            return found
        assert len(answer.hits) == size, "only the last page may be short"


@pytest.mark.parametrize("name", REQUESTS)
def test_both_executions_give_the_same_hits_and_brute_forces_scores(
    name: str, client: Any, alias: str, engine: SearchEngine, made: Shop
) -> None:
    request = replace(REQUESTS[name], size=60)
    page, window = engine.search(request), engine.search(replace(request, min_score=NO_CUT))
    assert (page.execution, window.execution) == ("page", "window")
    assert ids(page) == ids(window)
    assert (page.total, page.window, page.reachable) == (
        window.total,
        window.window,
        window.reachable,
    )
    scores = by_oracle(client, alias, made, request)
    for one, other in zip(page.hits, window.hits, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-6)
        assert other.score == pytest.approx(scores[other.id], abs=1e-5)
        assert sum(c.points for c in other.contributions) == pytest.approx(other.score, abs=1e-5)
        assert [c.raw for c in one.contributions] == pytest.approx(
            [c.raw for c in other.contributions]
        )
        assert (one.source, one.matched_picture) == (other.source, other.matched_picture)


@pytest.mark.parametrize(
    "written", ["price", "-price", "-added", "stock,-price", "brand,relevance"]
)
def test_sorted_by_columns_over_the_whole_window(
    written: str, every: SearchEngine, made: Shop
) -> None:
    keys = parse_sort(written)
    answer = every.search(SearchRequest("dress", sort=keys, size=100))
    scores = {h.id: h.score for h in walk(every, SearchRequest("dress"), [100])}
    assert len(scores) == MATCHED
    found = [p for p in made.products if p.id in scores]
    wanted = sorted(found, key=lambda p: (-scores[p.id], p.id))
    for key in reversed(keys):
        own = {p.id: scores[p.id] if key.column == "relevance" else getattr(p, key.column)
               for p in found}  # fmt: skip
        having = [p for p in wanted if own[p.id] is not None]
        having.sort(key=lambda p: own[p.id], reverse=key.descending)
        wanted = having + [p for p in wanted if own[p.id] is None]
    assert ids(answer) == [p.id for p in wanted[:100]]


def test_a_cut_leaves_the_tail_out_and_an_empty_answer_says_so(engine: SearchEngine) -> None:
    whole = engine.search(SearchRequest("red dress", size=100, min_score=NO_CUT))
    middle = whole.hits[40].score
    answer = engine.search(SearchRequest("red dress", size=100, min_score=middle))
    assert ids(answer) == [h.id for h in whole.hits if h.score >= middle]
    assert answer.reachable == len(answer.hits) < whole.reachable
    assert answer.total == whole.total
    assert f"at least {middle:g}" in answer.reachable_of
    nothing = engine.search(SearchRequest("red dress", min_score=50.0))
    assert (nothing.hits, nothing.reachable, nothing.next) == ((), 0, "")
    assert nothing.total > 0


def test_one_card_a_group_is_the_groups_best_and_names_the_others(
    every: SearchEngine, made: Shop
) -> None:
    group = {p.id: p.group for p in made.products}
    whole = walk(every, SearchRequest("红色连衣裙"), [100])
    behind: dict[str, list[str]] = {}
    for hit in whole:
        behind.setdefault(group[hit.id] or hit.id, []).append(hit.id)
    cards = walk(every, SearchRequest("红色连衣裙", collapse="group"), [24])
    assert [(c.id, *c.variants) for c in cards] == [tuple(v) for v in behind.values()]


def test_the_page_is_full_though_the_first_window_holds_few_groups(client: Any, alias: str) -> None:
    small = engine_of(client, alias, SMALL)
    assert small.search(SearchRequest("dress")).window == 30
    answer = small.search(SearchRequest("dress", collapse="group", size=60))
    assert len(answer.hits) == 60
    assert answer.window > 30


def test_a_thousand_hits_can_be_reached_when_that_is_asked(
    client: Any, alias: str, engine: SearchEngine
) -> None:
    assert engine.search(SearchRequest("dress")).reachable == 160
    assert engine.search(SearchRequest("dress", reach=COUNT)).reachable == MATCHED
    hits = walk(engine, SearchRequest("dress", reach=1_000), [100, 1, 24])
    assert len({h.id for h in hits}) == MATCHED
    scores = [(-h.score, h.id) for h in hits]
    assert scores == sorted(scores)


ARRANGED = {
    "relevance": SearchRequest("红色连衣裙 red"),
    "sorted": SearchRequest("dress", sort=parse_sort("-price")),
    "collapsed": SearchRequest("dress", collapse="group"),
    "cut": SearchRequest("dress", min_score=0.15),
    "boosted": SearchRequest("dress", boosts=(parse_boost("0.3 stock"),)),
    "diverse": SearchRequest("dress", diversity=Diversity(0.4, "text", 30)),
    "all of it": SearchRequest(
        "red dress", collapse="group", min_score=0.05, boosts=(parse_boost("0.2 margin 0..1"),),
        diversity=Diversity(0.6), filters=(parse_filter("price<500"),),
    ),
    "filtered, picture": SearchRequest(
        pictures=(b"red dress 3",), filters=(parse_filter("brand=Brand1,Brand2"),)
    ),
    "rrf": SearchRequest("red dress", fusion="rrf", collapse="group"),
    "min-max": SearchRequest("red dress", fusion="min-max"),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRANGED)
def test_pages_by_cursor_are_one_order_without_doubles_or_gaps(
    name: str, engine: SearchEngine
) -> None:
    request = ARRANGED[name]
    first = engine.search(replace(request, size=100))
    found = [h.id for h in walk(engine, request, [7, 24, 3])]
    assert len(set(found)) == len(found) == first.reachable
    assert found[: len(first.hits)] == ids(first)
    assert [h.id for h in walk(engine, request, [50])] == found


@pytest.mark.parametrize("name", ["sorted", "collapsed", "diverse", "all of it", "rrf"])
def test_pages_by_offset_are_the_same_order(name: str, engine: SearchEngine) -> None:
    request = ARRANGED[name]
    whole = ids(engine.search(replace(request, size=60)))
    found: list[str] = []
    for size in (1, 7, 24, 28):
        found += ids(engine.search(replace(request, offset=len(found), size=size)))
    assert found == whole


def test_boosts_add_up_and_are_seen(engine: SearchEngine, made: Shop) -> None:
    written = ("0.2 stock 2", "0.3 margin 0..1", "0.1 new 90", "-0.25 where brand=Brand1")
    boosts = tuple(parse_boost(text, today="2026-12-31") for text in written)
    products = {p.id: p for p in made.products}
    plain = {h.id: h.score for h in walk(engine, SearchRequest("dress"), [100])}
    hits = walk(engine, SearchRequest("dress", boosts=boosts), [100])
    assert {h.id for h in hits} == set(plain)
    assert [h.id for h in hits] != list(plain)
    for hit in hits:
        product = products[hit.id]
        stock, margin, new, brand = hit.contributions[-4:]
        assert [c.signal for c in (stock, margin, new, brand)] == [
            "boost: stock", "boost: margin", "boost: new", "boost: where brand=Brand1",
        ]  # fmt: skip
        assert stock.points == 0.2 * float((product.stock or 0) >= 2)
        assert stock.missing == (product.stock is None)
        assert margin.points == pytest.approx(0.3 * (product.margin or 0.0))
        assert brand.points == (-0.25 if product.brand == "Brand1" else 0.0)
        if product.added:
            days = (np.datetime64("2026-12-31") - np.datetime64(product.added[:10])).astype(int)
            assert new.raw == pytest.approx(days)
            assert new.points == pytest.approx(0.1 * 0.5 ** (days / 90))
        assert sum(c.points for c in hit.contributions) == pytest.approx(hit.score, abs=1e-5)
        added = sum(c.points for c in hit.contributions[-4:])
        assert hit.score - added == pytest.approx(plain[hit.id], abs=1e-5)
    scores = [(-h.score, h.id) for h in hits]
    assert scores == sorted(scores)


def test_pinned_products_stand_first_and_buried_ones_last(engine: SearchEngine, made: Shop) -> None:
    plain = [h.id for h in walk(engine, SearchRequest("red dress"), [100])]
    outside = next(p.id for p in made.products if p.id not in plain)
    request = SearchRequest(
        "red dress", pins=(outside, "no-such-product", plain[7]), buries=(plain[0], plain[7])
    )
    hits = walk(engine, request, [24])
    found = [h.id for h in hits]
    assert found[:2] == [outside, plain[7]]
    assert [h.placed for h in hits[:3]] == ["pinned by the request"] * 2 + [""]
    assert found[2:8] == plain[1:7]
    assert (found[-1], hits[-1].placed) == (plain[0], "buried by the request")
    assert hits[0].contributions, "a pinned product is scored and explained like any other"
    cut = engine.search(replace(request, min_score=50.0))
    assert ids(cut) == found[:2]
    by_price = engine.search(replace(request, sort=parse_sort("price")))
    assert not any(h.placed for h in by_price.hits)


def test_a_pin_does_not_get_past_a_filter(engine: SearchEngine, made: Shop) -> None:
    pinned = next(p for p in made.products if p.brand == "Brand1")
    answer = engine.search(
        SearchRequest("dress", pins=(pinned.id, "ghost"), filters=(parse_filter("brand=Brand2"),))
    )
    assert all(h.source["brand"] == "Brand2" for h in answer.hits)


def test_diversity_is_maximal_marginal_relevance_over_the_products_vectors(
    engine: SearchEngine, made: Shop
) -> None:
    rows = dict(zip(made.ids, made.column("text"), strict=True))
    whole = walk(engine, SearchRequest("dress"), [100])
    pool, rest = whole[:30], whole[30:]
    vectors = np.stack([np.nan_to_num(rows[h.id]) for h in pool]).astype(np.float64)
    known = np.array([np.isfinite(rows[h.id]).all() for h in pool])
    cosine = vectors @ vectors.T
    inside = cosine[np.ix_(known, known)]
    alike = np.where(
        known[:, None] & known[None, :],
        (cosine - inside.min()) / (inside.max() - inside.min()), 0.0,
    )  # fmt: skip
    scores = np.array([h.score for h in pool])
    worth = (scores - scores.min()) / (scores.max() - scores.min())
    chosen: list[int] = []
    while len(chosen) < len(pool):
        left = [i for i in range(len(pool)) if i not in chosen]
        near = {i: max((alike[i, j] for j in chosen), default=0.0) for i in left}
        chosen.append(max(left, key=lambda i: (round(0.4 * worth[i] - 0.6 * near[i], 9), -i)))
    answer = walk(engine, SearchRequest("dress", diversity=Diversity(0.4, "text", 30)), [100])
    assert [h.id for h in answer] == [pool[i].id for i in chosen] + [h.id for h in rest]
    assert [h.id for h in answer[:30]] != [h.id for h in pool]


def test_what_is_written_between_pages_is_never_shown_twice_and_nothing_is_left_out(
    client: Any,
) -> None:
    made = contract_shop(120)
    with shelf_of(client, "contract-written", made) as alias:
        engine = engine_of(client, alias, Budget(Depth(200, 200, 300), Depth(200, 200, 300)))
        request = SearchRequest("dress", sort=parse_sort("price"), size=24)
        first = engine.search(request)
        index, rest = engine.live().name, set(made.ids) - set(ids(first))
        moved_up = sorted(rest)[:10]
        lines: list[dict[str, Any]] = []
        for key in moved_up:  # to before what was shown
            lines += [{"update": {"_index": index, "_id": key}}, {"doc": {"price": 0.5}}]
        for key in ids(first)[:10]:  # to behind it
            lines += [{"update": {"_index": index, "_id": key}}, {"doc": {"price": 9_999.0}}]
        assert not client.bulk(body=lines, refresh=True)["errors"]
        found = ids(first)
        answer = first
        while answer.next:
            answer = engine.search(replace(request, cursor=answer.next))
            found += ids(answer)
        assert sorted(found) == sorted(made.ids)
        assert found[24:34] == sorted(moved_up, key=found.index)
        assert set(found[24:34]) == set(moved_up)


def test_a_cursor_of_another_request_or_index_or_hand_is_refused(
    client: Any, engine: SearchEngine, alias: str
) -> None:
    cursor = engine.search(SearchRequest("dress", size=5)).next
    other = SearchRequest("dress", size=5, filters=(parse_filter("price<9"),), cursor=cursor)
    with pytest.raises(InputError, match="belongs to another request"):
        engine.search(other)
    assert engine.search(SearchRequest("dress", size=9, explain=True, cursor=cursor)).hits
    for broken in (cursor[:-2], "B" + cursor[1:], cursor[:40] + "AAAA" + cursor[44:], "äöü", "x"):
        with pytest.raises(InputError, match="cannot be read"):
            engine.search(SearchRequest("dress", cursor=broken))
    for sealed in (engine_of(client, alias, cursor_key=b"another key"), engine_of(client, alias)):
        with pytest.raises(InputError, match="cannot be read"):
            sealed.search(SearchRequest("dress", cursor=cursor))
    public = hashlib.sha256(engine.identity.digest.encode()).digest()  # of what anybody may know
    mark = fingerprint(SearchRequest("dress"), engine.live().name)
    with pytest.raises(InputError, match="cannot be read"):
        engine.search(SearchRequest("dress", cursor=write(Position(), mark, public)))
    with shelf_of(client, "contract-rebuilt", contract_shop(40)) as rebuilt:
        again = engine_of(client, rebuilt, cursor_key=engine.cursor_key)
        with pytest.raises(InputError, match="built anew"):
            again.search(SearchRequest("dress", cursor=cursor))


def test_tombstones_and_filters_hold_in_every_arrangement(every: SearchEngine, made: Shop) -> None:
    cheap = {p.id for p in made.products if p.price is not None and p.price < 300}
    for request in ARRANGED.values():
        filtered = replace(
            request, filters=(parse_filter("price<300"),), pins=("ghost", made.ids[-1], made.ids[0])
        )
        found = {h.id for h in walk(every, filtered, [100])}
        assert found
        assert found <= cheap


def test_documents_from_before_the_key_column_are_found_too(client: Any) -> None:
    made = contract_shop(40)
    with shelf_of(client, "contract-keyless", made) as alias:
        engine = engine_of(client, alias)
        script = {"script": {"source": "ctx._source.remove('key')"}, "query": {"match_all": {}}}
        before = ids(engine.search(SearchRequest("dress", min_score=NO_CUT, size=40)))
        client.update_by_query(index=alias, body=script, refresh=True)
        assert ids(engine.search(SearchRequest("dress", min_score=NO_CUT, size=40))) == before


class Forgetful(PlainReading):
    forgotten = 0

    def forget(self) -> None:
        self.forgotten += 1


def test_an_engine_can_forget_and_be_closed(client: Any, alias: str) -> None:
    from mappings.connection import Connection

    host = client.transport.hosts[0]
    own = Connection(f"http://{host['host']}:{host['port']}", timeout=30.0).open()
    reading = Forgetful()
    engine = engine_of(own, alias, reading=reading)
    assert engine.search(SearchRequest("dress")).hits
    known = engine.live()
    engine.forget()
    assert engine.live() is not known
    assert reading.forgotten == 1
    engine.close()
    assert reading.forgotten == 2


def test_words_are_encoded_once(client: Any, alias: str) -> None:
    class Counting:
        card, asked = WORDS.card, 0

        def encode_query(self, texts: Sequence[str]) -> Any:
            self.asked += 1
            return WORDS.encode_query(texts)

        encode_products = WORDS.encode_products

    counting = Counting()
    engine = engine_of(client, alias)
    engine.encoder._text = counting
    first = engine.search(SearchRequest("a dress never asked before"))
    engine.search(SearchRequest("a dress never asked before", cursor=first.next))
    assert counting.asked == 1


@pytest.mark.parametrize("name", ["relevance", "sorted", "all of it", "min-max"])
def test_several_shards_are_one_shop(name: str, client: Any, made: Shop) -> None:
    with shelf_of(client, "contract-shards", made, shards=3) as alias:
        engine, request = engine_of(client, alias), ARRANGED[name]
        whole = engine.search(replace(request, size=100))
        found = [h.id for h in walk(engine, request, [7, 24, 3])]
        assert len(set(found)) == len(found) == whole.reachable
        assert found[: len(whole.hits)] == ids(whole)
        window = engine.search(replace(request, size=100, min_score=request.min_score or NO_CUT))
        assert ids(window) == ids(whole)


@pytest.mark.parametrize("name", ARRANGED)
def test_what_fails_is_named_and_the_rest_is_arranged_all_the_same(
    name: str, client: Any, alias: str, engine: SearchEngine
) -> None:
    request = ARRANGED[name]
    if not request.text:
        return
    deaf = engine_of(client, alias)
    deaf.encoder._text = None
    answer = deaf.search(request)
    assert {"text", "image", "attribute"} <= set(answer.degraded)
    assert answer.hits
    assert "text" not in answer.weights
    for hit in answer.hits:
        assert sum(c.points for c in hit.contributions) == pytest.approx(hit.score, abs=1e-5)


def test_an_older_index_without_a_column_says_so(client: Any) -> None:
    with shelf_of(client, "contract-older", contract_shop(40)) as alias:
        engine = engine_of(client, alias)
        live = engine.live()
        columns = {k: v for k, v in live.mapping["properties"].items() if k != "added"}
        older = replace(live, mapping={**live.mapping, "properties": columns})
        engine._live = (float("inf"), older)
        for request in (
            SearchRequest("dress", sort=parse_sort("added")),
            SearchRequest("dress", facets=(parse_facet("added=2026-01-01.."),)),
        ):
            with pytest.raises(InputError, match="no column 'added'"):
                engine.search(request)
        assert engine.search(SearchRequest("dress", boosts=(parse_boost("0.1 new 30"),))).hits


@pytest.mark.parametrize("fusion", ["exact", "rrf", "min-max", "hybrid-min-max"])
def test_variants_of_five_thousand_products_fill_every_page_once(
    fusion: str, fusion_engine: SearchEngine, fusion_shelf: Any
) -> None:
    request = SearchRequest("红色连衣裙 red dress", collapse="group", fusion=fusion, reach=1_000)
    groups: list[str] = []
    shown: list[str] = []
    for offset in range(0, 500, 50):
        page = fusion_engine.search(replace(request, offset=offset, size=50))
        assert len(page.hits) == min(50, max(0, page.reachable - offset)), "the page is full"
        for hit in page.hits:
            groups.append(fusion_shelf.products[hit.id].group)
            shown += [hit.id, *hit.variants]
            assert all(
                fusion_shelf.products[v].group == groups[-1] for v in (hit.id, *hit.variants)
            )
    assert len(groups) > 100
    assert len(set(groups)) == len(groups)
    assert len(set(shown)) == len(shown)
    by_cursor = [fusion_shelf.products[h.id].group for h in walk(fusion_engine, request, [100])]
    assert by_cursor[: len(groups)] == groups
