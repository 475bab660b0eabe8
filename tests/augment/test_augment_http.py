"""POST /augment: what a shop that is not in Python sends, gets and then asks the engine itself."""

import time
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from augment_grammar import Grammar
from augment_law import hold
from augment_shop import IDENTITY, WORDS
from starlette.testclient import TestClient

from mappings.attach import Attachment
from mappings.errors import InputError
from query import Augmenter, augment
from query.augmenting.augmented import Augmented
from serve.app import create_app

pytestmark = pytest.mark.node
QUERY = {
    "bool": {"must": [{"match": {"title": "red dress"}}], "filter": [{"term": {"active": True}}]}
}
BODY = {"query": QUERY, "aggs": {"b": {"terms": {"field": "brand"}}}, "size": 10}


def no_engine() -> NoReturn:
    raise InputError("There is no catalogue here.", "Only an attached index.")


@pytest.fixture(scope="module")
def opened(client: Any, attached: Attachment) -> Augmenter:
    return Augmenter(client, attached.index, IDENTITY, text=WORDS)


@pytest.fixture(scope="module")
def http(opened: Augmenter) -> Iterator[TestClient]:
    name = opened.index
    app = create_app(no_engine, augmenter_source=lambda _: opened, attached=(name,))
    with TestClient(app, raise_server_exceptions=False) as asking:
        for _ in range(200):
            if asking.post("/augment", json={"body": BODY, "text": "red"}).status_code == 200:
                break
            time.sleep(0.05)
        yield asking


def problem(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.json()["cure"]
    return str(answer.json()["problem"])


# The grammar's bodies may sort by _id, of which a node warns once.
@pytest.mark.filterwarnings("ignore:Loading the fielddata on the _id field")
def test_the_answer_is_pythons_and_the_engine_takes_it(
    http: TestClient, client: Any, opened: Augmenter, attached: Attachment
) -> None:
    held = 0
    for seed in range(30):
        body = Grammar(seed).body()
        asked = {"body": body, "text": "red cotton dress", "recall": ["keep", "extend"][seed % 2]}
        answer = http.post("/augment", json=asked)
        made = _pythons(opened, body, asked["recall"])
        if isinstance(made, InputError):
            assert problem(answer, 400) == made.problem[:600]
            continue
        if answer.status_code == 400:
            assert "over HTTP" in answer.text
            continue
        assert answer.json() == made.to_json()
        if "highlight" not in body:
            hold(client, attached.index, made, attached.mapping)
        held += 1
    assert held > 8


def _pythons(opened: Augmenter, body: Any, recall: Any) -> Augmented | InputError:
    try:
        return augment(body, on=opened, text="red cotton dress", recall=recall)
    except InputError as error:
        return error


def test_the_body_is_not_executed(http: TestClient, client: Any, opened: Augmenter) -> None:
    """It is compiled, whatever it would find; the engine sees it first when the shop sends it."""
    before = client.indices.stats(index=opened.index, metric="search")["_all"]["total"]["search"]
    assert http.post("/augment", json={"body": BODY, "text": "red"}).status_code == 200
    after = client.indices.stats(index=opened.index, metric="search")["_all"]["total"]["search"]
    assert before["query_total"] == after["query_total"]


def test_a_shop_sends_what_it_got(http: TestClient, client: Any, opened: Augmenter) -> None:
    made = http.post("/augment", json={"body": BODY, "text": "red dress"}).json()
    answer = client.search(index=made["index"], body=made["body"])
    own = client.search(index=opened.index, body=BODY)
    assert answer["hits"]["total"] == own["hits"]["total"]
    assert answer["aggregations"] == own["aggregations"]
    assert made["template"]["id"] == f"shelfsight-{opened.index}-v1"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"body": {"query": {"script_score": {"query": {"match_all": {}}}}}}, "over HTTP"),
        ({"body": {"script_fields": {"a": {"script": "1"}}}}, "over HTTP"),
        ({"body": {"query": {"wrapper": {"query": "e30="}}}}, "base64"),
        ({"body": {"knn": {}}}, "Elasticsearch"),
        ({"body": BODY, "sorted": "best"}, "second request"),
        ({"body": BODY, "recall": "more"}, "recall"),
        ({"body": BODY, "scale": 0}, "scale"),
        ({"body": BODY, "profile": "none"}, "no profile 'none'"),
        ({"body": BODY, "weights": {"luck": 1.0}}, "no signal 'luck'"),
        ({"body": BODY, "text": "x" * 201}, "201 characters"),
        ({"body": BODY, "text": ""}, "empty"),
        ({"body": BODY, "pictures": ["%%"]}, "pictures.0"),
        ({"body": BODY, "index": "other"}, "no bodies for 'other'"),
        ({"body": [BODY]}, "body"),
        ({"body": BODY, "verbose": True}, "verbose"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    http: TestClient, asked: dict[str, Any], says: str
) -> None:
    assert says in problem(http.post("/augment", json={"text": "red"} | asked), 400)


def test_the_caps_hold_over_http(http: TestClient) -> None:
    deep: dict[str, Any] = {"match_all": {}}
    for _ in range(30):
        deep = {"bool": {"must": [deep]}}
    assert "20 clauses" in problem(http.post("/augment", json={"body": {"query": deep}}), 400)
    long = '{"body": {"query": ' + '{"bool": {"must": [' * 3_000 + "]}}" * 3_000 + "}}"
    answer = http.post("/augment", content=long.encode(), headers={
        "content-type": "application/json"})  # fmt: skip
    assert answer.status_code in (400, 413), answer.status_code
    wide = {"body": {"query": {"terms": {"brand": ["x" * 70_000]}}}, "text": "a"}
    assert "64 KB" in problem(http.post("/augment", json=wide), 413)
    assert http.post("/augment", content=b"x").status_code == 415


def test_without_anything_attached_it_says_how() -> None:
    with TestClient(create_app(no_engine), raise_server_exceptions=False) as http:
        answer = http.post("/augment", json={"body": BODY, "text": "red"})
        assert answer.status_code == 400
        assert "--attached" in answer.json()["cure"]


def test_an_index_that_cannot_be_opened_is_told_and_tried_again() -> None:
    from serve.limits import Limits

    tries: list[str] = []

    def fails(name: str) -> NoReturn:
        tries.append(name)
        raise InputError("Shelfsight is not attached to it.", "Attach it.")

    app = create_app(no_engine, augmenter_source=fails, attached=("a",), limits=Limits(reopen=0.0))
    with TestClient(app, raise_server_exceptions=False) as http:
        for _ in range(200):
            answer = http.post("/augment", json={"body": BODY, "text": "red"})
            if "cannot be augmented yet" in answer.text:
                break
            time.sleep(0.01)
        assert answer.json()["type"] == "not_ready"
        assert answer.headers["retry-after"]
        for _ in range(200):
            if len(tries) > 2:
                break
            http.post("/augment", json={"body": BODY, "text": "red"})
            time.sleep(0.01)
        assert len(tries) > 2


def test_pictures_count_beside_words(client: Any, attached: Attachment) -> None:
    import numpy as np

    from encoders.picture_size import PictureSize

    class Eye:
        size = PictureSize(8)
        card = WORDS.card

        def encode_query(self, items: Any) -> Any:
            return WORDS.encode_query(["blue lamp" for _ in items])

        encode_products = encode_query

    class Decoder:
        def decode_many(self, contents: Any, size: Any, boxes: Any = ()) -> Any:
            return [np.zeros((8, 8, 3), np.uint8) for _ in contents]

    both = Augmenter(client, attached.index, IDENTITY, text=WORDS, image=Eye(), decoder=Decoder())
    made = both.augment(BODY, text="red dress", image=b"a picture")
    assert isinstance(made, Augmented)
    assert {"picture_image", "picture_attribute", "text"} <= made.weights.keys()
    hold(client, attached.index, made, attached.mapping)
    blind = Augmenter(client, attached.index, IDENTITY, text=WORDS)
    made = blind.augment(BODY, text="red dress", image=b"a picture")
    assert made.degraded == ("picture",)
    assert "picture_image" not in made.weights
