"""What fails, what is left, and what is refused, on a real node."""

import math
import socket
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from query_shop import BLEND, CALIBRATION, DIM, IDENTITY, WORDS, FakeDecoder, FakeImages
from unhurried import PATIENT, UNHURRIED

from encoders.concepts.chinese import Meanings
from encoders.concepts.concept_expander import ConceptExpander
from encoders.concepts.concept_space import ConceptSpace
from encoders.concepts.lexicon import load_lexicon
from encoders.query_expander import VisualQueryExpander
from mappings.body import render
from mappings.connection import Connection
from mappings.errors import IdentityMismatch, InputError, NodeUnreachable, StackError
from mappings.index import create
from mappings.schema import Schema
from query.engine import Patience, SearchEngine
from query.model.filters import parse_filter
from query.model.request import SearchRequest

pytestmark = pytest.mark.node

PICTURE = (b"red dress 3",)


class Broken:
    """A text encoder that fails, or answers what it must not."""

    card = WORDS.card

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def encode_query(self, items: Sequence[str]) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    encode_products = encode_query


def engine_with(engine: SearchEngine, **change: Any) -> SearchEngine:
    parts = {"text": WORDS, "image": FakeImages(), "decoder": FakeDecoder()} | change
    return SearchEngine(
        engine.client, change.pop("alias", engine.alias), change.pop("identity", IDENTITY),
        text=parts["text"], image=parts["image"], decoder=parts["decoder"],
        patience=PATIENT, budget=UNHURRIED, sight=parts.get("sight"),
    )  # fmt: skip


def test_a_failed_encoder_leaves_words_and_is_named(engine: SearchEngine) -> None:
    for text in (Broken(RuntimeError("gone")), None):
        result = engine_with(engine, text=text).search(SearchRequest("红色连衣裙"))
        assert result.degraded == ("attribute", "image", "text")
        assert set(result.weights) == {"lexical", "coherence"}
        assert result.hits
    alone = engine_with(engine, text=None).search(SearchRequest("红色连衣裙", profile="two-term"))
    assert dict(alone.weights) == {"lexical": 1.0}
    assert alone.degraded == ("image",)


def test_a_broken_dictionary_leaves_the_words_own_vector(engine: SearchEngine) -> None:
    def broken() -> Meanings:
        raise OSError("the dictionary is gone")

    kinds = ConceptExpander(
        WORDS, ConceptSpace.of(WORDS.encode_query, load_lexicon()), None, broken
    )
    got = engine_with(engine, text=WORDS, sight=VisualQueryExpander(kinds)).search(
        SearchRequest("某帽")
    )
    assert not got.degraded
    assert got.hits == engine_with(engine, text=WORDS).search(SearchRequest("某帽")).hits
    kinds.close()


def test_a_failed_picture_encoder_leaves_the_words(engine: SearchEngine) -> None:
    found = engine_with(engine, image=None).search(SearchRequest("红色", pictures=PICTURE))
    assert found.degraded == ("picture_attribute", "picture_image")
    assert "text" in found.weights
    nothing = engine_with(engine, image=None).search(SearchRequest(pictures=PICTURE))
    assert nothing.hits == ()
    assert nothing.degraded == ("picture_attribute", "picture_image")


def test_an_index_without_pictures_cannot_be_asked_with_one_alone(
    client: Any, engine: SearchEngine
) -> None:
    alias, own = "query-tests-no-pictures", replace(IDENTITY, image="", projection="")
    name = create(client, alias, own, render(Schema(DIM, BLEND), own, CALIBRATION))
    try:
        words = engine_with(engine, alias=alias, identity=own, image=None, decoder=None)
        with pytest.raises(InputError, match="was made without pictures") as refused:
            words.search(SearchRequest(pictures=PICTURE))
        assert "Ask with words" in refused.value.cure
        found = words.search(SearchRequest("red", pictures=PICTURE))
        assert {"picture_attribute", "picture_image"} <= set(found.degraded)
    finally:
        client.indices.delete(index=name)


@pytest.mark.parametrize(
    "vector",
    [
        np.ones((1, DIM + 1), np.float32),
        np.full((1, DIM), np.nan, np.float32),
        np.zeros((1, DIM), np.float32),
        np.full((1, DIM), np.inf, np.float32),
    ],
)
def test_a_vector_of_the_wrong_kind_is_refused(vector: Any, engine: SearchEngine) -> None:
    with pytest.raises(InputError, match="vector"):
        engine_with(engine, text=Broken(vector)).search(SearchRequest("red"))


def test_an_unreadable_picture_is_the_askers_fault(engine: SearchEngine) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        engine.search(SearchRequest("red", pictures=(b"broken",)))


def test_a_leg_that_the_engine_refuses_leaves_the_words(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = engine_with(engine)
    live = ours.live()
    monkeypatch.setattr(ours, "_live", (math.inf, replace(live, blend=WRONG)))
    found = ours.search(SearchRequest("红色连衣裙"))
    assert found.degraded == ("attribute", "image", "text")
    assert found.hits


class _WrongBlend:
    """A blend whose query vector has a length that the column refuses."""

    weights = BLEND.weights if BLEND else {}
    scales = BLEND.scales if BLEND else {}
    vector = None

    def near(self, weights: Any) -> bool:
        return True

    def down(self, lows: Any) -> tuple[float, ...]:
        return ()

    def query(self, vector: Any, lows: Any) -> Any:
        return vector[:3]


WRONG: Any = _WrongBlend()


def test_an_index_without_a_vector_column_is_searched_without_it(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = engine_with(engine)
    live = ours.live()
    columns = {k: v for k, v in live.mapping["properties"].items() if k != "image_vector"}
    lame = replace(live, mapping={**live.mapping, "properties": columns}, blend=None)
    monkeypatch.setattr(ours, "_live", (math.inf, lame))
    found = ours.search(SearchRequest("红色连衣裙"))
    assert found.degraded == ("image",)
    assert set(found.weights) == {"lexical", "text", "attribute", "coherence"}


def test_another_models_index_is_refused(engine: SearchEngine) -> None:
    other = engine_with(engine, identity=replace(IDENTITY, text="another"))
    other.identity = replace(IDENTITY, text="another")
    with pytest.raises(IdentityMismatch, match="another"):
        other.search(SearchRequest("red"))


def test_an_alias_that_is_not_there_is_named(engine: SearchEngine) -> None:
    lost = engine_with(engine)
    lost.alias = "query-nowhere"
    with pytest.raises(InputError, match="query-nowhere"):
        lost.search(SearchRequest("red"))


def test_a_node_that_is_down_is_named_with_the_cure(engine: SearchEngine) -> None:
    down = SearchEngine(Connection("http://127.0.0.1:9").open(), "x", IDENTITY, text=WORDS)
    with pytest.raises(NodeUnreachable) as gone:
        down.search(SearchRequest("red"))
    assert gone.value.cure
    late = engine_with(engine)
    late.live()
    late.client = down.client
    with pytest.raises(NodeUnreachable):
        late.search(SearchRequest("red"))


def test_an_engine_that_never_answers_is_an_error_that_says_so(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Connection(f"http://127.0.0.1:{silent.getsockname()[1]}").open()
        slow = SearchEngine(client, engine.alias, IDENTITY, text=WORDS, patience=Patience(0.6, 0.3))
        monkeypatch.setattr(slow, "_live", (math.inf, engine.live()))
        with pytest.raises(StackError, match="did not answer in") as late:
            slow.search(SearchRequest("红"))
        client.close()
    assert late.value.exit_code == 3
    assert late.value.cure


def test_an_index_that_was_swapped_away_is_looked_up_again(
    client: Any, engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = engine_with(engine)
    gone = replace(ours.live(), name="query-tests-0000000000-9999")
    monkeypatch.setattr(ours, "_live", (math.inf, gone))
    assert ours.search(SearchRequest("红色")).index == engine.live().name


def test_a_repeated_query_is_not_encoded_again(engine: SearchEngine) -> None:
    class Counting:
        card, calls = WORDS.card, 0

        def encode_query(self, items: Sequence[str]) -> Any:
            self.calls += 1
            return WORDS.encode_query(items)

        encode_products = encode_query

    counting = Counting()
    ours = engine_with(engine, text=counting)
    first = ours.search(SearchRequest("红色连衣裙"))
    again = ours.search(SearchRequest("  红色连衣裙 ", offset=3))
    assert counting.calls == 1
    assert first.encode_ms > 0
    assert again.encode_ms < first.encode_ms + 5


def test_the_longest_query_with_all_filters_is_answered(engine: SearchEngine) -> None:
    filters = tuple(parse_filter(f"brand=Brand{n % 5}") for n in range(32))
    for text in ("红" * 200, "红a" * 100, "a b" * 66, "连衣裙运动鞋手提包" * 22):
        result = engine.search(SearchRequest(text, filters=filters[:32]))
        assert not result.degraded
        assert not result.hits or len(set(filters)) == 5
