"""What comes over HTTP holds only what the grammar knows, in every part of the body."""

import base64
import copy
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from augment_grammar import Grammar
from foreign_shops import foreign_bodies

from mappings.errors import InputError
from query.augmenting.foreign import MAX_BYTES, require_body
from query.augmenting.grammar import AGGREGATIONS, QUERIES

WORDS = {"match": {"title": "red"}}
HIDDEN = base64.b64encode(json.dumps({"script": {"script": "true"}}).encode()).decode()
SHAPE = {"index": "other", "id": "1", "path": "shape"}
EVIL: dict[str, dict[str, Any]] = {
    "wrapper": {"wrapper": {"query": HIDDEN}},
    "template": {"template": {"source": "{}"}},
    "a script": {"script": {"script": "true"}},
    "a script score": {"script_score": {"query": WORDS, "script": {"source": "1"}}},
    "a scored function": {"function_score": {"script_score": {"script": "1"}}},
    "a scored function of several": {
        "function_score": {"functions": [{"script_score": {"script": {"source": "1"}}}]}
    },
    "a counting script": {
        "terms_set": {"tags": {"terms": ["a"], "minimum_should_match_script": {"source": "1"}}}
    },
    "a counting script as text": {
        "terms_set": {"tags": {"terms": ["a"], "minimum_should_match_script": "1"}}
    },
    "a scripted interval": {
        "intervals": {"title": {"match": {"query": "a", "filter": {"script": {"source": "1"}}}}}
    },
    "a terms lookup": {"terms": {"brand": {"index": "other", "id": "1", "path": "secret"}}},
    "an indexed shape": {"geo_shape": {"place": {"indexed_shape": SHAPE}}},
    "an indexed flat shape": {"xy_shape": {"place": {"indexed_shape": SHAPE}}},
    "an example of another index": {
        "more_like_this": {"fields": ["title"], "like": [{"_index": "other", "_id": "1"}]}
    },
    "an old example": {"more_like_this": {"docs": [{"_index": "other", "_id": "1"}]}},
    "a document to be matched": {
        "percolate": {"field": "query", "index": "other", "id": "1"}
    },
    "what a plug-in brings": {"sltr": {"model": "m", "params": {}}},
    "what nobody knows": {"newest_query": {}},
    "an option that nobody knows": {"match": {"title": {"query": "red", "hook": {"run": "it"}}}},
}  # fmt: skip


def nested(query: Any) -> dict[str, Any]:
    return {"nested": {"path": "variants", "query": query}}


def with_hits(**hits: Any) -> dict[str, Any]:
    return {"nested": {"path": "variants", "query": WORDS, "inner_hits": hits}}


# Every place of a body that may hold a query.
PLACES: dict[str, Any] = {
    "query": lambda q: {"query": q},
    "bool.must": lambda q: {"query": {"bool": {"must": q}}},
    "bool.filter, a list": lambda q: {"query": {"bool": {"filter": [WORDS, q]}}},
    "bool.should": lambda q: {"query": {"bool": {"should": [q]}}},
    "bool.must_not": lambda q: {"query": {"bool": {"must_not": [q]}}},
    "dis_max": lambda q: {"query": {"dis_max": {"queries": [WORDS, q]}}},
    "constant_score": lambda q: {"query": {"constant_score": {"filter": q}}},
    "boosting": lambda q: {"query": {"boosting": {"positive": WORDS, "negative": q}}},
    "nested": lambda q: {"query": nested(q)},
    "nested twice": lambda q: {"query": nested(nested(q))},
    "has_child": lambda q: {"query": {"has_child": {"type": "offer", "query": q}}},
    "function_score": lambda q: {"query": {"function_score": {"query": q}}},
    "a function's filter": lambda q: {
        "query": {"function_score": {"functions": [{"filter": q, "weight": 2}]}}},
    "a neighbour's filter": lambda q: {
        "query": {"knn": {"v": {"vector": [1.0], "k": 3, "filter": q}}}},
    "span_near": lambda q: {"query": {"span_near": {"clauses": [q]}}},
    "span_multi": lambda q: {"query": {"span_multi": {"match": q}}},
    "span_not": lambda q: {"query": {"span_not": {"include": q, "exclude": q}}},
    "post_filter": lambda q: {"post_filter": q},
    "rescore": lambda q: {"rescore": {"query": {"rescore_query": q}}},
    "rescore, a list": lambda q: {"rescore": [{"window_size": 9, "query": {"rescore_query": q}}]},
    "aggs.filter": lambda q: {"aggs": {"a": {"filter": q}}},
    "aggregations.filter": lambda q: {"aggregations": {"a": {"filter": q}}},
    "aggs.filters": lambda q: {"aggs": {"a": {"filters": {"filters": {"x": q}}}}},
    "aggs.filters, a list": lambda q: {"aggs": {"a": {"filters": {"filters": [q]}}}},
    "adjacency_matrix": lambda q: {"aggs": {"a": {"adjacency_matrix": {"filters": {"x": q}}}}},
    "significant_terms": lambda q: {
        "aggs": {"a": {"significant_terms": {"field": "b", "background_filter": q}}}},
    "aggs within aggs": lambda q: {
        "aggs": {"a": {"terms": {"field": "b"}, "aggs": {"c": {"filter": q}}}}},
    "a top hit's highlight": lambda q: {"aggs": {"a": {"top_hits": {
        "highlight": {"highlight_query": q, "fields": {"title": {}}}}}}},
    "highlight": lambda q: {"highlight": {"highlight_query": q, "fields": {"title": {}}}},
    "a field's highlight": lambda q: {
        "highlight": {"fields": {"title": {"highlight_query": q}}}},
    "a listed field's highlight": lambda q: {
        "highlight": {"fields": [{"title": {"highlight_query": q}}]}},
    "sort": lambda q: {"sort": [{"v.price": {"nested": {"path": "v", "filter": q}}}]},
    "a sort within a sort": lambda q: {"sort": {"v.price": {"order": "asc", "nested": {
        "path": "v", "nested": {"path": "v.w", "filter": q}}}}},
    "an old sort": lambda q: {"sort": [{"v.price": {"nested_filter": q}}]},
    "a sort by place": lambda q: {"sort": [{"_geo_distance": {
        "place": {"lat": 1, "lon": 2}, "nested": {"path": "v", "filter": q}}}]},
    "inner hits' sort": lambda q: {"query": with_hits(
        sort=[{"v.price": {"nested": {"path": "v", "filter": q}}}])},
    "inner hits' highlight": lambda q: {"query": with_hits(
        highlight={"highlight_query": q, "fields": {}})},
    "collapse": lambda q: {"collapse": {"field": "g", "inner_hits": {"name": "i", "sort": [
        {"v.price": {"nested": {"path": "v", "filter": q}}}]}}},
    "collapse, a list": lambda q: {"collapse": {"field": "g", "inner_hits": [{"name": "i",
        "highlight": {"fields": {"title": {"highlight_query": q}}}}]}},
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("evil", EVIL)
def test_no_part_of_a_body_holds_what_the_grammar_does_not_know(place: str, evil: str) -> None:
    body = {"query": WORDS} | PLACES[place](EVIL[evil])
    with pytest.raises(InputError, match=r"over HTTP|base64|by a pipeline") as caught:
        require_body(body, scripts=False)
    assert caught.value.cure
    require_body({"query": WORDS} | PLACES[place](WORDS), scripts=False)


@pytest.mark.parametrize("place", PLACES)
def test_a_hidden_query_is_refused_in_python_too(place: str) -> None:
    for evil, why in (("wrapper", "base64"), ("template", "pipeline")):
        with pytest.raises(InputError, match=why):
            require_body({"query": WORDS} | PLACES[place](EVIL[evil]), scripts=True)
    require_body({"query": WORDS} | PLACES[place](EVIL["a script score"]), scripts=True)


@pytest.mark.parametrize(
    "body",
    [
        {"pit": {"id": "of-another-index"}},
        {"ext": {"ubi": {}}},
        {"search_pipeline": "mine"},
        {"search_pipeline": {"request_processors": []}},
        {"derived": {"x": {"type": "keyword", "script": "1"}}},
        {"script_fields": {"a": {"script": "1"}}},
        {"sort": [{"_script": {"type": "number", "script": "1"}}]},
        {"sort": {"_script": "1"}},
        {"suggest": {"s": {"text": "a", "phrase": {"field": "t", "collate": {
            "query": {"source": "{}"}}}}}},
        {"rescore": {"sltr": {"model": "m"}}},
        {"aggs": {"a": {"terms": {"script": "doc['b'].value"}}}},
        {"aggs": {"a": {"avg": {"field": "p", "script": {"source": "_value * 2"}}}}},
        {"aggs": {"a": {"weighted_avg": {"value": {"script": "1"}, "weight": {"field": "p"}}}}},
        {"aggs": {"a": {"composite": {"sources": [{"s": {"terms": {"script": "1"}}}]}}}},
        {"aggs": {"a": {"multi_terms": {"terms": [{"script": "1"}]}}}},
        {"aggs": {"a": {"scripted_metric": {"map_script": "1"}}}},
        {"aggs": {"a": {"terms": {"field": "b"}, "aggs": {"c": {"bucket_selector": {
            "buckets_path": {}, "script": "true"}}}}}},
        {"aggs": {"a": {"histogram": {"field": "p", "interval": 1}, "aggs": {"m": {
            "moving_fn": {"script": "1", "window": 2, "buckets_path": "_count"}}}}}},
        {"aggs": {"a": {"significant_terms": {"field": "b", "script_heuristic": {
            "script": "1"}}}}},
        {"aggs": {"a": {"top_hits": {"script_fields": {"x": {"script": "1"}}}}}},
        {"aggs": {"a": {"top_hits": {"sort": [{"_script": {"script": "1"}}]}}}},
        {"aggs": {"a": {"newest": {}}}},
        {"collapse": {"field": "g", "inner_hits": {"script_fields": {"x": {"script": "1"}}}}},
        {"query": with_hits(script_fields={"x": {"script": "1"}})},
        {"query": with_hits(sort={"_script": {"script": "1"}})},
        {"query": with_hits(collapse={"field": "g", "inner_hits": {"script_fields": {"a": {}}}})},
        {"_source": {"includes": {"script": "1"}}},
        {"fields": [{"field": {"x": 1}}]},
        {"track_total_hits": {"up": 1}},
        {"query": "red"},
        {"post_filter": [WORDS]},
    ],
)  # fmt: skip
def test_no_section_holds_what_the_grammar_does_not_know(body: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="over HTTP"):
        require_body({"query": WORDS} | body, scripts=False)


@pytest.mark.parametrize(
    "body",
    [
        {"query": {"match": {"script": "cursive"}}},
        {"query": {"match": {"wrapper": {"query": "gift"}}}},
        {"query": {"term": {"template": "a"}}},
        {"query": {"range": {"script_size": {"gte": 1}}}},
        {"query": {"terms": {"font_script": ["a"]}}},
        {"query": {"exists": {"field": "script"}}},
        {"query": WORDS, "sort": [{"script_order": "asc"}]},
        {"query": WORDS, "aggs": {"script": {"terms": {"field": "script"}}}},
        {"query": WORDS, "aggs": {"scripted_metric": {"max": {"field": "script_size"}}}},
        {"query": WORDS, "aggs": {"pit": {"filter": {"term": {"ext": 1}}}}},
        {"query": WORDS, "aggs": {"a": {"filters": {"filters": {"script": WORDS}}}}},
        {"query": WORDS, "highlight": {"fields": {"script": {}}}},
        {"query": WORDS, "suggest": {"script": {"text": "a", "term": {"field": "script"}}}},
        {"query": WORDS, "suggest": {"text": "a", "s": {"completion": {
            "field": "c", "contexts": {"kind": [{"context": "a", "boost": 2}]}}}}},
        {"query": WORDS, "_source": ["script"], "fields": ["script_*"]},
        {"query": {"more_like_this": {"fields": ["title"], "like": ["red", {"_id": "1"}]}}},
        {"query": {"geo_shape": {"place": {"shape": {"type": "point", "coordinates": [1, 2]},
                                           "relation": "within"}}}},
        {"query": {"function_score": {"query": WORDS, "gauss": {"place": {
            "origin": {"lat": 1, "lon": 2}, "scale": "2km"}}}}},
        {"query": {"intervals": {"title": {"all_of": {"intervals": [
            {"match": {"query": "a"}}, {"any_of": {"intervals": [{"prefix": {"prefix": "b"}}]}}],
            "filter": {"not_containing": {"match": {"query": "c"}}}}}}}},
        {"query": {"rank_feature": {"field": "f", "saturation": {"pivot": 8}}}},
        {"query": {"hybrid": {"queries": [WORDS]}}},  # refused later, with its own reason
    ],
)  # fmt: skip
def test_a_name_of_the_shops_may_be_any(body: dict[str, Any]) -> None:
    assert require_body(body, scripts=False) == body


def scripted(body: Any) -> bool:
    text = json.dumps(body)
    return any(word in text for word in ('"script', '"_script', "_script", '"pit"', '"ext"'))


def test_bodies_of_real_shops_are_taken_unless_they_hold_a_script() -> None:
    taken = 0
    for foreign in foreign_bodies():
        if scripted(foreign.body):
            with pytest.raises(InputError, match="over HTTP"):
                require_body(foreign.body, scripts=False)
        else:
            require_body(foreign.body, scripts=False)
            taken += 1
    assert taken > 30


def queries(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the places of a body's clauses: objects of one kind of query."""
    if isinstance(value, dict):
        clauses = {"bool", "match", "multi_match", "term", "terms", "range", "exists", "ids"}
        if len(value) == 1 and next(iter(value)) in clauses and path[-2:-1] != ("aggs",):
            yield path
        for name, inner in value.items():
            yield from queries(inner, (*path, name))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from queries(inner, (*path, n))


def test_whatever_clause_of_a_drawn_body_is_replaced_it_is_refused() -> None:
    tried = 0
    for seed in range(120):
        body = Grammar(seed).body()
        if scripted(body):
            continue
        require_body(body, scripts=False)
        for path in queries({k: v for k, v in body.items() if k in ("query", "post_filter")}):
            for evil in EVIL.values():
                changed = copy.deepcopy(body)
                inner: Any = changed
                for step in path[:-1]:
                    inner = inner[step]
                inner[path[-1]] = evil
                with pytest.raises(InputError):
                    require_body(changed, scripts=False)
                tried += 1
    assert tried > 1_000


def test_the_kinds_that_read_elsewhere_or_run_something_are_not_known() -> None:
    assert not {"script", "wrapper", "template", "percolate", "pinned"} & QUERIES.keys()
    assert not {k for k in AGGREGATIONS if "script" in k} | {"bucket_selector", "moving_fn"} & (
        AGGREGATIONS.keys()
    )


def listed(entry: Any) -> dict[str, Any]:
    size = len(json.dumps(entry)) + 2
    return {"query": {"bool": {"should": [entry] * ((MAX_BYTES - 50) // size)}}}


def deep(levels: int) -> dict[str, Any]:
    query: dict[str, Any] = WORDS
    for _ in range(levels):
        query = {"bool": {"must": query}}
    return query


BIG: dict[str, dict[str, Any]] = {
    "clauses": listed({"match_all": {}}),
    "empty objects": listed({}),
    "deep clauses": listed(deep(17)),
    "numbers": {"query": {"terms": {"a": [1] * (MAX_BYTES // 3 - 20)}}},
    "fields": {"query": {"match": {f"{n:05}": 1 for n in range(MAX_BYTES // 13)}}},
    "aggregations": {"aggs": {f"{n:05}": {"max": {"field": "a"}} for n in range(1_800)}},
    "sorts": {"sort": [{"a": {"order": "asc"}}] * (MAX_BYTES // 27)},
    "lists": {"query": {"terms": {"a": [[[[[]]]]] * (MAX_BYTES // 14)}}},
    "highlights": {"highlight": {"fields": [{"a": {}}] * (MAX_BYTES // 12)}},
}


@pytest.mark.parametrize("name", BIG)
def test_a_body_at_the_limit_is_checked_within_20_milliseconds(name: str) -> None:
    least = float("inf")
    for _ in range(9):
        started = time.thread_time()
        with suppress(InputError):
            require_body(BIG[name], scripts=False)
        least = min(least, time.thread_time() - started)
    assert least <= 0.02
    assert len(json.dumps(BIG[name])) <= MAX_BYTES
