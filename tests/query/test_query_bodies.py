"""Every branch of the compiler, as a checked-in body; ``REWRITE_GOLDEN=1`` writes them anew."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from query_shop import BLEND, CALIBRATION, DIM

from mappings.calibration import Calibration
from mappings.product import Product
from mappings.schema import Schema
from mappings.vectors import ProductVectors
from query.encode.query_vectors import QueryVectors
from query.model.filters import parse_filter
from query.model.intent import understand
from query.model.profiles import BUILT_IN, DEFAULT
from query.model.request import SearchRequest
from query.plan.compiler import compile_plan
from query.plan.plan import Plan

GOLDEN = Path(__file__).parent / "golden"
TEXT = np.eye(DIM, dtype=np.float32)[0]
PICTURE = np.eye(DIM, dtype=np.float32)[1]
SEEN = np.eye(DIM, dtype=np.float32)[2]
FILTERS = (parse_filter("brand=Acme,Bell"), parse_filter("price<50"), parse_filter("颜色=红色"))
PIC = (b"picture",)

CASES: dict[str, tuple[SearchRequest, dict[str, Any]]] = {
    "words_blend": (SearchRequest("红色连衣裙"), {}),
    "words_seen": (SearchRequest("frock"), {"seen": True}),
    "words_seen_legs": (SearchRequest("frock"), {"seen": True, "blend": None}),
    "words_seen_best": (SearchRequest("frock", image_mode="best"), {"seen": True}),
    "words_legs": (SearchRequest("red dress"), {"blend": None}),
    "words_mixed_filters": (SearchRequest("Nike 运动鞋", filters=FILTERS), {}),
    "words_legs_filters": (SearchRequest("dress", filters=FILTERS), {"blend": None}),
    "words_other_weights": (SearchRequest("dress", weights={"image": 3.0}), {}),
    "words_no_text_vector": (SearchRequest("dress"), {"without": ("text", "image", "attribute")}),
    "no_word": (SearchRequest("!!!"), {}),
    "picture": (SearchRequest(pictures=PIC), {}),
    "picture_filters": (SearchRequest(pictures=PIC, filters=FILTERS), {}),
    "picture_and_words": (SearchRequest("dress", pictures=PIC), {}),
    "best": (SearchRequest("dress", image_mode="best", filters=FILTERS), {}),
    "best_picture_and_words": (SearchRequest("dress", pictures=PIC, image_mode="best"), {}),
    "best_raw": (SearchRequest("dress", image_mode="best", profile="two-term"), {}),
    "two_term": (SearchRequest("dress", profile="two-term"), {}),
    "three_term": (SearchRequest("dress", pictures=PIC, profile="three-term"), {}),
    "similarities": (
        SearchRequest("dress", similarity={"text": "euclidean", "image": "dot"}),
        {},
    ),
    "uncalibrated_index": (SearchRequest("dress"), {"calibration": Calibration({})}),
    "page_3": (SearchRequest("dress", offset=48, size=24), {}),
    "beyond_the_window": (SearchRequest("dress", offset=900, size=100), {}),
    "longest": (SearchRequest("红" * 200, filters=FILTERS * 10), {}),
}


def plan_of(name: str) -> Plan:
    request, how = CASES[name]
    vectors = QueryVectors(
        TEXT if request.text else None,
        PICTURE if request.pictures else None,
        SEEN if how.get("seen") else None,
    )
    return compile_plan(
        understand(request),
        vectors,
        BUILT_IN[str(request.profile)] if request.profile != "default" else DEFAULT,
        Schema(DIM, how.get("blend", BLEND)),
        how.get("calibration", CALIBRATION),
        without=how.get("without", ()),
    )


@pytest.mark.parametrize("name", CASES)
def test_the_body_is_the_checked_in_one(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    body = json.dumps(plan_of(name).body, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(body, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == body


def test_there_is_a_golden_body_for_every_branch_and_no_other() -> None:
    assert {p.stem for p in GOLDEN.glob("*.json")} == set(CASES)


ALLOWED = {
    "bool", "constant_score", "dis_max", "exists", "knn", "match", "match_all", "match_none",
    "multi_match", "nested", "ids", "range", "script_score", "term", "terms",
}  # fmt: skip
# Query types inside one another. Best-of-pictures inside a leg of a filtered request is the
# deepest: bool > constant_score > nested > knn > bool > terms. The server dies at thousands.
DEEPEST = 6


def clauses(query: dict[str, Any], depth: int = 1) -> Iterator[tuple[str, Any, int]]:
    """Every query of a clause, with its depth; an unknown type is an assertion error."""
    assert len(query) == 1, query.keys()
    ((kind, inside),) = query.items()
    assert kind in ALLOWED, kind
    yield kind, inside, depth
    inner: list[dict[str, Any]] = []
    if kind == "bool":
        for occur in ("must", "should", "filter", "must_not"):
            inner += inside.get(occur, [])
    elif kind == "constant_score":
        inner = [inside["filter"]]
    elif kind == "dis_max":
        inner = inside["queries"]
    elif kind in ("nested", "script_score"):
        inner = [inside["query"]]
    elif kind == "knn":
        inner = [leg["filter"] for leg in inside.values() if "filter" in leg]
    for child in inner:
        yield from clauses(child, depth + 1)


def queries(body: dict[str, Any]) -> Iterator[tuple[str, Any, int]]:
    yield from clauses(body["query"])
    yield from clauses(body["rescore"]["query"]["rescore_query"])


@pytest.mark.parametrize("name", CASES)
def test_bodies_hold_allowed_queries_only_and_are_shallow(name: str) -> None:
    assert max(depth for _, _, depth in queries(plan_of(name).body)) <= DEEPEST


def scripts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("source"), str):
            yield node
        for value in node.values():
            yield from scripts(value)
    elif isinstance(node, list):
        for value in node:
            yield from scripts(value)


HOSTILE = 'x"}]}; ctx._source.remove("a") AND title:(/.*/) \'}} params.q_text doc[0]'


def strings(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield path, str(key)
            yield from strings(value, (*path, str(key)))
    elif isinstance(node, list):
        for value in node:
            yield from strings(value, path)


@pytest.mark.parametrize("blend", [BLEND, None])
@pytest.mark.parametrize("mode", ["pooled", "best"])
def test_what_a_person_types_reaches_the_engine_as_words_and_terms_only(
    blend: Any, mode: Any
) -> None:
    request = SearchRequest(
        HOSTILE, pictures=PIC, filters=(parse_filter(f"颜色={HOSTILE}"),), image_mode=mode
    )
    plan = compile_plan(
        understand(request), QueryVectors(TEXT, PICTURE), DEFAULT, Schema(DIM, blend), CALIBRATION
    )
    seen = {path[-1] for path, text in strings(plan.body) if "remove" in text}
    assert seen == {"query", "tags"}
    assert all("remove" not in s["source"] for s in scripts(plan.body))


def test_a_scripts_text_does_not_depend_on_values() -> None:
    def sources(text: str, weights: dict[str, float]) -> list[str]:
        request = SearchRequest(text, weights=weights)
        vectors = QueryVectors(PICTURE if weights else TEXT)
        plan = compile_plan(understand(request), vectors, DEFAULT, Schema(DIM, BLEND), CALIBRATION)
        return [s["source"] for s in scripts(plan.body)]

    assert sources("red", {}) == sources("完全不同", {"text": 0.31, "lexical": 0.29})


@pytest.mark.parametrize("name", CASES)
def test_every_leg_is_filtered_and_no_hit_is_a_tombstone(name: str) -> None:
    request, _ = CASES[name]
    body = plan_of(name).body
    wanted = [f.clause() for f in request.filters]
    tombstones = {"term": {"deleted": True}}
    top = body["query"]["bool"]
    assert tombstones in top["must_not"]
    assert all(clause in top.get("filter", []) for clause in wanted)
    for kind, inside, _ in queries(body):
        if kind == "knn":
            for leg in inside.values():
                # No filter where nothing is filtered: it would cost a look at every product.
                assert leg.get("filter") == ({"bool": {"filter": wanted}} if wanted else None)


def test_a_tombstone_has_nothing_that_a_leg_could_find() -> None:
    gone, schema = Product(id="1", title="red bag", deleted=True), Schema(DIM, BLEND)
    vectors = ProductVectors(text=TEXT, image=TEXT, attribute=TEXT, coherence=1.0)
    document = schema.document(gone, vectors, order=2, content_hash="x")
    assert set(document) == {"deleted", "write_order", "content_hash"}


def test_the_window_and_the_legs_do_not_depend_on_the_page() -> None:
    first, third = plan_of("words_blend"), plan_of("page_3")
    assert first.window == third.window == 160
    assert first.legs == third.legs == ("blend",)
    assert plan_of("words_legs").legs == ("text", "image", "attribute")
    assert plan_of("words_legs").window == 550


def test_the_blend_is_used_near_its_own_weights_only() -> None:
    assert plan_of("words_other_weights").legs == ("text", "image", "attribute")
    assert plan_of("two_term").legs == ("image",)
    assert plan_of("picture_and_words").legs == ("blend", "picture_image", "picture_attribute")
    assert plan_of("similarities").legs == ("text", "image", "attribute")


def test_every_search_has_a_timeout() -> None:
    for name in CASES:
        assert plan_of(name).body["timeout"] == "1000ms"
