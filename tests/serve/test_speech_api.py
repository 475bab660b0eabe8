"""Recordings over HTTP: heard, chosen by the catalogue, and refused by name."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_server import serving
from api_shop import Shop
from starlette.testclient import TestClient

from encoders.speech.registry import load_transcriber
from mappings.errors import NodeUnreachable

pytestmark = pytest.mark.node

VOICE = Path(__file__).parents[1] / "encoders" / "voice"
SHOES = (VOICE / "blue-running-shoes.wav").read_bytes()
HANDBAG = (VOICE / "red-leather-handbag.wav").read_bytes()


@pytest.fixture(scope="module")
def http(shop: Shop, node_url: str) -> Iterator[TestClient]:
    from mappings.connection import Connection

    with serving(
        lambda: shop.engine(Connection(node_url).open()),
        transcriber_source=lambda: load_transcriber("pocketsphinx"),
    ) as opened:
        yield opened


def say(http: TestClient, content: bytes, **fields: str) -> Any:
    return http.post("/transcribe", data=fields, files={"audio": ("a.wav", content, "audio/wav")})


def test_the_catalogue_chooses_among_the_readings_and_the_text_can_be_searched_with(
    http: TestClient,
) -> None:
    answer = say(http, SHOES)
    assert answer.status_code == 200, answer.text
    heard = answer.json()
    # The ear alone says "player running shoes"; the shop sells blue ones.
    assert heard["text"] == "blue running shoes"
    assert heard["rescored"]
    assert "player running shoes" in {a["text"] for a in heard["alternatives"]}
    assert (heard["language"], heard["transcriber"]) == ("en", "pocketsphinx")
    hits = http.post("/search", json={"text": heard["text"], "size": 2}).json()["hits"]
    assert all(hit["id"].startswith("shoes-blue") for hit in hits)


def test_without_a_catalogue_the_ear_alone_decides() -> None:
    def no_engine() -> Any:
        raise NodeUnreachable("no node", "")

    with serving(
        no_engine, wait=None, transcriber_source=lambda: load_transcriber("pocketsphinx")
    ) as http:
        heard = say(http, SHOES, language="en").json()
    assert heard["text"] == "player running shoes"
    assert not heard["rescored"]


@pytest.mark.parametrize(
    ("content", "fields", "why"),
    [
        (b"", {}, "The recording is empty"),
        (b"<html>", {}, "cannot be read as WAV"),
        (bytes((2 << 20) + 1), {}, "2,097,152 are allowed"),
        (HANDBAG, {"language": "zh"}, "understands English"),
        (HANDBAG, {"size": "3"}, "'size' is not known"),
    ],
)
def test_what_cannot_be_heard_is_refused(
    content: bytes, fields: dict[str, str], why: str, http: TestClient
) -> None:
    answer = say(http, content, **fields)
    assert answer.status_code == 400, answer.text
    assert why in answer.json()["problem"]
    assert say(http, HANDBAG).status_code == 200


def test_other_bodies_are_refused(http: TestClient) -> None:
    assert http.post("/transcribe", json={"audio": "x"}).status_code == 415
    missing = http.post("/transcribe", files={"other": ("a", b"x", "audio/wav")})
    assert missing.status_code == 400
    without = http.post("/transcribe", data={"language": "en"}, files={"audio": ("", b"")})
    assert without.status_code == 400
    large = bytes(11 << 20)
    assert say(http, large).status_code == 413


def test_without_a_transcriber_the_service_says_so(
    shop: Shop, node_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mappings.connection import Connection

    monkeypatch.setitem(sys.modules, "faster_whisper", None)  # as if it were not installed

    def source() -> Any:
        return load_transcriber("faster-whisper:small")

    for given in (None, source):
        with serving(
            lambda: shop.engine(Connection(node_url).open()), transcriber_source=given
        ) as http:
            answer = say(http, HANDBAG)
            assert answer.status_code == 501
            assert "no transcriber" in answer.json()["problem"]
            assert http.post("/search", json={"text": "red"}).status_code == 200
