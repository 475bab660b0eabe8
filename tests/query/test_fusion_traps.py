"""The traps of the engine's hybrid query, each seen on the real node and each avoided."""

from dataclasses import replace
from typing import Any

import pytest
from fusion_shelf import CLIPPED, Shelf
from opensearchpy.exceptions import RequestError
from query_shop import DIM, WORDS

from mappings.errors import InputError
from mappings.schema import Schema
from query.encode.query_vectors import QueryVectors
from query.fusion.hybrid import hybrid_body
from query.fusion.legs import Leg, compile_legs, filtered
from query.fusion.replies import FusedWindow
from query.fusion.window import WindowOptions, match_set_body, window_of
from query.model.filters import parse_filter
from query.model.fusions import HybridMinMax
from query.model.intent import understand
from query.model.profiles import DEFAULT
from query.model.request import SearchRequest
from query.model.window import collapse, order
from query.opensearch.client import IndexGone, LegFailed
from query.opensearch.msearch import send_many
from query.plan.compiler import compile_plan

pytestmark = pytest.mark.node

WANTED = WindowOptions(seconds=20.0, patience=60.0, count_to=10_000)
REQUEST = SearchRequest("红色连衣裙 make7", fusion=HybridMinMax(depth=50))


def fused(
    client: Any, shelf: Shelf, request: SearchRequest, wanted: WindowOptions = WANTED
) -> FusedWindow:
    intent, vectors = understand(request), vectors_of(request)
    plan = compile_plan(intent, vectors, DEFAULT, Schema(DIM), CLIPPED)
    return window_of(client, shelf.index, intent, vectors, plan.terms, wanted)


def vectors_of(request: SearchRequest) -> QueryVectors:
    pictures = [WORDS.encode_query([p.decode()])[0] for p in request.pictures]
    words = WORDS.encode_query([understand(request).text])[0] if request.text else None
    return QueryVectors(words, pictures[0] if pictures else None)


def legs(request: SearchRequest, depth: int) -> tuple[Leg, ...]:
    intent, vectors = understand(request), vectors_of(request)
    plan = compile_plan(intent, vectors, DEFAULT, Schema(DIM), CLIPPED)
    return compile_legs(intent, vectors, plan.terms, request.filters, depth)


def own(client: Any, shelf: Shelf, fusion: Any, request: SearchRequest, **changes: Any) -> Any:
    """The engine's own answer to its hybrid query, changed as a trap needs it."""
    found = legs(request, fusion.depth)
    body = hybrid_body(fusion, found, request.filters, 400) | changes
    return client.search(index=shelf.index, body={k: v for k, v in body.items() if v is not None})


def test_without_a_pipeline_the_engine_answers_garbage_and_we_always_send_one(
    client: Any, fusion_shelf: Shelf
) -> None:
    garbage = own(client, fusion_shelf, REQUEST.fusion, REQUEST, search_pipeline=None)
    assert min(hit["_score"] for hit in garbage["hits"]["hits"]) < -1e9
    window = fused(client, fusion_shelf, REQUEST).window
    assert all(0.0 <= c.score <= 1.0 for c in window.candidates)


def test_the_window_is_the_engines_own_ranking(client: Any, fusion_shelf: Shelf) -> None:
    rows = own(client, fusion_shelf, REQUEST.fusion, REQUEST)["hits"]["hits"]
    scores = {row["_id"]: row["_score"] for row in rows}
    found = fused(client, fusion_shelf, REQUEST)
    assert found.degraded == ()
    assert {c.id: c.score for c in found.window.candidates} == pytest.approx(scores, abs=1e-6)


def test_a_leg_that_missed_a_product_counts_0_and_keeps_its_weight(
    client: Any, fusion_shelf: Shelf
) -> None:
    window = fused(client, fusion_shelf, REQUEST).window
    missed = [c for c in window.candidates if c.contributions and c.contributions[0].missing]
    assert missed
    for candidate in missed:
        first, *others = candidate.contributions or ()
        assert (first.signal, first.points) == ("lexical", 0.0)
        assert first.weight == pytest.approx(0.33 / 0.95)
        assert candidate.score == pytest.approx(sum(c.points for c in others))
        assert candidate.score <= 1.0 - first.weight + 1e-6


def test_statistics_move_with_the_engines_depth_and_ours_is_the_same_on_every_page(
    client: Any, fusion_shelf: Shelf
) -> None:
    def top(depth: int) -> dict[str, float]:
        rows = own(client, fusion_shelf, HybridMinMax(depth), REQUEST)["hits"]["hits"]
        return {row["_id"]: row["_score"] for row in rows[:5]}

    assert top(10) != pytest.approx(top(200))
    sizes = [fused(client, fusion_shelf, replace(REQUEST, size=s, offset=o)).window
             for s, o in ((1, 0), (24, 0), (100, 100))]  # fmt: skip
    assert sizes[0] == sizes[1] == sizes[2]


def test_a_page_beyond_the_last_is_an_error_there_and_empty_here(
    client: Any, fusion_shelf: Shelf
) -> None:
    with pytest.raises(RequestError) as refused:
        own(client, fusion_shelf, REQUEST.fusion, REQUEST, **{"from": 900, "size": 10})
    assert "Reached end of search result" in str(refused.value.info)
    window = order(fused(client, fusion_shelf, replace(REQUEST, offset=900, size=10)).window)
    assert window.candidates[900:910] == ()


def test_weights_that_do_not_add_up_to_1_are_refused_there_and_brought_to_1_here(
    client: Any, fusion_shelf: Shelf
) -> None:
    request = replace(REQUEST, weights={"lexical": 3.0, "text": 5.0, "image": 2.0, "attribute": 0})
    body = hybrid_body(HybridMinMax(50), legs(request, 50), (), 10)
    processor = body["search_pipeline"]["phase_results_processors"][0]["normalization-processor"]
    processor["combination"]["parameters"]["weights"] = [3.0, 5.0, 2.0]
    with pytest.raises(Exception, match="weights"):
        client.search(index=fusion_shelf.index, body=body)
    # Coherence is a stored number and no leg; the others share its weight.
    assert fused(client, fusion_shelf, request).weights == pytest.approx(
        {"lexical": 0.3, "text": 0.5, "image": 0.2}
    )


def test_more_than_five_legs_are_refused_by_name_before_anything_is_sent(
    client: Any, fusion_shelf: Shelf
) -> None:
    request = replace(REQUEST, pictures=("蓝色 blue".encode(),))
    six = legs(request, 50)
    assert len(six) == 6
    with pytest.raises(Exception, match="Number of sub-queries exceeds"):
        client.search(index=fusion_shelf.index, body=hybrid_body(HybridMinMax(50), six, (), 10))
    with pytest.raises(InputError, match="at most 5 legs") as refused:
        fused(client, fusion_shelf, request)
    assert "'attribute'" in refused.value.cure
    five = replace(request, weights={"picture_attribute": 0.0})
    assert len(fused(client, fusion_shelf, five).weights) == 5
    # The layer's own fusions take as many legs as there are signals.
    assert len(fused(client, fusion_shelf, replace(request, fusion="rrf")).weights) == 6


def test_one_hit_of_a_leg_counts_whole_and_the_last_of_many_a_thousandth(
    client: Any, fusion_shelf: Shelf
) -> None:
    product = next(iter(fusion_shelf.products.values()))
    rare = replace(REQUEST, text=product.title, filters=(parse_filter(f"price={product.price}"),))
    for request in (rare, REQUEST):
        for c in fused(client, fusion_shelf, request).window.candidates:
            assert 0.0 <= c.score <= 1.0
    many = fused(client, fusion_shelf, REQUEST).window.candidates
    shares = [c.contributions[0] for c in many if c.contributions]
    assert min(s.calibrated for s in shares if not s.missing) == pytest.approx(0.001, rel=1e-4)


def test_collapsing_loses_no_card_with_hundreds_of_groups(client: Any, fusion_shelf: Shelf) -> None:
    request = replace(REQUEST, text="dress sneakers handbag", fusion=HybridMinMax(depth=300))
    wanted = replace(WANTED, columns=("group",))
    window = order(fused(client, fusion_shelf, request, wanted).window)
    groups = {fusion_shelf.products[c.id].group for c in window.candidates}
    assert len(groups) > 200
    cards = collapse(window, "group")
    assert {c.values["group"][0] for c in cards.candidates} == groups
    assert len(cards.candidates) == len(groups)
    assert [c.id for c in cards.candidates] == [
        c.id for c in window.candidates if c.id in {x.id for x in cards.candidates}
    ]
    # The engine's own collapse, asked for a page: what it keeps of the first groups.
    page = own(client, fusion_shelf, request.fusion, request, collapse={"field": "group"}, size=400)
    assert len(page["hits"]["hits"]) <= len(groups)


def test_totals_and_facets_are_the_match_sets_and_reachable_is_the_windows(
    client: Any, fusion_shelf: Shelf
) -> None:
    request = replace(REQUEST, text="dress")
    engine = own(client, fusion_shelf, request.fusion, request)
    # The engine says one number and lets another be reached, without a word.
    assert engine["hits"]["total"]["value"] > len(engine["hits"]["hits"])
    facet = {"brands": {"terms": {"field": "brand", "size": 20}}}
    found = fused(client, fusion_shelf, request, replace(WANTED, aggregations=facet))
    counted = client.search(
        index=fusion_shelf.index,
        body=match_set_body(legs(request, 50), (), None, 10_000) | {"size": 5_000},
    )["hits"]["hits"]
    assert found.window.total == len(counted) > found.reachable == len(found.window.candidates)
    buckets = found.aggregations["brands"]["buckets"]
    assert sum(b["doc_count"] for b in buckets) == found.window.total
    assert {c.id for c in found.window.candidates} <= {row["_id"] for row in counted}
    assert "leg" in found.total_of
    assert "leg" in found.reachable_of


def test_a_pinned_product_that_no_leg_finds_is_a_candidate_that_scores_0(
    client: Any, fusion_shelf: Shelf
) -> None:
    plain = fused(client, fusion_shelf, REQUEST)
    ids = {c.id for c in plain.window.candidates}
    far = next(key for key in fusion_shelf.products if key not in ids)
    wanted = replace(WANTED, pinned=(far, "ghost", next(iter(ids))), columns=("price",))
    found = fused(client, fusion_shelf, REQUEST, wanted).window
    assert {c.id for c in found.candidates} == ids | {far}
    pinned = next(c for c in found.candidates if c.id == far)
    assert pinned.score == 0.0
    assert pinned.values["price"] == (fusion_shelf.products[far].price,)
    assert all(c.missing for c in pinned.contributions or ())


def test_another_similarity_than_cosine_is_refused(client: Any, fusion_shelf: Shelf) -> None:
    with pytest.raises(InputError, match="compares by cosine"):
        fused(client, fusion_shelf, replace(REQUEST, similarity={"text": "euclidean"}))


def test_filters_stand_in_every_leg_and_at_the_top() -> None:
    kept = (parse_filter("price<50"),)
    for leg in legs(replace(REQUEST, filters=kept), 50):
        text = str(leg.clause)
        assert leg.name == "lexical" or "'lt': 50.0" in text
        assert "'lt': 50.0" in str(filtered(leg.clause, kept)["bool"]["filter"])


def test_an_engine_without_the_hybrid_query_is_named(client: Any, fusion_shelf: Shelf) -> None:
    # What a node says of a query that it does not know; this one knows ``hybrid`` itself.
    with pytest.raises(InputError, match="no hybrid query") as refused:
        send_many(client, fusion_shelf.index, [{"query": {"hybrid_unknown": {}}}], 30.0)
    assert "exact" in refused.value.cure


def test_a_leg_that_the_engine_refuses_or_an_index_that_is_gone_is_told_apart(
    client: Any, fusion_shelf: Shelf
) -> None:
    with pytest.raises(LegFailed, match="refused a leg"):
        send_many(client, fusion_shelf.index, [{"query": {"term": {}}}], 30.0)
    with pytest.raises(IndexGone):
        send_many(client, "fusion-tests-nowhere", [{"size": 0}], 30.0)
