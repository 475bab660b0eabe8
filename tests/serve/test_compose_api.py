"""Examples, directions, boxes and fusions over HTTP."""

import base64
import json
from typing import Any

import pytest
from api_shop import picture
from starlette.testclient import TestClient

pytestmark = pytest.mark.node


def ask(http: TestClient, **body: Any) -> dict[str, Any]:
    answer = http.post("/search", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def refused(http: TestClient, **body: Any) -> dict[str, Any]:
    answer = http.post("/search", json=body)
    assert answer.status_code == 400, answer.text
    return dict(answer.json())


def ids(answer: dict[str, Any]) -> list[str]:
    return [hit["id"] for hit in answer["hits"]]


def test_more_like_this_by_id(http: TestClient) -> None:
    answer = ask(http, like=["shoes-red-Nike"], size=5)
    assert "shoes-red-Nike" not in ids(answer)
    assert "shoes-red-耐克" in ids(answer)
    assert "picture_image" in answer["weights"]
    several = ask(http, like=["shoes-red-Nike", "dress-blue-Nike"], picture_weights=[3, 1])
    assert not {"shoes-red-Nike", "dress-blue-Nike"} & set(ids(several))


def test_an_unknown_product_is_named(http: TestClient) -> None:
    problem = refused(http, like=["nobody"])
    assert "no product 'nobody'" in problem["problem"]


def test_a_picture_with_a_direction_a_box_and_words_as_json_and_as_a_form(
    http: TestClient,
) -> None:
    shown = picture("red")
    given: dict[str, Any] = {
        "text": "鞋", "also": ["shoes"], "but": "blue", "without": "red", "strength": 0.5,
        "picture_weights": [1.0], "boxes": [[0.1, 0.1, 0.9, 0.9]],
    }  # fmt: skip
    as_json = ask(http, pictures=[base64.b64encode(shown).decode()], **given)
    form = {k: v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}
    form["also"] = "shoes"
    answer = http.post("/search", data=form, files={"pictures": ("a.png", shown, "image/png")})
    assert answer.status_code == 200, answer.text
    assert ids(as_json) == ids(answer.json())
    assert as_json["hits"] == answer.json()["hits"]


def test_a_box_changes_what_is_seen(http: TestClient) -> None:
    shown = base64.b64encode(picture("red", 96)).decode()

    def scores(**more: Any) -> list[float]:
        return [hit["score"] for hit in ask(http, pictures=[shown], **more)["hits"]]

    assert scores() == scores(boxes=[None])
    assert scores() != scores(boxes=[[0.3, 0.3, 0.7, 0.7]])


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"boxes": [[0.5, 0.5, 0.2, 0.9]]}, "no part of a picture"),
        ({"boxes": [[0.5, 0.5]]}, "boxes.0 has 2 numbers"),
        ({"boxes": [None, None]}, "2 boxes for 1 pictures"),
        ({"picture_weights": [1, 1]}, "2 picture weights for 1"),
        ({"strength": 4.5}, "strength is 4.5"),
        ({"fusion": "best"}, "no fusion 'best'"),
        ({"fusion": "rrf:depth=0"}, "depth is 0"),
        ({"like": ["a"] * 9}, "like is 9"),
    ],
)
def test_what_is_out_of_bounds_is_named(http: TestClient, more: dict[str, Any], why: str) -> None:
    shown = base64.b64encode(picture("red")).decode()
    assert why in refused(http, pictures=[shown], **more)["problem"]


@pytest.mark.parametrize("address", ["https://example.org/a.jpg", "HTTP://a", "file:///etc/passwd"])
def test_an_address_instead_of_a_picture_is_not_fetched(http: TestClient, address: str) -> None:
    problem = refused(http, pictures=[address])
    assert "only uploads and stored pictures" in problem["problem"]
    assert "like" in problem["cure"]
