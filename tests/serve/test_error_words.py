"""What a client is told of an operator's troubles: fixed words. The log tells the operator all."""

import io
import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from api_server import serving
from api_shop import Shop
from starlette.testclient import TestClient

from encoders.speech.registry import load_transcriber
from mappings.connection import Connection
from mappings.errors import (
    CatalogueUnavailable,
    IdentityMismatch,
    InputError,
    NodeUnreachable,
    ShelfsightError,
    StackError,
    UnknownModel,
)
from query.engine import SearchEngine
from query.opensearch.client import IndexGone, LegFailed
from serve.app import create_app
from serve.limits import Limits
from serve.problems import problem_of

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

SECRET = "/home/anna/spaces at http://10.1.2.3:9200 of 'rivals-catalogue' by site-packages/x.py:7"
INSIDE = ("anna", "10.1.2.3", "rivals", "site-packages", "Traceback", "0x", ".py")
ERRORS: tuple[Callable[[], Exception], ...] = (
    lambda: InputError(SECRET, SECRET),
    lambda: UnknownModel(SECRET, SECRET),
    lambda: CatalogueUnavailable(SECRET, SECRET),
    lambda: IdentityMismatch(SECRET, SECRET),
    lambda: NodeUnreachable(SECRET, SECRET),
    lambda: StackError(SECRET, SECRET),
    lambda: RuntimeError(SECRET),
)


def every_answer(http: TestClient) -> Iterator[Any]:
    """Ask every route, with what it takes."""
    yield http.get("/health")
    yield http.get("/suggest?q=red")
    yield http.post("/search", json={"text": "red"})
    yield http.post("/search", json={"like": ["1"]})
    yield http.post("/augment", json={"body": {}, "text": "red"})
    yield http.post("/augment", json={"body": {}, "text": "red", "index": "another"})
    yield http.post("/transcribe", files={"audio": ("a.wav", b"RIFF", "audio/wav")})


def require_silence(answer: Any) -> None:
    told = answer.text + json.dumps(dict(answer.headers))
    assert answer.status_code >= 400
    for word in INSIDE:
        assert word not in told, told
    said = answer.json()
    assert said["problem"]
    assert said["cure"]


def ready(http: TestClient) -> None:
    """Wait until nothing is being opened any more; a bounded wait, not a measured time."""
    for _ in range(200):
        texts = [http.post("/search", json={"text": "a"}).text,
                 http.post("/augment", json={"body": {}, "text": "a"}).text]  # fmt: skip
        if not any("being loaded" in text for text in texts):
            return
        time.sleep(0.02)
    raise AssertionError(texts)


@pytest.mark.parametrize("error", ERRORS)
def test_what_cannot_be_opened_is_told_in_fixed_words(
    error: Callable[[], Exception], caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> NoReturn:
        raise error()

    app = create_app(
        fails, transcriber_source=fails, augmenter_source=fails,
        attached=("rivals-catalogue",), limits=Limits(reopen=60.0),
    )  # fmt: skip
    with (
        caplog.at_level(logging.WARNING),
        TestClient(app, raise_server_exceptions=False) as http,
    ):
        ready(http)
        for answer in every_answer(http):
            require_silence(answer)
    assert any("10.1.2.3" in r.getMessage() or r.exc_info for r in caplog.records)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (CatalogueUnavailable(SECRET, SECRET), 503, "not_ready"),
        (UnknownModel(SECRET, SECRET), 503, "not_ready"),
        (IdentityMismatch(SECRET, SECRET), 409, "identity_mismatch"),
        (NodeUnreachable(SECRET, SECRET), 503, "node_unreachable"),
        (StackError(SECRET, SECRET), 503, "stack"),
        (LegFailed(SECRET, SECRET), 503, "stack"),
        (IndexGone(SECRET, SECRET), 503, "stack"),
        (ShelfsightError(SECRET, SECRET), 503, "stack"),
    ],
)
def test_an_operators_error_is_a_kind_and_no_more(
    error: ShelfsightError, status: int, kind: str
) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.type) == (status, kind)
    assert not any(word in problem.problem + problem.cure for word in INSIDE)
    assert problem.cure


@pytest.mark.node
def test_an_alias_of_several_indices_does_not_tell_their_names(
    shop: Shop, node_url: str, client: "OpenSearch", caplog: pytest.LogCaptureFixture
) -> None:
    alias = f"several-{uuid.uuid4().hex[:8]}"
    names = [f"rivals-catalogue-{alias}-{n}" for n in (1, 2)]
    several = replace(shop, alias=alias)
    try:
        for name in names:
            client.indices.create(index=name, body={"aliases": {alias: {}}})
        with (
            caplog.at_level(logging.WARNING),
            serving(lambda: several.engine(Connection(node_url).open()), wait=503) as http,
        ):
            ready(http)
            for path in ("/health", "/suggest?q=red"):
                require_silence(http.get(path))
            require_silence(http.post("/search", json={"text": "red"}))
        assert any(names[0] in r.getMessage() for r in caplog.records), "the operator is told"
    finally:
        client.indices.delete(index=",".join(names), ignore=404)


class Rebuilt(SearchEngine):
    """An engine whose index is taken away between two of its questions."""

    def search(self, request: Any) -> Any:
        raise CatalogueUnavailable(SECRET, SECRET)


@pytest.mark.node
def test_what_happens_during_a_search_is_told_in_fixed_words(shop: Shop, node_url: str) -> None:
    with serving(lambda: Rebuilt(Connection(node_url).open(), shop.alias, shop.identity)) as http:
        answer = http.post("/search", json={"text": "red"})
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        require_silence(answer)


def test_a_client_that_names_no_attached_index_is_not_told_which_there_are() -> None:
    def never(name: str) -> NoReturn:
        raise InputError("not attached", "")

    app = create_app(lambda: never(""), augmenter_source=never, attached=("mine", "rivals"))
    with TestClient(app, raise_server_exceptions=False) as http:
        answer = http.post("/augment", json={"body": {}, "text": "red", "index": "other"})
        assert answer.status_code == 400
        assert "'other'" in answer.json()["problem"]
        require_silence(answer)


def test_without_its_package_speech_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "faster_whisper", None)  # as if it were not installed

    def none() -> NoReturn:
        raise InputError("There is no catalogue.", "")

    for source in (None, lambda: load_transcriber("faster-whisper:small")):
        app = create_app(none, transcriber_source=source)
        with TestClient(app, raise_server_exceptions=False) as http:
            answer = http.post("/transcribe", files={"audio": ("a.wav", b"RIFF", "audio/wav")})
            assert (answer.status_code, answer.json()["type"]) == (501, "not_offered")
            assert "Type the words" in answer.json()["cure"]
            assert "retry-after" not in answer.headers
            require_silence(answer)


def test_what_a_decoder_stumbles_over_shows_no_inside() -> None:
    import numpy as np
    from PIL import Image

    from encoders.picture_decode import PictureRefused, decode
    from encoders.picture_size import PictureSize

    rng, told = np.random.default_rng(4), set[str]()
    for format in ("PNG", "GIF", "WEBP", "JPEG", "AVIF"):
        kept = io.BytesIO()
        Image.effect_noise((40, 30), 60).convert("RGB").save(kept, format)
        whole = kept.getvalue()
        for _ in range(150):
            damaged = bytearray(whole)
            for at in rng.integers(8, len(whole), rng.integers(1, 30)):
                damaged[at] = rng.integers(256)
            try:
                decode(bytes(damaged), PictureSize(8))
            except PictureRefused as refusal:
                told.add(refusal.problem)
    assert len(told) > 5
    assert not [t for t in told if any(word in t for word in ("object at", "0x", "Error"))]
