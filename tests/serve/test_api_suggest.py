"""``GET /suggest`` on a real node: what completes, and how bad input is answered."""

from collections.abc import Iterator
from typing import Any

import pytest
from api_server import serving
from api_shop import Shop
from starlette.testclient import TestClient

from mappings.connection import Connection
from query.engine import SearchEngine
from query.understand.catalogue_reading import catalogue_reading

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def understanding(shop: Shop, node_url: str) -> Iterator[TestClient]:
    def opened() -> SearchEngine:
        engine = shop.engine(Connection(node_url).open())
        engine.reading = catalogue_reading(engine.client, shop.alias, wait=30.0)
        return engine

    with serving(opened) as http:
        yield http


def test_completes_letters_and_initials(understanding: TestClient) -> None:
    answer = understanding.get("/suggest", params={"q": "lyq"})
    assert answer.status_code == 200
    assert answer.json()["suggestions"][0]["text"] == "连衣裙"
    assert answer.json()["suggestions"][0]["found"] == "initials"
    few = understanding.get("/suggest", params={"q": "r", "size": 1}).json()
    assert len(few["suggestions"]) == 1


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "'q' is missing"),
        ("q=a&size=0", "size is 0"),
        ("q=a&size=99", "size is 99"),
        ("q=a&size=x", "no whole number"),
        ("q=a&size=", "no whole number"),
        ("q=a&size=-1", "no whole number"),
        ("q=a&q=b", "given twice"),
        ("q=a&k=3", "'k' is not known"),
        (f"q={'a' * 201}", "201 characters"),
    ],
)
def test_bad_input_is_named(understanding: TestClient, query: str, named: str) -> None:
    answer = understanding.get(f"/suggest?{query}")
    assert answer.status_code == 400
    problem: dict[str, Any] = answer.json()
    assert named in problem["problem"]
    assert problem["cure"]


def test_a_search_says_what_was_understood(understanding: TestClient) -> None:
    answer = understanding.post("/search", json={"text": "red dress under $50"}).json()
    assert answer["understood"]["head"] == "dress"
    assert answer["understood"]["constraints"][0]["high"] == 50
    chosen = {"text": "red dress under $50", "understanding": {"treat": {"price": "off"}}}
    off = understanding.post("/search", json=chosen).json()
    assert [c["kind"] for c in off["understood"]["constraints"]] == ["colour"]


@pytest.mark.parametrize(
    ("understood", "named"),
    [
        ({"treat": {"smell": "hard"}}, "smell"),
        ({"treat": {"price": "firm"}}, "firm"),
        ({"spelling": True}, "spelling"),
        ({"rescue": "yes"}, "rescue"),
    ],
)
def test_a_bad_choice_is_named(
    understanding: TestClient, understood: dict[str, Any], named: str
) -> None:
    answer = understanding.post("/search", json={"text": "red", "understanding": understood})
    assert answer.status_code == 400
    assert named in answer.json()["problem"]
