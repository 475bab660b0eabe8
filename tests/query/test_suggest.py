"""Completions of what was typed, from a made-up vocabulary, and from a real index."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mappings.connection import Connection
from mappings.errors import InputError
from query.suggest.completions import Completions, Fold, texts_of
from query.suggest.popular import MAX_COUNT, QueryCounts, is_public, read_feed
from query.suggest.recorder import QueryRecorder
from query.suggest.suggester import Suggester
from query.understand.chinese import Chinese
from query.understand.lexicon import built_in
from query.understand.live_words import LiveWords
from query.understand.vocabulary import Vocabulary

CHINESE = Chinese()
FOLD = Fold(CHINESE.simplified)
SHOP = Vocabulary(
    index="suggest",
    brands={"Nike": 12, "Zara": 3, "耐克": 4},
    categories={"女装/连衣裙": 40, "女装/半身裙": 12, "Shoes > Running shoes": 30},
    tags={"颜色=红色": 50, "颜色=红白条纹": 2, "size=42": 9, "材质=真皮": 20},
    words={
        "连衣裙": 40,
        "连帽衫": 9,
        "dress": 25,
        "drawstring": 4,
        "red": 50,
        "红色": 50,
        "odd": 1,
    },
    titles={"红色连衣裙 夏季": 1, "Red summer dress": 2},
)
POPULAR = {"连衣裙 夏": 90, "running shoes men": 70}


def suggester(correct: str = "") -> Suggester:
    return Suggester(
        Completions(texts_of(SHOP, POPULAR, FOLD), CHINESE.sounds), FOLD, lambda text: correct
    )


def found(typed: str, size: int = 8) -> list[str]:
    return [s.text for s in suggester().suggest(typed, size).suggestions]


@pytest.mark.parametrize(
    ("typed", "text", "how"),
    [
        ("lyq", "连衣裙", "initials"),
        ("lianyi", "连衣裙", "pinyin"),
        ("lian yi", "连衣裙", "pinyin"),
        ("LianYiQun", "连衣裙", "pinyin"),
        ("连", "连衣裙", "prefix"),
        ("連衣", "连衣裙", "prefix"),
        ("ni", "Nike", "prefix"),
        ("NIKE", "Nike", "prefix"),
        ("ｎｉｋｅ", "Nike", "prefix"),
        ("run", "Running shoes", "prefix"),
        ("shoes", "Running shoes", "word"),
        ("summer", "Red summer dress", "word"),
        ("hs", "红色", "initials"),
        ("red dr", "red dress", "last word"),
        ("红色连", "红色连衣裙", "last word"),
        ("红色lian", "红色连衣裙", "last word"),
        ("zhenp", "真皮", "pinyin"),
    ],
)
def test_completes(typed: str, text: str, how: str) -> None:
    answers = suggester().suggest(typed, 20).suggestions
    assert (text, how) in [(s.text, s.found) for s in answers]


def test_popular_queries_come_first() -> None:
    assert found("连")[0] == "连衣裙 夏"
    assert found("running")[0] == "running shoes men"


def test_an_exact_beginning_comes_before_pinyin_and_words() -> None:
    answers = suggester().suggest("red", 8).suggestions
    assert [s.found for s in answers][:2] == ["prefix", "prefix"]
    assert all(a.text != "odd" for a in suggester().suggest("od", 8).suggestions)


def test_numbers_are_not_suggested_and_nothing_twice() -> None:
    assert "42" not in found("4")
    for typed in ("r", "l", "h", "连", "红", "s", "d"):
        folded = [FOLD(text) for text in found(typed, 20)]
        assert len(folded) == len(set(folded))
        assert len(folded) <= 20


def test_what_nothing_begins_like_is_corrected() -> None:
    answers = suggester("连衣裙").suggest("zzz").suggestions
    assert [(s.text, s.found) for s in answers] == [("连衣裙", "correction")]
    assert suggester().suggest("zzz").suggestions == ()


@pytest.mark.parametrize("typed", ["", "   ", "!!!", "🙂", "\n"])
def test_nothing_typed_nothing_suggested(typed: str) -> None:
    assert suggester().suggest(typed).suggestions == ()


@pytest.mark.parametrize(
    ("typed", "size", "named"),
    [("a" * 201, 8, "201"), ("a", 0, "size is 0"), ("a", 21, "size is 21")],
)
def test_limits_are_named(typed: str, size: int, named: str) -> None:
    with pytest.raises(InputError, match=named):
        suggester().suggest(typed, size)
    assert suggester().suggest("a" * 200, 20).suggestions == ()


def test_equals_a_plain_search_over_all_texts() -> None:
    rng = random.Random(3)
    words = {
        "".join(rng.choices("abcd", k=rng.randint(2, 6))): rng.randint(2, 40) for _ in range(500)
    }
    completions = Completions(texts_of(Vocabulary("x", words=words), {}, FOLD), CHINESE.sounds)
    for _ in range(200):
        typed = "".join(rng.choices("abcd", k=rng.randint(1, 4)))
        wanted = sorted(
            (w for w in words if w.startswith(typed)), key=lambda w: (-words[w], len(w), w)
        )
        assert [s.text for s in completions.complete(typed, 5)] == wanted[:5]


@pytest.mark.parametrize(
    ("query", "may"),
    [
        ("连衣裙", True),
        ("red dress", True),
        ("x", False),
        ("a" * 61, False),
        ("me@example.org", False),
        ("13800138000", False),
        ("call 138 0013 8000", False),
        ("12345", False),
        ("www.shop.cn", False),
        ("iphone 15", True),
    ],
)
def test_only_what_names_nobody_is_shown(query: str, may: bool) -> None:
    assert is_public(query) is may


def test_a_feed_is_read_and_adds_up(tmp_path: Path) -> None:
    feed = tmp_path / "queries.tsv"
    feed.write_text('连衣裙\t5\n{"query": "Red  Dress", "count": 3}\n\n连衣裙\t2\n', "utf-8")
    assert read_feed(feed) == {"连衣裙": 7, "Red Dress": 3}


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("no count", "Line 1"),
        ("dress\tmany", "Line 1"),
        ("dress\t0", "count is 0"),
        ("\t5", "Line 1"),
        ('{"query": 5, "count": 3}', "Line 1"),
        ('{"query": "a", "count": true}', "Line 1"),
        ("dress\t99999999999", f"1 to {MAX_COUNT}"),
        ("{", "Line 1"),
        ("[1]", "Line 1"),
    ],
)
def test_a_broken_feed_names_its_line(tmp_path: Path, line: str, named: str) -> None:
    feed = tmp_path / "queries.tsv"
    feed.write_text(line, "utf-8")
    with pytest.raises(InputError, match=named):
        read_feed(feed)


def test_a_missing_feed_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.tsv"):
        read_feed(tmp_path / "none.tsv")


@pytest.fixture
def counts(client: Any) -> Iterator[QueryCounts]:
    index = "suggest-tests-queries"
    client.indices.delete(index=index, ignore=404)
    yield QueryCounts(client, "suggest-tests", index)
    client.indices.delete(index=index, ignore=404)


@pytest.mark.node
def test_counts_add_up_and_a_feed_is_replaced(counts: QueryCounts) -> None:
    assert counts.popular() == {}
    assert counts.add({"连衣裙": 2, "red": 1, "me@example.org": 50}, "searches") == 2
    counts.add({"连衣裙": 2}, "searches")
    assert counts.popular() == {"连衣裙": 4}
    assert counts.replace_feed({"shoes": 9, "hat": 3}) == 2
    assert counts.replace_feed({"shoes": 5}) == 1
    assert counts.popular() == {"shoes": 5, "连衣裙": 4}
    assert QueryCounts(counts.client, "another-shop", counts.index).popular() == {}


@pytest.mark.node
def test_the_live_catalogue_is_suggested(client: Any, shelf: str, counts: QueryCounts) -> None:
    from mappings.index import live_index

    counts.add({"红色连衣裙 新款": 30}, "feed")
    words = LiveWords(client, built_in(), CHINESE, wait=30.0, popular=counts.popular)
    live = live_index(client, shelf)
    assert live is not None
    known = words.of(live.name)
    whole = Suggester(known.completions, FOLD, lambda text: "")
    assert whole.suggest("lyq").suggestions[0].text == "连衣裙"
    assert whole.suggest("hongselian").suggestions[0].text == "红色连衣裙 新款"
    assert {"Brand0", "Brand1"} <= {s.text for s in whole.suggest("br").suggestions}
    assert not [s for s in whole.suggest("ghost").suggestions if s.count]


@pytest.mark.node
def test_searches_are_counted_and_what_cannot_be_written_is_kept(counts: QueryCounts) -> None:
    recorder = QueryRecorder(counts, every=3_600.0, most=2)
    for query in ("Red Dress", "red dress", "RED DRESS", "me@example.org", "hat", "one too many"):
        recorder.record(query)
    gone = QueryRecorder(
        QueryCounts(Connection("http://127.0.0.1:9", timeout=0.2).open(), "suggest-tests")
    )
    gone.record("red dress")
    assert gone.flush() == 0
    gone.counts = counts
    assert (recorder.flush(), recorder.flush(), gone.flush()) == (2, 0, 1)
    assert counts.popular() == {"red dress": 4}
