"""What cannot be kept is an error that says why; nothing of a body is dropped in silence."""

from typing import Any

import pytest
from augment_shop import CALIBRATION, IDENTITY, PROPERTIES, query_vectors

from mappings.attach import Attachment
from mappings.attach_fields import ProductColumns
from mappings.errors import InputError
from query.augmenting.compile import Wishes, compile_body
from query.augmenting.foreign import (
    KEPT,
    MAX_BYTES,
    MAX_CLAUSES_DEEP,
    REFUSED,
    REWRITTEN,
    require_body,
)

AT = Attachment(
    "in_place", "shop", "shop", "shop", "uuid", IDENTITY, CALIBRATION,
    ProductColumns(title=("title",)), {"properties": PROPERTIES},
)  # fmt: skip
WORDS = {"match": {"title": "red"}}


def compiled(body: Any, **wishes: Any) -> Any:
    return compile_body(body, AT, query_vectors("red"), Wishes(**wishes))


def nested_bools(clauses: int) -> dict[str, Any]:
    query: dict[str, Any] = {"match_all": {}}
    for _ in range(clauses - 1):
        query = {"bool": {"must": [query]}}
    return query


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"query": {"hybrid": {"queries": [WORDS]}}}, "hybrid"),
        ({"query": {"wrapper": {"query": "e30="}}}, "base64"),
        ({"query": {"bool": {"must": [{"template": {}}]}}}, "pipeline"),
        ({"knn": {"field": "v"}}, "Elasticsearch"),
        ({"retriever": {}}, "Elasticsearch"),
        ({"runtime_mappings": {}}, "derived"),
        ({"indices_boost": [{"a": 2}]}, "several indices"),
        ({"query": WORDS, "newest_thing": {}}, "'newest_thing' is not known"),
        ({"query": WORDS, "min_score": "high"}, "min_score is 'high'"),
        ({"query": WORDS, "sort": [3]}, "sort holds '3'"),
        ({"query": {"match": {}, "term": {}}}, "no query clause"),
        ({"query": WORDS, "rescore": {"window_size": 3, "query": {
            "rescore_query": WORDS, "score_mode": "max"}}}, "score_mode 'max'"),
        ({"query": WORDS, "rescore": {"learning_to_rank": {}}}, "no query"),
        ({"query": WORDS, "aggs": {"best": {"top_hits": {}}}}, "'best'"),
        ({"query": WORDS, "collapse": {"field": "group"},
          "aggs": {"b": {"terms": {"field": "brand"}, "aggs": {"s": {"sampler": {}}}}}}, "'s'"),
        ({"query": WORDS, "min_score": 1, "aggs": {"d": {"cardinality": {"field": "brand"}}}},
         "counts in 'd' also what is cut off"),
        ({"query": WORDS, "rescore": {"query": {"rescore_query": WORDS}},
          "suggest": {"c": {"prefix": "r", "completion": {"field": "suggest"}}}}, "completions"),
        ("SELECT 1", "no JSON object"),
        ({"query": {"match": {"title": float("nan")}}}, "no JSON"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_and_why(body: Any, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        compiled(body)
    assert caught.value.cure


@pytest.mark.parametrize("kind", ["function_score", "script_score"])
def test_a_cut_by_score_cannot_be_extended(kind: str) -> None:
    body = {"query": {"bool": {"must": [{kind: {"query": WORDS, "min_score": 1}}]}}}
    compiled(body)
    with pytest.raises(InputError, match="cuts by min_score"):
        compiled(body, recall="extend")


def test_the_size_is_held_at_the_limit() -> None:
    body: dict[str, Any] = {"query": {"terms": {"brand": [""]}}}
    room = MAX_BYTES - len('{"query": {"terms": {"brand": [""]}}}')
    body["query"]["terms"]["brand"] = ["x" * room]
    assert require_body(body, scripts=False)
    body["query"]["terms"]["brand"] = ["x" * (room + 1)]
    with pytest.raises(InputError, match="65,537 bytes; 65,536 are allowed"):
        require_body(body, scripts=False)


def test_the_depth_is_held_at_the_limit() -> None:
    deepest = {"query": nested_bools(MAX_CLAUSES_DEEP - 1)}
    assert require_body(deepest, scripts=False)
    with pytest.raises(InputError, match="20 clauses"):
        require_body({"query": nested_bools(MAX_CLAUSES_DEEP + 1)}, scripts=False)
    with pytest.raises(InputError, match="20 clauses"):
        require_body({"query": nested_bools(3_000)}, scripts=False)  # this would end the node
    flat: Any = {"match_all": {}}
    for _ in range(3_000):
        flat = [flat]
    with pytest.raises(InputError, match="20 clauses"):
        require_body({"query": {"bool": {"must": flat}}}, scripts=False)


@pytest.mark.parametrize(
    "body",
    [
        {"query": {"script_score": {"query": WORDS, "script": {"source": "1"}}}},
        {"query": {"function_score": {"script_score": {"script": "1"}}}},
        {"query": {"bool": {"filter": {"script": {"script": "true"}}}}},
        {"query": {"terms_set": {"tags": {"terms": ["a"], "minimum_should_match_script": {
            "source": "1"}}}}},
        {"script_fields": {"a": {"script": "1"}}},
        {"sort": [{"_script": {"type": "number", "script": "1"}}]},
        {"aggs": {"a": {"scripted_metric": {"map_script": "1"}}}},
        {"aggs": {"a": {"terms": {"field": "b"}, "aggs": {"c": {"bucket_script": {}}}}}},
        {"aggs": {"a": {"terms": {"script": {"id": "stored"}}}}},
        {"derived": {"x": {"type": "keyword", "script": "1"}}},
        {"search_pipeline": {"request_processors": [{"script": {}}]}},
    ],
)  # fmt: skip
def test_no_script_comes_in_over_http(body: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="over HTTP"):
        require_body(body, scripts=False)
    assert require_body(body, scripts=True)


def test_every_section_is_kept_rewritten_or_refused_and_none_is_two() -> None:
    assert not KEPT & REWRITTEN
    assert not (KEPT | REWRITTEN) & REFUSED.keys()


def test_sections_that_are_kept_stand_in_the_request() -> None:
    said = {
        "from": 3, "size": 9, "timeout": "2s", "track_total_hits": 77, "explain": True,
        "version": True, "fields": ["title"], "docvalue_fields": ["brand"], "stats": ["a"],
        "suggest": {"s": {"text": "a", "term": {"field": "title"}}}, "terminate_after": 5000,
        "post_filter": {"term": {"active": True}}, "script_fields": {"a": {"script": "1"}},
        "ext": {"ubi": {"query_id": "1"}}, "search_pipeline": "mine", "profile": True,
    }  # fmt: skip
    made = compiled({"query": WORDS, **said})
    assert {k: made.body[k] for k in said} == said
    assert len(made.notes) == 2, "the pipeline and the early end are pointed out"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (None, {"excludes": ["shelfsight"]}),
        (True, {"excludes": ["shelfsight"]}),
        (False, False),
        ("title", {"includes": ["title"], "excludes": ["shelfsight"]}),
        (["t*"], {"includes": ["t*"], "excludes": ["shelfsight"]}),
        ({"include": "t*", "exclude": "x"}, {"include": "t*", "excludes": ["x", "shelfsight"]}),
    ],
)
def test_our_columns_stay_out_of_the_answer(source: Any, shown: Any) -> None:
    body = {"query": WORDS} | ({} if source is None else {"_source": source})
    assert compiled(body).body["_source"] == shown


def test_a_name_of_no_choice_is_refused() -> None:
    with pytest.raises(InputError, match="keep, extend"):
        Wishes(recall="more")  # type: ignore[arg-type] # what a caller may give
    with pytest.raises(InputError, match="all, best"):
        Wishes(sorted="some")  # type: ignore[arg-type] # what a caller may give
