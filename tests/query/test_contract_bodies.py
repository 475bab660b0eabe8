"""What the window execution and facets send, part by part."""

from collections.abc import Iterator
from typing import Any

import pytest
from query_shop import BLEND, CALIBRATION, DIM
from test_query_bodies import DEEPEST, PICTURE, TEXT, clauses, scripts

from mappings.schema import Schema
from query.encode.query_vectors import QueryVectors
from query.model.facets import parse_facet
from query.model.filters import parse_filter
from query.model.intent import understand
from query.model.profiles import DEFAULT
from query.model.request import SearchRequest
from query.plan.budget import Budget, deeper
from query.plan.compiler import compile_plan
from query.plan.plan import Plan

FILTERS = (parse_filter("brand=Acme"), parse_filter("price<50"), parse_filter("颜色=红色"))
FACETS = tuple(parse_facet(w) for w in ("brand", "颜色:5", "price=..50,50.."))


def plan_of(blend: Any = BLEND, *, has_card_column: bool = False, **more: Any) -> Plan:
    request = SearchRequest("red dress", pictures=(b"p",), **more)
    return compile_plan(
        understand(request), QueryVectors(TEXT, PICTURE), DEFAULT, Schema(DIM, blend), CALIBRATION,
        has_card_column=has_card_column,
    )  # fmt: skip


PLANS: dict[str, dict[str, Any]] = {
    "plain": {},
    "filters": {"filters": FILTERS},
    "facets": {"facets": FACETS},
    "chosen": {"facets": FACETS, "filters": FILTERS},
    "best": {"facets": FACETS, "filters": FILTERS, "image_mode": "best"},
    "explained": {"explain": True},
}


def bodies(name: str) -> Iterator[dict[str, Any]]:
    for blend in (BLEND, None):
        plan = plan_of(blend, **PLANS[name])
        yield from (plan.body, plan.whole_window(), plan.window_body(("price",), True))
        yield from (plan.window_body((), False), plan.page_body(["1", "2"]))
        if plan.count:
            yield plan.count()


def queries(body: dict[str, Any]) -> Iterator[tuple[str, Any, int]]:
    yield from clauses(body["query"])
    if "rescore" in body:
        yield from clauses(body["rescore"]["query"]["rescore_query"])
    if "post_filter" in body:
        yield from clauses(body["post_filter"])


@pytest.mark.parametrize("name", PLANS)
def test_bodies_hold_allowed_queries_only_and_are_shallow(name: str) -> None:
    for body in bodies(name):
        assert max(depth for _, _, depth in queries(body)) <= DEEPEST
        assert body["timeout"] == "1000ms"


@pytest.mark.parametrize("name", PLANS)
def test_no_hit_is_a_tombstone_and_no_leg_misses_a_filter_that_no_facet_owns(name: str) -> None:
    given = PLANS[name].get("filters", ())
    tombstones = {"term": {"deleted": True}}
    for body in bodies(name):
        top = body["query"]["bool"]
        assert tombstones in top["must_not"]
        later = body.get("post_filter", {"bool": {}})["bool"].get("filter", [])
        assert "aggs" in body or not later
        for wanted in given:
            assert wanted.clause() in [*top.get("filter", []), *later]
        for kind, inside, _ in queries(body):
            for leg in inside.values() if kind == "knn" else ():
                kept = leg["filter"]["bool"]["filter"] if "filter" in leg else []
                missing = [f for f in given if f.clause() not in kept]
                # A leg that only counts misses the filter of one facet, never more.
                assert len(missing) <= (1 if later else 0)


def test_a_window_brings_scores_and_doc_values_only() -> None:
    plan = plan_of(facets=FACETS, explain=True, image_mode="best")
    ids_as_doc_values, plain = (
        plan.window_body(("price", "added"), True),
        plan.window_body((), False),
    )
    assert ids_as_doc_values["stored_fields"] == "_none_"
    assert ids_as_doc_values["docvalue_fields"] == [
        {"field": "key"},
        {"field": "price"},
        {"field": "added", "format": "epoch_millis"},
    ]
    assert plain["_source"] is False
    assert "docvalue_fields" not in plain
    for body in (ids_as_doc_values, plain):
        assert (body["from"], body["size"]) == (0, plan.window)
        assert not {"aggs", "post_filter"} & set(body)
        assert body["track_total_hits"] is False
        assert body["rescore"] == plan.body["rescore"]
        assert not {"script_fields", "highlight"} & set(body)
        assert "_name" not in str(body["query"])
        assert "inner_hits" not in str(body["query"])


def test_a_page_is_read_by_id_with_the_same_raw_values_and_filters() -> None:
    plan = plan_of(facets=FACETS, filters=FILTERS)
    body = plan.page_body(["7", "9"])
    assert {"ids": {"values": ["7", "9"]}} in body["query"]["bool"]["filter"]
    assert all(f.clause() in body["query"]["bool"]["filter"] for f in FILTERS)
    assert not {"aggs", "post_filter", "rescore"} & set(body)
    assert body["track_total_hits"] is False
    assert body["script_fields"] == plan.body["script_fields"]


def test_facets_of_the_match_set_ignore_their_own_filters() -> None:
    count = plan_of(facets=FACETS, filters=FILTERS).count
    assert count is not None
    body = count()
    brand, price, colour = (f.clause() for f in FILTERS)
    assert body["post_filter"] == {"bool": {"filter": [brand, price, colour]}}
    assert body["aggs"] == {
        "facet0": {
            "filter": {"bool": {"filter": [price, colour]}},
            "aggs": {"counted": {"terms": {"field": "brand", "size": 20}}},
        },
        "facet1": {
            "filter": {"bool": {"filter": [brand, price]}},
            "aggs": {"counted": {"terms": {"field": "tags", "size": 5, "include": "颜色\\=.*"}}},
        },
        "facet2": {
            "filter": {"bool": {"filter": [brand, colour]}},
            "aggs": {
                "counted": {"range": {"field": "price", "ranges": [{"to": 50.0}, {"from": 50.0}]}}
            },
        },
    }


def test_the_ranking_request_neither_counts_nor_scores_twice() -> None:
    plan, plain = plan_of(facets=FACETS, filters=FILTERS), plan_of(filters=FILTERS)
    assert plan.body == plain.body | {"track_total_hits": False}
    assert plan.count is not None
    assert plain.count is None
    assert plan.count()["size"] == 0
    assert "rescore" not in plan.count()


def test_the_best_are_found_by_sums_and_scored_by_the_best_column() -> None:
    body = plan_of().body
    found_by = body["query"]["bool"]["should"][0]["multi_match"]
    never, named = body["query"]["bool"]["must_not"][1]["bool"]["filter"]
    assert never == {"term": {"key": ""}}
    scored = body["rescore"]["query"]["rescore_query"]["script_score"]["query"]
    assert found_by["type"] == "most_fields"
    assert named["multi_match"].pop("_name") == "lexical"
    assert scored["bool"]["should"][0] == named
    assert named["multi_match"]["type"] == "best_fields"
    assert named["multi_match"]["fields"][:2] == ["title.en^3", "brand.en^2"]
    assert found_by["fields"][:2] == ["title.en^3", "brand.en^1.2"]


def test_rows_are_read_from_cards_where_nothing_else_is_needed() -> None:
    cards = {"stored_fields": "_none_", "docvalue_fields": ["key", "card"]}
    for more in ({}, {"facets": FACETS}):
        plan = plan_of(has_card_column=True, **more)
        for body in (plan.body, plan.page_body(["1"])):
            assert {k: body.get(k) for k in (*cards, "_source")} == cards | {"_source": None}
    # Marked words and best pictures are read from documents.
    for more in ({"explain": True}, {"image_mode": "best"}):
        assert plan_of(has_card_column=True, **more).body == plan_of(**more).body


def test_facets_of_the_window_cost_the_engine_nothing() -> None:
    plan = plan_of(facets=FACETS, filters=FILTERS, facets_of="window")
    plain = plan_of(filters=FILTERS)
    assert plan.body == plain.body


def test_a_deeper_budget_reaches_as_far_as_asked() -> None:
    for reach in (1, 150, 151, 1_000):
        found = deeper(Budget(), reach)
        assert found.blend.k >= reach
        assert found.legs.k >= reach
        assert found.blend.k == max(reach, Budget().blend.k)


def test_scripts_never_hold_values() -> None:
    texts = {s["source"] for s in scripts(plan_of(facets=FACETS).body)}
    assert texts == {s["source"] for s in scripts(plan_of(filters=FILTERS).body)}
