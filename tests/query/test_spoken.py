"""A transcript's words looked up in a real index."""

import socket
from typing import Any

import pytest

from encoders.speech.transcript import Alternative, Transcript
from mappings.connection import Connection
from query.engine import SearchEngine
from query.execute.transcript_choice import choose_transcript, known_words

pytestmark = pytest.mark.node


def test_words_are_counted_as_the_search_reads_them(client: Any, engine: SearchEngine) -> None:
    index = engine.live().name
    words = ("dresses", "dress", "blue", "blew", "the", "连衣裙", "!!!")
    known = known_words(client, index, words, 30.0)
    assert known["dress"] == known["dresses"] > 50  # stems, as in a search
    assert known["blue"] > 50
    assert known["连衣裙"] > 50
    assert known["blew"] == known["the"] == 0
    assert "!!!" not in known
    assert known_words(client, index, (), 30.0) == {}


def test_the_reading_that_the_catalogue_knows_is_chosen(client: Any, engine: SearchEngine) -> None:
    index = engine.live().name
    heard = Transcript(
        "blew dress", (Alternative("blew dress", 0.6), Alternative("blue dress", 0.4))
    )
    assert choose_transcript(client, index, heard, 30.0).text == "blue dress"
    nothing = Transcript("qqq", (Alternative("qqq", 1.0),))
    assert choose_transcript(client, index, nothing, 30.0) == nothing


def test_without_an_answer_in_time_the_ears_order_stands() -> None:
    heard = Transcript(
        "blew dress", (Alternative("blew dress", 0.6), Alternative("blue dress", 0.4))
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the question, never answers
        client = Connection(f"http://127.0.0.1:{silent.getsockname()[1]}").open()
        assert choose_transcript(client, "any", heard, 0.2) == heard
        client.close()
