"""What counts as a match of Chinese words: a shared character is not a shared word."""

from typing import Any

import pytest
from query_shop import IDENTITY

from mappings.body import render
from mappings.calibration import Calibration
from mappings.schema import Schema
from query.intent import understand
from query.lexical import lexical_query
from query.request import SearchRequest
from query.signals import WORDS, Lexical

pytestmark = pytest.mark.node

TITLES = {
    "dress": "红色连衣裙",
    "skirt": "红色长裙",
    "bag": "黑色皮包",
    "shoe": "跑步鞋",
    "both": "女款 鞋 和 包",
}


@pytest.fixture(scope="module")
def shelf(client: Any) -> Any:
    name = "lexical-matches"
    client.indices.delete(index=name, ignore=404)
    client.indices.create(index=name, body=render(Schema(IDENTITY.dim), IDENTITY, Calibration({})))
    for key, title in TITLES.items():
        document = {"title": title, "brand": "红谷", "description": "一款好鞋"}
        client.index(index=name, id=key, body=document, refresh=True)
    yield name
    client.indices.delete(index=name)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("红色连衣裙", ["dress", "skirt"]),  # the bag shares one character of five
        ("黑色", ["bag"]),  # 色 alone is nothing
        ("裙", ["dress", "skirt"]),  # a query of one character is a word
        ("鞋", ["both", "shoe"]),
        ("跑步鞋", ["shoe"]),
        ("红谷", sorted(TITLES)),  # other columns are matched by pairs
    ],
)
def test_products_match_by_more_than_one_character(
    client: Any, shelf: str, text: str, found: list[str]
) -> None:
    intent = understand(SearchRequest(text))
    query = lexical_query(Lexical(WORDS), intent.text, intent.script)
    reply = client.search(index=shelf, body={"query": query})
    assert sorted(h["_id"] for h in reply["hits"]["hits"]) == found
