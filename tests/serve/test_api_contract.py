"""The result contract over HTTP: the same values as the engine's, and refusals that name things."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from api_shop import Shop, picture
from starlette.testclient import TestClient

from query.model.boosts import parse_boost
from query.model.diversity import Diversity
from query.model.facets import HistogramFacet, Range, RangesFacet, TermsFacet, parse_facet
from query.model.filters import EXACT, RANGED, parse_filter
from query.model.request import SearchRequest
from query.model.sorting import parse_sort
from serve.questions import _parse, _question
from serve.schemas import SearchAnswer

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

BODY: dict[str, Any] = {
    "text": "红色 shoes",
    "filters": ["brand=Nike,耐克"],
    "size": 3,
    "facets": ["brand", "price/50", {"attribute": "颜色"}],
    "sort": ["-price", "relevance"],
    "collapse": "brand",
    "min_score": 0.01,
    "reach": 200,
    "boosts": ["0.1 stock"],
    "buries": ["nobody"],
    "explain": True,
}
REQUEST = SearchRequest(
    "红色 shoes",
    filters=(parse_filter("brand=Nike,耐克"),),
    size=3,
    facets=tuple(map(parse_facet, ("brand", "price/50", "颜色"))),
    sort=parse_sort("-price,relevance"),
    collapse="brand",
    min_score=0.01,
    reach=200,
    boosts=(parse_boost("0.1 stock"),),
    buries=("nobody",),
    explain=True,
)


def test_every_field_of_a_body_becomes_the_requests() -> None:
    assert _question(_parse(json.dumps(BODY).encode()), ()) == REQUEST
    more = {"text": "x", "diversity": {"relevance": 0.5, "over": "text", "pool": 20}, "pins": ["1"]}
    expected = SearchRequest("x", diversity=Diversity(0.5, "text", 20), pins=("1",))
    assert _question(_parse(json.dumps(more).encode()), ()) == expected


@pytest.mark.parametrize(
    ("given", "facet"),
    [
        ("brand:7", TermsFacet(EXACT["brand"], size=7)),
        ({"column": "brand", "size": 7}, TermsFacet(EXACT["brand"], size=7)),
        ({"attribute": "a=b"}, TermsFacet(EXACT["tags"], "a=b")),
        ({"column": "price", "interval": 5.0}, HistogramFacet(RANGED["price"], 5.0)),
        (
            {"column": "price", "ranges": [{"high": 5.0}, {"low": 5.0}]},
            RangesFacet(RANGED["price"], (Range(None, 5.0), Range(5.0, None))),
        ),
    ],
)
def test_facets_are_written_or_objects(given: Any, facet: Any) -> None:
    body = json.dumps({"text": "x", "facets": [given]}).encode()
    assert _question(_parse(body), ()).facets == (facet,)


@pytest.mark.node
def test_the_answer_is_the_engines_own_in_every_part(
    http: TestClient, shop: Shop, client: "OpenSearch"
) -> None:
    answer = http.post("/search", json=BODY)
    assert answer.status_code == 200, answer.text
    got = answer.json()
    expected = json.loads(json.dumps(shop.engine(client).search(REQUEST).to_json()))
    for measured in ("took_ms", "encode_ms"):
        got.pop(measured)
        expected.pop(measured)
    assert got == expected
    assert got["execution"] == "window"
    assert {f["name"] for f in got["facets"]} == {"brand", "price", "颜色"}
    assert got["hits"][0]["explanation"]["zh"].startswith("第 1 名")
    assert SearchAnswer.model_validate(expected | {"took_ms": 0, "encode_ms": 0.0})


def pages(http: TestClient, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        answer = http.post("/search", json=body | {"cursor": cursor}).json()
        yield answer
        cursor = answer["next"]
        if not cursor:
            return


@pytest.mark.node
def test_all_hits_are_paged_to_by_cursor(http: TestClient) -> None:
    found = [h["id"] for page in pages(http, {"text": "红色", "size": 5}) for h in page["hits"]]
    whole = http.post("/search", json={"text": "红色", "size": 100}).json()
    assert found == [h["id"] for h in whole["hits"]]
    assert len(set(found)) == whole["reachable"] == len(found)


@pytest.mark.node
def test_a_form_asks_the_same(http: TestClient) -> None:
    fields = {
        "text": "红色",
        "facets": ["brand", '{"column": "price", "interval": 50}'],
        "sort": ["price", "-stock"],
        "boosts": ["0.1 stock", "0.1 new 30"],
        "min_score": "0.001",
        "reach": "100",
        "pins": '["shoes-red-Nike"]',
        "explain": "true",
    }
    files = {"pictures": ("a.png", picture("red"), "image/png")}
    answer = http.post("/search", data=fields, files=files)
    assert answer.status_code == 200, answer.text
    assert [f["name"] for f in answer.json()["facets"]] == ["brand", "price"]
    prices = [h["source"].get("price") for h in answer.json()["hits"]]
    assert prices == sorted(prices, key=lambda p: (p is None, p))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "facets": ({"facets": [f"a{n}" for n in range(17)]}, "facets is 17"),
    "facet of both": ({"facets": [{"column": "brand", "attribute": "x"}]}, "'brand'"),
    "facet of none": ({"facets": [{}]}, "column ''"),
    "facet of text": ({"facets": [{"column": "title"}]}, "'title' holds no values"),
    "facet of steps": ({"facets": [{"column": "brand", "interval": 1.0}]}, "'brand' cannot be"),
    "facet of all": (
        {"facets": [{"column": "price", "interval": 1.0, "ranges": [{"low": 1.0}]}]},
        "'price' cannot be counted",
    ),
    "facet in strange words": ({"facets": [{"field": "brand"}]}, "facets.0"),
    "sort": ({"sort": ["_source"]}, "sorting by '_source'"),
    "five sort keys": (
        {"sort": ["price", "added", "stock", "brand", "relevance"]},
        "sort is 5",
    ),
    "collapse": ({"collapse": "tags"}, "collapsed on 'tags'"),
    "min_score": ({"min_score": "high"}, "min_score"),
    "reach": ({"reach": 1_001}, "reach is 1001"),
    "cursor": ({"cursor": "nonsense"}, "'nonsense'"),
    "long cursor": ({"cursor": "x" * 16_385}, "cursor is 16385"),
    "diversity": ({"diversity": {"relevance": 2.0}}, "relevance is 2.0"),
    "diversity over": ({"diversity": {"over": "price"}}, "no vector 'price'"),
    "diversity pool": ({"diversity": {"pool": 201}}, "pool is 201"),
    "boost": ({"boosts": ["5 stock"]}, "5.0 points"),
    "nine boosts": ({"boosts": ["0.01 stock"] * 9}, "9 were given"),
    "script in a boost": ({"boosts": ["0.1 _score 0..1"]}, "no boost for"),
    "pins": ({"pins": [str(n) for n in range(21)]}, "pins is 21"),
    "buries": ({"buries": [str(n) for n in range(101)]}, "buries is 101"),
    "facets of": ({"facets_of": "everything"}, "'everything'"),
}


@pytest.mark.node
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_by_name(name: str, http: TestClient) -> None:
    more, named = REFUSED[name]
    answer = http.post("/search", json={"text": "红色"} | more)
    assert answer.status_code == 400, answer.text
    assert named in answer.json()["problem"]
    assert answer.json()["cure"]
