"""What counts as a match of Chinese words: a shared character is not a shared word."""

from typing import Any

import pytest
from query_shop import IDENTITY

from mappings.body import render
from mappings.calibration import Calibration
from mappings.schema import Schema
from query.model.intent import understand
from query.model.request import SearchRequest
from query.model.signals import WORDS, Lexical
from query.plan.lexical import lexical_query
from query.understand.chinese import is_cjk

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


APART = ["红色连衣裙", "黑色皮包", "女款红色跑步鞋", "红谷连衣裙 dress"]


@pytest.mark.parametrize("text", APART)
def test_matching_apart_from_scoring_changes_no_match(client: Any, shelf: str, text: str) -> None:
    intent = understand(SearchRequest(text))
    told, apart = (
        lexical_query(Lexical(WORDS), intent.text, intent.script, summed=summed)
        for summed in (False, True)
    )
    together = _together(apart)
    assert together != apart
    found = [
        client.search(index=shelf, body={"query": q})["hits"]["hits"]
        for q in (told, together, apart)
    ]
    assert found[0]
    ids = [[h["_id"] for h in hits] for hits in found]
    assert sorted(ids[0]) == sorted(ids[1]) == sorted(ids[2])
    assert ids[1][0] == ids[2][0]


@pytest.mark.parametrize("text", APART)
def test_candidates_are_scored_by_characters_without_their_pairs(
    client: Any, shelf: str, text: str
) -> None:
    query = lexical_query(Lexical(WORDS), text, "zh", summed=True)
    assert query is not None
    title = query["bool"]["should"][0]["bool"]
    filtered, scored = (
        one["match"]["title.zh"]["query"] for one in (*title["filter"], *title["must"])
    )
    tokens = [
        [t["token"] for t in client.indices.analyze(
            index=shelf, body={"field": "title.zh", "text": asked}
        )["tokens"]]
        for asked in (filtered, scored)
    ]  # fmt: skip
    assert tokens[1] == [c for c in text if is_cjk(c)] == [t for t in tokens[0] if len(t) == 1]
    assert any(len(t) == 2 for t in tokens[0])


@pytest.mark.parametrize("characters", [60, 61, 200])
def test_the_server_takes_what_finds_the_candidates_of_the_longest_texts(
    client: Any, shelf: str, characters: int
) -> None:
    text = "".join(chr(0x4E00 + n) for n in range(characters))
    query = lexical_query(Lexical(WORDS), text, "zh", summed=True)
    assert client.search(index=shelf, body={"query": query})["hits"]["hits"] == []


def _together(query: Any) -> Any:
    """Return the query with each clause that asks apart put back into one."""
    if isinstance(query, list):
        return [_together(part) for part in query]
    if not isinstance(query, dict):
        return query
    own = query.get("bool")
    if isinstance(own, dict) and "must" in own:
        return own["filter"][0]
    return {key: _together(part) for key, part in query.items()}
