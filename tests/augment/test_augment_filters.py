"""Wherever in its query a shop says a filter, added products satisfy it."""

from collections.abc import Callable
from typing import Any

import pytest
from augment_shop import COUNT, PROPERTIES, query_vectors

from mappings.attach import Attachment
from mappings.attach_fields import field_types
from query.augmenting.clauses import FieldTypes
from query.augmenting.compile import Wishes, compile_body
from query.augmenting.relax import relax

Clause = dict[str, Any]
TYPES = FieldTypes(field_types({"properties": PROPERTIES}))
WORDS: Clause = {"match": {"title": "nosuchword"}}
FILTERS: list[Clause] = [
    {"term": {"active": False}},
    {"range": {"price": {"gte": 40, "lt": 90}}},
    {"nested": {"path": "variants", "query": {"term": {"variants.colour": "green"}}}},
    {"bool": {"must_not": [{"terms": {"brand": ["brand0", "brand1", "brand2"]}}]}},
    {"query_string": {"query": "brand:brand3 AND NOT tags:sale"}},
    {"match": {"brand": "brand4"}},
]
PLACES: dict[str, Callable[[Clause], Clause]] = {
    "filter": lambda f: {"bool": {"must": [WORDS], "filter": [f]}},
    "filter alone": lambda f: {"bool": {"must": WORDS, "filter": f}},
    "must": lambda f: {"bool": {"must": [WORDS, f]}},
    "must not not": lambda f: {"bool": {"must": [WORDS],
                                        "must_not": [{"bool": {"must_not": [f]}}]}},
    "deep": lambda f: {"bool": {"must": [{"bool": {"must": [{"bool": {"must": [WORDS],
                                                                     "filter": [f]}}]}}]}},
    "function_score": lambda f: {"function_score": {"query": {"bool": {"must": [WORDS],
                                                                       "filter": [f]}},
                                                    "weight": 3}},
    "script_score": lambda f: {"script_score": {"query": {"bool": {"must": [WORDS, f]}},
                                                "script": {"source": "1"}}},
    "boosting": lambda f: {"boosting": {"positive": {"bool": {"must": [WORDS], "filter": [f]}},
                                        "negative": WORDS, "negative_boost": 0.1}},
    "both of dis_max": lambda f: {"dis_max": {"queries": [
        {"bool": {"must": [WORDS], "filter": [f]}}, {"bool": {"must": [f, WORDS]}}]}},
    "every should": lambda f: {"bool": {"should": [
        {"bool": {"must": [WORDS], "filter": [f]}}, {"bool": {"must": [f]}}]}},
    "two of two": lambda f: {"bool": {"should": [WORDS, f], "minimum_should_match": 2}},
    "all of them": lambda f: {"bool": {"should": [WORDS, f], "minimum_should_match": "100%"}},
    "constant_score": lambda f: {"bool": {"must": [WORDS, {"constant_score": {"filter": f}}]}},
    "knn": lambda f: {"bool": {"must": [{"knn": {"shelfsight.text_vector": {
        "vector": [1.0] + [0.0] * 15, "k": 5, "filter": f}}}, WORDS]}},
}  # fmt: skip


@pytest.mark.node
@pytest.mark.parametrize("place", PLACES)
def test_added_products_satisfy_a_filter_wherever_it_is_said(
    client: Any, attached: Attachment, place: str
) -> None:
    for kept in FILTERS:
        allowed = client.search(
            index=attached.index, body={"query": {"bool": {"filter": [kept]}}, "size": COUNT}
        )
        ids = {h["_id"] for h in allowed["hits"]["hits"]}
        assert 0 < len(ids) < COUNT
        body = {"query": PLACES[place](kept), "size": COUNT}
        made = compile_body(body, attached, query_vectors("red dress"), Wishes(recall="extend"))
        hits = client.search(index=made.index, body=made.body)["hits"]["hits"]
        assert hits, "products are added, as no word is found"
        assert {h["_id"] for h in hits} <= ids, f"{kept} in {place}"


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"match_all": {}}, None),
        (WORDS, None),
        ({"match_phrase": {"description": "x"}}, None),
        ({"multi_match": {"query": "x", "fields": ["title^2", "brand"]}}, None),
        ({"query_string": {"query": "red dress"}}, None),
        ({"more_like_this": {"like": "x"}}, None),
        ({"term": {"brand": "a"}}, {"term": {"brand": "a"}}),
        ({"match": {"brand": "a"}}, {"match": {"brand": "a"}}),
        ({"multi_match": {"query": "a", "fields": ["brand", "tags"]}},
         {"multi_match": {"query": "a", "fields": ["brand", "tags"]}}),
        ({"bool": {"should": [WORDS]}}, None),
        ({"bool": {"must": [WORDS], "should": [{"term": {"brand": "a"}}]}}, None),
        ({"bool": {"must": [WORDS], "should": [{"term": {"brand": "a"}}],
                   "minimum_should_match": 1}},
         {"bool": {"should": [{"term": {"brand": "a"}}], "minimum_should_match": 1}}),
        ({"bool": {"must": [WORDS], "filter": [{"term": {"brand": {"value": "a", "_name": "n"}}}]}},
         {"term": {"brand": {"value": "a"}}}),
        ({"nested": {"path": "variants", "query": {"match": {"variants.name": "x"}}}}, None),
        ({"nested": {"path": "variants", "inner_hits": {}, "score_mode": "max", "query": {
            "bool": {"must": [{"match": {"variants.name": "x"}}, {"term": {"variants.size": "S"}}]
                     }}}},
         {"nested": {"path": "variants", "query": {"term": {"variants.size": "S"}}}}),
        ({"dis_max": {"queries": [{"term": {"brand": "a"}}, WORDS]}}, None),
        # A share of one alternative rounds down to none: beside a filter it may then miss.
        ({"bool": {"must": [WORDS], "should": [{"term": {"brand": "a"}}],
                   "minimum_should_match": "50%"}},
         {"bool": {"filter": [{"match_all": {}}], "should": [{"term": {"brand": "a"}}],
                   "minimum_should_match": "50%"}}),
        # With nothing beside them one alternative must hold, whatever is said.
        ({"bool": {"should": [{"term": {"brand": "a"}}], "minimum_should_match": 0}},
         {"bool": {"should": [{"term": {"brand": "a"}}], "minimum_should_match": 1}}),
        ({"somebodys_plugin": {"x": 1}}, {"somebodys_plugin": {"x": 1}}),
    ],
)  # fmt: skip
def test_words_are_taken_away_and_nothing_else(query: Clause, left: Clause | None) -> None:
    assert relax(query, TYPES) == left
