from typing import TYPE_CHECKING, Any

import pytest
from index_example import IDENTITY, SCHEMA, UNIT, body, document

from mappings.index import create
from mappings.product import parse_product
from mappings.vectors import ProductVectors

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

pytestmark = pytest.mark.node


@pytest.mark.parametrize(
    "change", [{"colour": "red"}, {"pictures": [{"path": "a.jpg", "alt": "red"}]}]
)
def test_the_strict_mapping_refuses_an_unknown_column(
    client: "OpenSearch", alias: str, change: dict[str, Any]
) -> None:
    from opensearchpy.exceptions import RequestError

    create(client, alias, IDENTITY, body())
    with pytest.raises(RequestError, match="strict_dynamic_mapping_exception"):
        client.index(index=alias, id="1", body=document() | change)


def test_a_whole_document_can_be_found_by_every_column(client: "OpenSearch", alias: str) -> None:
    create(client, alias, IDENTITY, body())
    client.index(index=alias, id="1", body=document(stock=0), refresh=True)
    queries: list[dict[str, Any]] = [
        {"match": {"title.zh": "运动"}},
        {"match": {"title.en": "shoe"}},
        {"match": {"brand.zh": "耐克"}},
        {"term": {"brand": "耐克 Nike"}},
        {"match": {"tag_words.zh": "白色"}},
        {"term": {"tags": "color=red"}},
        {"range": {"price": {"gte": 59, "lt": 60}}},
        {"term": {"stock": 0}},
        {"term": {"deleted": False}},
        {"range": {"coherence": {"gte": 0.4}}},
        {"term": {"content_hash": "h"}},
        {"term": {"write_order": 1}},
        {"knn": {"text_vector": {"vector": UNIT.tolist(), "k": 1}}},
        {"knn": {"attribute_vector": {"vector": UNIT.tolist(), "k": 1}}},
        {"knn": {"blend_vector": {"vector": [*UNIT.tolist(), 1.0, 0.0, 0.0, 0.0], "k": 1}}},
        {
            "nested": {
                "path": "pictures",
                "query": {"knn": {"pictures.vector": {"vector": UNIT.tolist(), "k": 1}}},
            }
        },
    ]
    counts = {
        str(query): client.count(index=alias, body={"query": query})["count"] for query in queries
    }
    assert set(counts.values()) == {1}, counts


def test_a_tombstone_is_taken(client: "OpenSearch", alias: str) -> None:
    create(client, alias, IDENTITY, body())
    grave = SCHEMA.document(
        parse_product({"id": "1", "deleted": True}), ProductVectors(), order=2, content_hash="h"
    )
    client.index(index=alias, id="1", body=grave, refresh=True)
    assert client.count(index=alias, body={"query": {"term": {"deleted": True}}})["count"] == 1


def tokens(client: "OpenSearch", alias: str, analyzer: str, text: str) -> list[str]:
    answer = client.indices.analyze(index=alias, body={"analyzer": analyzer, "text": text})
    return [token["token"] for token in answer["tokens"]]


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("运动鞋", ["运", "运动", "动", "动鞋", "鞋"], []),
        ("Women's running shoes", [], ["women", "run", "shoe"]),
        (
            "耐克 Nike 运动鞋 42",
            ["耐", "耐克", "克", "运", "运动", "动", "动鞋", "鞋"],
            ["nike", "42"],
        ),
        ("ＮＩＫＥ　鞋", ["鞋"], ["nike"]),
        ("the and of", [], []),
        ("スニーカー", ["ス", "スニ", "ニ", "ニー", "ー", "ーカ", "カ", "カー", "ー"], []),
        ("운동화", ["운", "운동", "동", "동화", "화"], []),
        ("T-shirt 100%棉", ["棉"], ["t", "shirt", "100"]),
    ],
)
def test_each_analyzer_keeps_the_tokens_of_its_own_script(
    client: "OpenSearch", alias: str, text: str, zh: list[str], en: list[str]
) -> None:
    create(client, alias, IDENTITY, body())
    assert tokens(client, alias, "shelf_zh_characters", text) == zh
    assert tokens(client, alias, "shelf_en", text) == en
    pairs = [token for token in zh if len(token) == 2]
    lone = [token for token in zh if not any(token in pair for pair in pairs)]
    assert sorted(tokens(client, alias, "shelf_zh", text)) == sorted(pairs + lone)
