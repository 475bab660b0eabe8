import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from api_server import serving, wait_for
from api_shop import Shop
from node_relay import Relay
from starlette.testclient import TestClient

from mappings.connection import Connection
from mappings.errors import InputError
from query.engine import SearchEngine
from query.model.request import SearchRequest
from query.model.result import SearchResult
from serve.limits import Limits
from serve.problems import NO_CATALOGUE
from serve.schemas import Health, Problem

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

pytestmark = pytest.mark.node
NewClient = Callable[[], "OpenSearch"]


def problem(http: TestClient, status: int, kind: str) -> Problem:
    answer = http.post("/search", json={"text": "red shoes"})
    assert answer.status_code == status, answer.text
    if status == 503:
        assert int(answer.headers["retry-after"]) > 0
    said = Problem.model_validate(answer.json())
    assert (said.type, said.status) == (kind, status)
    assert said.problem
    assert said.cure
    return said


def test_health_of_a_ready_service(http: TestClient, shop: Shop) -> None:
    answer = http.get("/health")
    assert answer.status_code == 200
    health = Health.model_validate(answer.json())
    assert (health.status, health.node, health.models_loaded) == ("ok", True, True)
    assert (health.alias, health.identity) == (shop.alias, shop.identity.digest)
    assert health.index.startswith(f"{shop.alias}-{shop.identity.digest}-")
    assert (health.problem, health.cure) == ("", "")


@pytest.mark.parametrize("path", ["/health", "/live"])
def test_who_asks_for_a_head_gets_one(http: TestClient, path: str) -> None:
    answer = http.head(path)
    assert answer.status_code == http.get(path).status_code == 200
    assert answer.content == b""


def test_while_models_load_the_service_answers_that_they_do(
    shop: Shop, own_client: NewClient
) -> None:
    loaded = threading.Event()

    def source() -> SearchEngine:
        assert loaded.wait(60)
        return shop.engine(own_client())

    with serving(source, wait=None) as http:
        assert http.get("/live").json() == {"status": "ok"}
        health = http.get("/health")
        assert health.status_code == 503
        assert int(health.headers["retry-after"]) > 0
        assert health.json()["status"] == "starting"
        assert not health.json()["models_loaded"]
        assert "being loaded" in problem(http, 503, "not_ready").problem
        loaded.set()
        assert wait_for(http, 200)["status"] == "ok"
        assert http.post("/search", json={"text": "red shoes"}).status_code == 200


def test_without_an_index_the_service_waits_for_one(shop: Shop, own_client: NewClient) -> None:
    nowhere = replace(shop, alias=f"{shop.alias}-none")
    with serving(lambda: nowhere.engine(own_client()), wait=503) as http:
        said = problem(http, 503, "not_ready")
        assert said.problem == NO_CATALOGUE
        assert "shelfsight ingest" in said.cure
        health = http.get("/health").json()
        assert (health["status"], health["node"]) == ("unavailable", True)


def test_an_engine_that_could_not_be_opened_is_tried_again(
    shop: Shop, own_client: NewClient
) -> None:
    attempts: list[int] = []

    def source() -> SearchEngine:
        attempts.append(1)
        if len(attempts) == 1:
            raise InputError("No catalogue has been prepared.", "Run `shelfsight ingest PATH`.")
        if len(attempts) == 2:
            raise RuntimeError("secret inside")
        return shop.engine(own_client())

    with serving(source, wait=200, limits=Limits(reopen=0.01)) as http:
        assert len(attempts) == 3
        assert http.post("/search", json={"text": "red shoes"}).status_code == 200
        assert len(attempts) == 3


def test_what_the_operator_forgot_is_not_the_clients_fault(own_client: NewClient) -> None:
    def source() -> SearchEngine:
        raise InputError("No catalogue has been prepared.", "Run `shelfsight ingest PATH`.")

    with serving(source, wait=503) as http:
        for _ in range(200):
            said = problem(http, 503, "not_ready")
            if "being loaded" not in said.problem:
                break
        assert said.problem == NO_CATALOGUE


def test_an_unforeseen_error_while_opening_is_logged_and_not_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def source() -> SearchEngine:
        raise RuntimeError("secret inside")

    with caplog.at_level(logging.WARNING), serving(source, wait=503) as http:
        assert "secret" not in problem(http, 503, "not_ready").problem
        assert "secret" not in http.get("/health").text
    assert any("the engine cannot be opened" in r.getMessage() for r in caplog.records)


def test_an_index_of_other_models_is_a_conflict(shop: Shop, own_client: NewClient) -> None:
    other = replace(shop.identity, text="other-model")
    with serving(lambda: shop.engine(own_client(), other), wait=503) as http:
        said = problem(http, 409, "identity_mismatch")
        assert "other models" in said.problem
        health = http.get("/health").json()
        assert (health["status"], health["node"]) == ("unavailable", True)
        assert "other models" in health["problem"]
        assert "other-model" not in said.problem + said.cure + health["problem"]


def test_when_another_models_index_is_swapped_in_its_models_are_loaded(
    shop: Shop, own_client: NewClient
) -> None:
    opened: list[int] = []

    def source() -> SearchEngine:
        opened.append(1)
        identity = replace(shop.identity, text="old-model") if len(opened) == 1 else None
        return shop.engine(own_client(), identity)

    with serving(source, wait=200, limits=Limits(reopen=0.01, reload=0.01)) as http:
        assert len(opened) == 2
        assert http.post("/search", json={"text": "red shoes"}).status_code == 200


def test_models_are_not_loaded_again_at_every_request(shop: Shop, own_client: NewClient) -> None:
    opened: list[int] = []

    def source() -> SearchEngine:
        opened.append(1)
        return shop.engine(own_client(), replace(shop.identity, text="old-model"))

    with serving(source, wait=503, limits=Limits(reopen=0.0)) as http:
        wait_for(http, 503)
        for _ in range(5):
            problem(http, 409, "identity_mismatch")
    assert len(opened) == 1


def test_a_node_that_is_down_is_said_with_when_to_try_again(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    def source() -> SearchEngine:
        return shop.engine(Connection("http://127.0.0.1:9").open())

    with caplog.at_level(logging.WARNING), serving(source, wait=503) as http:
        wait_for(http, 503)
        said = problem(http, 503, "node_unreachable")
        assert "127.0.0.1" not in said.problem + said.cure, (
            "where the node is, is nobody's business"
        )
        health = http.get("/health").json()
        assert (health["status"], health["node"], health["models_loaded"]) == (
            "unavailable",
            False,
            True,
        )
    assert any("127.0.0.1:9" in r.getMessage() for r in caplog.records), "the operator sees it"


def test_a_node_that_goes_away_between_two_searches(shop: Shop, node_url: str) -> None:
    address = urlsplit(node_url)
    assert address.hostname
    assert address.port
    relay = Relay(address.hostname, address.port)
    with serving(lambda: shop.engine(Connection(relay.url).open())) as http:
        assert http.post("/search", json={"text": "red shoes"}).status_code == 200
        relay.cut()
        problem(http, 503, "node_unreachable")
        assert http.get("/health").json()["node"] is False
        assert http.get("/live").status_code == 200


class Broken(SearchEngine):
    def search(self, request: SearchRequest) -> SearchResult:
        raise ZeroDivisionError("secret inside")


def test_an_error_that_nobody_foresaw_shows_nothing_of_ours(
    shop: Shop, own_client: NewClient
) -> None:
    with serving(lambda: Broken(own_client(), shop.alias, shop.identity)) as http:
        said = problem(http, 500, "internal")
        assert "secret" not in json.dumps(said.model_dump())


class Cold(SearchEngine):
    def __init__(self, client: Any, shop: Shop, begun: threading.Event) -> None:
        super().__init__(client, shop.alias, shop.identity, text=shop.text)
        self.begun = begun

    def warm(self) -> None:
        self.begun.set()
        raise RuntimeError("no dictionary")


def test_an_engine_that_cannot_be_warmed_answers_all_the_same(
    shop: Shop, own_client: NewClient, caplog: pytest.LogCaptureFixture
) -> None:
    begun = threading.Event()
    with (
        caplog.at_level(logging.WARNING),
        serving(lambda: Cold(own_client(), shop, begun)) as http,
    ):
        assert begun.wait(60)
        assert http.post("/search", json={"text": "red shoes"}).status_code == 200
    assert any("the engine cannot be warmed" in r.getMessage() for r in caplog.records)


def test_other_origins_are_let_in_only_when_named(shop: Shop, own_client: NewClient) -> None:
    origin = {"origin": "https://shop.example"}
    ask = origin | {
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    with serving(lambda: shop.engine(own_client())) as http:
        answer = http.post("/search", json={"text": "red"}, headers=origin)
        assert "access-control-allow-origin" not in answer.headers
        assert http.options("/search", headers=ask).status_code == 405
    with serving(lambda: shop.engine(own_client()), allow_origins=["https://shop.example"]) as http:
        assert (
            http.options("/search", headers=ask).headers["access-control-allow-origin"]
            == "https://shop.example"
        )
        too_big = http.post("/search", content=b" " * 70_000, headers=origin)
        assert too_big.status_code == 413
        assert too_big.headers["access-control-allow-origin"] == "https://shop.example"
        foreign = http.post(
            "/search", json={"text": "red"}, headers={"origin": "https://else.example"}
        )
        assert "access-control-allow-origin" not in foreign.headers


def test_searches_run_beside_each_other_over_kept_connections(
    http: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[int] = []

    def ask(number: int) -> None:
        found = http.post("/search", json={"text": f"red shoes {number}"})
        answers.append(found.status_code)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 16
    # A connection too many would be thrown away after one request, and opened anew for the next.
    assert not [r for r in caplog.records if "pool is full" in r.getMessage()]
