import base64
import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from api_shop import COLOURS, Shop, picture
from starlette.testclient import TestClient

from query.model.filters import parse_filter
from query.model.request import SearchRequest
from serve.schemas import SearchAnswer

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

pytestmark = pytest.mark.node


def found(http: TestClient, **body: Any) -> dict[str, Any]:
    answer = http.post("/search", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ids(answer: dict[str, Any]) -> set[str]:
    return {hit["id"] for hit in answer["hits"]}


@pytest.mark.parametrize("text", ["红色运动鞋", "red shoes", "红色 shoes"])
def test_words_find_the_product_in_both_languages(http: TestClient, text: str) -> None:
    answer = found(http, text=text)
    assert {hit["id"] for hit in answer["hits"][:2]} == {"shoes-red-Nike", "shoes-red-耐克"}
    assert answer["degraded"] == []


def test_the_answer_is_the_engines_own(http: TestClient, shop: Shop, client: "OpenSearch") -> None:
    answer = found(http, text="蓝色连衣裙", filters=["brand=Nike"], size=3)
    request = SearchRequest("蓝色连衣裙", filters=(parse_filter("brand=Nike"),), size=3)
    expected = json.loads(json.dumps(shop.engine(client).search(request).to_json()))
    for measured in ("took_ms", "encode_ms"):
        answer.pop(measured)
        expected.pop(measured)
    assert answer == expected


def test_the_schema_has_every_field_of_the_engines_answer(shop: Shop, client: "OpenSearch") -> None:
    result = shop.engine(client).search(
        SearchRequest("红色", pictures=(picture("red"),), image_mode="best")
    )
    plain = result.to_json()
    assert result.hits[0].matched_picture is not None
    assert SearchAnswer.model_validate(plain).model_dump() == plain


def test_every_hit_says_what_its_score_is_made_of(http: TestClient) -> None:
    answer = found(http, text="红色运动鞋")
    assert len(answer["hits"]) == 12
    assert math.isclose(sum(answer["weights"].values()), 1.0)
    for hit in answer["hits"]:
        points = [c["points"] for c in hit["contributions"]]
        assert hit["score"] == pytest.approx(sum(points), abs=1e-5)
        for c in hit["contributions"]:
            assert c["points"] == pytest.approx(c["weight"] * c["calibrated"], abs=1e-6)
            assert c["weight"] == pytest.approx(answer["weights"][c["signal"]])
    assert answer["hits"][0]["source"]["title"]


def test_vectors_are_not_sent_over_the_wire(http: TestClient) -> None:
    assert "text_vector" not in json.dumps(found(http, text="红色"))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["brand=Nike"], 6),
        (["brand=Nike,耐克"], 12),
        ([{"column": "brand", "any_of": ["耐克"]}], 6),
        (["颜色=红色"], 4),
        ([{"attribute": "颜色", "any_of": ["红色", "白色"]}], 8),
        ([{"attribute": "颜色", "any_of": ["Rot, 红色"]}], 0),
        (["price=20..50"], 4),
        ([{"column": "price", "gte": 20, "lt": 50}], 3),
        ([{"column": "price", "gt": 20, "lte": 50.0}], 3),
        (["brand=Nike", {"column": "price", "lte": 30}], 2),
        (["brand=nobody"], 0),
    ],
)
def test_filters_bind_every_hit(http: TestClient, filters: list[Any], expected: int) -> None:
    answer = found(http, text="红色 运动鞋", filters=filters)
    assert len(answer["hits"]) == expected
    assert answer["total"] == expected
    for hit in answer["hits"]:
        if "brand=Nike" in filters:
            assert hit["source"]["brand"] == "Nike"


def test_pages_follow_each_other(http: TestClient) -> None:
    whole = [h["id"] for h in found(http, text="shoes")["hits"]]
    parts = [
        h["id"] for o in (0, 5, 10) for h in found(http, text="shoes", size=5, offset=o)["hits"]
    ]
    assert parts == whole
    assert found(http, text="shoes", size=0)["hits"] == []


def test_own_weights_and_profiles_are_used(http: TestClient) -> None:
    answer = found(http, text="红色", weights={"lexical": 1, "text": 3.0, "image": 0}, size=1)
    assert answer["weights"]["text"] == pytest.approx(3 * answer["weights"]["lexical"])
    assert "image" not in answer["weights"]
    assert found(http, text="红色", profile="two-term")["profile"] == "two-term"


@pytest.mark.parametrize("colour", COLOURS)
def test_an_uploaded_picture_finds_what_looks_like_it(http: TestClient, colour: str) -> None:
    answer = http.post("/search", files={"pictures": ("x.png", picture(colour), "image/png")})
    assert answer.status_code == 200, answer.text
    hits = answer.json()["hits"]
    assert all(f"-{colour}-" in hit["id"] for hit in hits[:4])
    assert {"picture_image", "picture_attribute"} <= set(answer.json()["weights"])


def test_a_picture_as_base64_is_the_same_as_an_upload(http: TestClient) -> None:
    encoded = base64.b64encode(picture("blue")).decode()
    uploaded = http.post("/search", files={"pictures": picture("blue")}).json()
    for sent in (encoded, f"data:image/png;base64,{encoded}"):
        assert found(http, pictures=[sent])["hits"] == uploaded["hits"]


def test_picture_and_words_and_everything_else_in_one_form(http: TestClient) -> None:
    answer = http.post(
        "/search",
        data={
            "text": "连衣裙",
            "filters": ["brand=Nike", '{"column": "price", "lt": 1000}'],
            "size": "2",
            "offset": "1",
            "weights": '{"picture_image": 1, "lexical": 0.5}',
            "similarity": '{"text": "dot"}',
            "image_mode": "best",
            "profile": "default",
        },
        files=[("pictures", picture("red")), ("pictures", picture("red", 64))],
    )
    assert answer.status_code == 200, answer.text
    assert [h["source"]["brand"] for h in answer.json()["hits"]] == ["Nike", "Nike"]
    assert answer.json()["hits"][0]["matched_picture"]["path"].endswith(".png")


def test_a_form_without_a_picture_is_read_too(http: TestClient) -> None:
    part = 'Content-Disposition: form-data; name="text"'
    answer = http.post(
        "/search",
        content=f"--x\r\n{part}\r\n\r\n红色\r\n--x--\r\n".encode(),
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["hits"]


@pytest.mark.parametrize(
    "text", ["红色\x00运动鞋", "红色\u202e鞋", "🏃 shoes", "ｓｈｏｅｓ", "a" * 200]
)
def test_odd_text_is_searched_and_breaks_nothing(http: TestClient, text: str) -> None:
    assert found(http, text=text)["hits"]


@pytest.mark.parametrize(
    "text", ['" OR 1=1', "brand:Nike AND *", "/.*/", "title:(a b)~5^9", "{{}} ${x}", "\\", "*"]
)
def test_query_syntax_means_nothing(http: TestClient, text: str) -> None:
    answer = found(http, text=text)
    assert answer["total"] == 12, "the nearest vectors, whatever the words"
