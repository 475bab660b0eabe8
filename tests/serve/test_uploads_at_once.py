"""Pictures of searches: how many are waited for at once, and how large they may be."""

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from api_server import serving
from api_shop import Shop, picture
from starlette.testclient import TestClient
from test_hostile_uploads import png, rows

from mappings.connection import Connection
from query.engine import SearchEngine
from serve.limits import Limits
from serve.schemas import Problem

pytestmark = pytest.mark.node
AT_ONCE = Limits().uploads


class Held:
    """A decoder that decodes nothing until it is let go."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.go = shop, threading.Event()

    def decode_many(self, contents: Sequence[bytes], *given: Any) -> Any:
        assert self.go.wait(60)
        return self.shop.uploads.decode_many(contents, *given)


def test_more_pictures_than_can_be_decoded_soon_are_told_to_come_again(
    shop: Shop, node_url: str
) -> None:
    held = Held(shop)
    statuses: list[int] = []

    def engine() -> SearchEngine:
        return SearchEngine(
            Connection(node_url).open(), shop.alias, shop.identity,
            text=shop.text, image=shop.image, decoder=held,
        )  # fmt: skip

    def send(http: TestClient, edge: int) -> None:
        answer = http.post("/search", files={"pictures": picture("red", edge)})
        statuses.append(answer.status_code)

    with serving(engine) as http:
        threads = [threading.Thread(target=send, args=(http, 40 + n)) for n in range(AT_ONCE + 20)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(600):
                if len(statuses) == 20:
                    break
                time.sleep(0.05)
            assert statuses == [429] * 20, "refused while the others wait"
            refused = http.post("/search", files={"pictures": picture("blue")})
            problem = Problem.model_validate(refused.json())
            assert (refused.status_code, problem.type) == (429, "too_busy")
            assert f"{AT_ONCE} requests with pictures" in problem.problem
            assert int(refused.headers["retry-after"]) > 0
            assert http.post("/search", json={"text": "red"}).status_code == 200
        finally:
            held.go.set()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200] * AT_ONCE + [429] * 20
        assert http.post("/search", files={"pictures": picture("red")}).status_code == 200


@pytest.mark.parametrize(("width", "status"), [(4_000, 200), (4_001, 400)])
def test_a_picture_of_a_search_has_at_most_16_million_pixels(
    http: TestClient, width: int, status: int
) -> None:
    content = png(width, 4_000, rows(width, 4_000))
    answer = http.post("/search", files={"pictures": content})
    assert answer.status_code == status, answer.text
    if status == 400:
        assert "4,001 x 4,000 pixels; 16,000,000 in all are allowed" in answer.json()["problem"]
