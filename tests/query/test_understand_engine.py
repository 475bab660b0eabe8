"""Queries understood with a live catalogue's words and rules, answered by a real node."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from query_shop import IDENTITY, WORDS
from unhurried import PATIENT, UNHURRIED

from mappings.errors import InputError
from query.encode.query_vectors import QueryVectors
from query.engine import SearchEngine
from query.model.filters import parse_filter
from query.model.intent import Intent
from query.model.profiles import DEFAULT
from query.model.request import SearchRequest
from query.model.sorting import parse_sort
from query.model.understanding import Understanding
from query.plan.compiler import compile_plan
from query.plan.lexical import MAX_CLAUSES
from query.plan.understood_clauses import clauses_of
from query.rules.book import Rule, RuleBook, Synonyms
from query.rules.live import LiveRules
from query.rules.store import RuleStore
from query.suggest.popular import QueryCounts
from query.suggest.recorder import QueryRecorder
from query.understand.catalogue_reading import CatalogueReading
from query.understand.chinese import Chinese
from query.understand.lexicon import built_in
from query.understand.live_words import LiveWords

pytestmark = pytest.mark.node
RULES = "words-tests-rules"
WORDS_ONLY = {"lexical": 1.0, "text": 0.0, "image": 0.0, "attribute": 0.0, "coherence": 0.0}


@pytest.fixture(scope="module")
def rules(client: Any) -> Iterator[RuleStore]:
    client.indices.delete(index=RULES, ignore=404)
    yield RuleStore(client, "words-tests", index=RULES)
    client.indices.delete(index=RULES, ignore=404)


@pytest.fixture(scope="module")
def shop_words(client: Any) -> LiveWords:
    return LiveWords(client, built_in(), Chinese(), wait=30.0)


@pytest.fixture(scope="module")
def reading(shop_words: LiveWords, rules: RuleStore) -> CatalogueReading:
    return CatalogueReading(shop_words, LiveRules(rules, fresh=0.0, patience=10.0))


@pytest.fixture(scope="module")
def words_engine(client: Any, shelf: str, reading: CatalogueReading) -> SearchEngine:
    return SearchEngine(
        client, shelf, IDENTITY, text=WORDS, patience=PATIENT, budget=UNHURRIED,
        reading=reading,
    )  # fmt: skip


def test_the_vocabulary_is_the_live_catalogues(shop_words: LiveWords, words_engine: Any) -> None:
    known = shop_words.of(words_engine.live().name).vocabulary
    assert known.brands["Brand0"] == 56
    assert set(known.categories) == {"Shop/dress", "Shop/sneakers", "Shop/handbag"}
    assert set(known.tags) == {"颜色=红色", "颜色=蓝色", "颜色=黑色", "颜色=白色"}
    assert known.words["sneakers"] == known.words["运动鞋"] == 92
    assert "ghost" not in known.words


def test_an_unknown_index_leaves_the_lexicon(shop_words: LiveWords) -> None:
    other = LiveWords(shop_words.client, built_in(), shop_words.chinese, wait=30.0)
    assert other.of("words-tests-no-such-index").vocabulary.index == ""


def test_the_price_binds_and_is_said(words_engine: SearchEngine) -> None:
    answer = words_engine.search(SearchRequest("red dress under $50", size=100))
    assert answer.hits
    assert all(hit.source["price"] <= 50 for hit in answer.hits)
    price, *_ = answer.understood.hard
    assert (price.kind, price.high, price.text) == ("price", 50, "under $50")
    assert answer.understood.head == "dress"
    said = answer.to_json()["understood"]
    assert said["head"] == "dress"
    assert said["constraints"][0]["hard"] is True
    soft = Understanding({"price": "soft"})
    freed = words_engine.search(SearchRequest("red dress under $50", size=100, understanding=soft))
    assert any(hit.source["price"] > 50 for hit in freed.hits)
    raw = replace(soft, enabled=False)
    plain = words_engine.search(SearchRequest("red dress under $50", understanding=raw))
    assert plain.understood.constraints == ()


def test_a_colour_is_the_catalogues_and_binds_on_request(words_engine: SearchEngine) -> None:
    answer = words_engine.search(SearchRequest("blue sneakers", size=100))
    colour = next(c for c in answer.understood.constraints if c.kind == "colour")
    assert (colour.column, colour.values, colour.hard) == ("tags", ("颜色=蓝色",), False)
    hard = SearchRequest("blue sneakers", size=100, understanding=Understanding({"colour": "hard"}))
    assert all("蓝色" in hit.title for hit in words_engine.search(hard).hits)


@pytest.mark.parametrize(
    ("query", "why", "given", "used"),
    [
        ("hongse lianyiqu", "pinyin", "hongse lianyiqu", "红色连衣裙"),
        ("hongselianyiqu", "pinyin", "hongselianyiqu", "红色连衣裙"),
        ("红色连衣群", "spelling", "连衣群", "连衣裙"),
        ("red dess", "spelling", "dess", "dress"),
        ("blue snaekers", "spelling", "snaekers", "sneakers"),
        ("紅色連衣裙", "script", "紅色連衣裙", "红色连衣裙"),
        ("红色球鞋", "synonym", "球鞋", "运动鞋"),
    ],
)
def test_other_wordings_are_searched(
    words_engine: SearchEngine, query: str, why: str, given: str, used: str
) -> None:
    answer = words_engine.search(SearchRequest(query, weights=WORDS_ONLY, size=5))
    variant = answer.understood.variants[0]
    assert (variant.why, variant.given, variant.used) == (why, given, used)
    kind = "运动鞋" if "鞋" in query or "snae" in query else "连衣裙"
    assert len(answer.hits) == 5
    assert all(kind in hit.title for hit in answer.hits)


@pytest.mark.parametrize(
    "query", ["Brand3", "brand4 dress", "WH-1000XM5", "dresses", "model", "nike"]
)
def test_brands_models_and_known_words_are_never_corrected(
    words_engine: SearchEngine, query: str
) -> None:
    intent = words_engine.reading.read(SearchRequest(query), words_engine.live())
    assert [v for v in intent.understood.variants if v.why in ("spelling", "pinyin")] == []


def test_wordings_can_be_switched_off(words_engine: SearchEngine) -> None:
    off = SearchRequest("hongse lianyiqu", understanding=Understanding(variants=False))
    assert words_engine.search(off).understood.variants == ()


def test_nothing_found_is_rescued_in_the_stated_order(words_engine: SearchEngine) -> None:
    bound = Understanding({"colour": "hard", "brand": "hard"})
    request = SearchRequest("blue dress brand1 under $5", understanding=bound)
    answer = words_engine.search(request)
    assert answer.hits
    steps = [(r.step, r.given, r.used) for r in answer.understood.relaxed]
    assert steps == [("colour", "blue", ""), ("brand", "brand1", ""), ("price", "under $5", "")]
    wider = words_engine.search(SearchRequest("dress under $8"))
    assert [(r.step, r.used) for r in wider.understood.relaxed] == [("price", "..12")]
    assert all(hit.source["price"] <= 12 for hit in wider.hits)
    kept = SearchRequest("dress under $8", understanding=Understanding(relax=False))
    assert words_engine.search(kept).hits == ()


@pytest.mark.parametrize(
    "fusion",
    ["exact", "rrf", "min-max", "hybrid-min-max"],
)
def test_every_fusion_understands(words_engine: SearchEngine, fusion: str) -> None:
    request = SearchRequest("hongse lianyiqun brand1 under 150", fusion=fusion, weights=WORDS_ONLY)
    answer = words_engine.search(request)
    assert answer.hits
    assert answer.degraded == ()
    assert all(hit.source["price"] <= 150 for hit in answer.hits)
    assert answer.understood.variants[0].used == "红色连衣裙"
    assert "红色连衣裙" in answer.hits[0].title
    assert answer.hits[0].source["brand"] == "Brand1"


def test_a_rescued_answer_has_pages(words_engine: SearchEngine) -> None:
    whole = words_engine.search(SearchRequest("dress under $5", size=20))
    ids = [hit.id for hit in whole.hits]
    second = words_engine.search(SearchRequest("dress under $5", size=10, offset=10))
    assert [hit.id for hit in second.hits] == ids[10:]
    assert second.understood.relaxed == whole.understood.relaxed != ()
    by_cursor = SearchRequest("dress under $5", size=10, sort=parse_sort("price"))
    one = words_engine.search(by_cursor)
    two = words_engine.search(replace(by_cursor, cursor=one.next))
    assert one.next
    assert len({hit.id for hit in (*one.hits, *two.hits)}) == 20
    counted = words_engine.search(SearchRequest("dress under $5", size=0))
    assert counted.total > 0
    first = words_engine.search(SearchRequest("dress under $5", size=10, offset=0))
    assert [hit.id for hit in first.hits] == ids[:10]


def test_only_what_was_found_with_words_alone_is_counted(
    client: Any, shelf: str, reading: CatalogueReading
) -> None:
    counts = QueryCounts(client, "words-tests", index="words-tests-queries")
    recorder = QueryRecorder(counts, every=3_600.0)
    own = CatalogueReading(reading.words, recorder=recorder)
    engine = SearchEngine(
        client, shelf, IDENTITY, text=WORDS, patience=PATIENT, budget=UNHURRIED, reading=own,
    )  # fmt: skip
    for _ in range(3):
        engine.search(SearchRequest("Red dress"))
    engine.search(SearchRequest("red dress", offset=5))
    engine.search(SearchRequest("hat", filters=(parse_filter("price<5"),)))
    try:
        assert recorder.flush() == 1
        assert counts.popular() == {"red dress": 3}
    finally:
        client.indices.delete(index=counts.index, ignore=404)


def test_what_the_caller_filters_is_never_relaxed(words_engine: SearchEngine) -> None:
    request = SearchRequest("dress under $5", filters=(parse_filter("price<5"),))
    answer = words_engine.search(request)
    assert (answer.hits, answer.total, answer.understood.relaxed) == ((), 0, ())


def test_rules_apply_at_once_and_are_said(words_engine: SearchEngine, rules: RuleStore) -> None:
    shop = Rule(
        "festival", ("礼服", "gown"), rewrite="连衣裙", pin=("p007",), filter=("颜色=红色",),
        boost=(("brand=Brand1", 1.5),),
    )  # fmt: skip
    rules.save(RuleBook(0, (Synonyms(("裙装",), ("连衣裙",)),), (shop,)))
    answer = words_engine.search(SearchRequest("礼服", size=20))
    assert all("红色连衣裙" in hit.title for hit in answer.hits)
    (applied,) = answer.understood.rules
    assert (applied.id, applied.why, applied.pins) == ("festival", "礼服", ("p007",))
    assert applied.boosts == (("brand=Brand1", 1.5),)
    assert answer.understood.text == "礼服"
    by_words = words_engine.search(SearchRequest("裙装", weights=WORDS_ONLY))
    assert (by_words.understood.variants[0].why, by_words.total) == ("synonym", 116)
    off = SearchRequest("礼服", understanding=Understanding(rules=False))
    assert words_engine.search(off).understood.rules == ()
    rules.save(RuleBook())
    assert words_engine.search(SearchRequest("礼服")).understood.rules == ()


def test_a_rule_places_and_boosts_products_and_says_so(
    words_engine: SearchEngine, rules: RuleStore
) -> None:
    plain = words_engine.search(SearchRequest("蓝色运动鞋", size=10))
    first, last = plain.hits[0].id, plain.hits[9].id
    wanted = Rule(
        "launch", ("运动鞋",), pin=(last,), bury=(first,), boost=(("brand=Brand2", 2.0),)
    )  # fmt: skip
    rules.save(RuleBook(0, (), (wanted,)))
    placed = words_engine.search(SearchRequest("蓝色运动鞋", size=100))
    assert placed.hits[0].id == last
    assert first not in [hit.id for hit in placed.hits[:10]]
    assert "launch" in str(placed.hits[0].placed)
    shares = {c.signal: c for hit in placed.hits for c in hit.contributions}
    assert "boost: rule launch" in shares
    rules.save(RuleBook())
    assert [h.id for h in words_engine.search(SearchRequest("蓝色运动鞋", size=10)).hits] == [
        h.id for h in plain.hits
    ]


def test_versions_are_kept_and_a_race_is_refused(rules: RuleStore) -> None:
    first = rules.save(RuleBook(0, (Synonyms(("a", "b")),)))
    second = rules.save(RuleBook(0, (Synonyms(("a", "c")),)))
    assert second.version == first.version + 1 == rules.version()
    assert rules.load(first.version).synonyms == (Synonyms(("a", "b")),)
    assert rules.load() == second
    late = RuleStore(rules.client, rules.alias, rules.index)
    late.version = lambda seconds=5.0: first.version  # type: ignore[method-assign]
    with pytest.raises(InputError, match="Somebody else"):
        late.save(RuleBook())
    with pytest.raises(InputError, match="no version 99"):
        rules.load(99)


def test_rules_stay_when_the_node_is_gone(rules: RuleStore) -> None:
    from mappings.connection import Connection

    saved = rules.save(RuleBook(0, (Synonyms(("a", "b")),)))
    live = LiveRules(rules, fresh=0.0, patience=10.0)
    assert live.book() == saved
    live.store = RuleStore(Connection("http://127.0.0.1:9", timeout=0.2).open(), "words-tests")
    started = time.monotonic()
    assert live.book() == saved
    assert time.monotonic() - started < 5


def test_the_text_is_only_ever_analysed_and_clauses_stay_within_the_limit(
    words_engine: SearchEngine, rules: RuleStore
) -> None:
    rows = tuple(Synonyms((f"词{n}", "红色"), weight=0.5) for n in range(30))
    rules.save(RuleBook(0, rows))
    long = ("红色连衣裙 dess " * 20)[:200]
    many = "".join(chr(0x4E00 + n) for n in range(200))
    mixed = many[:60] + "".join(f" {chr(97 + n)}{m}" for m in range(2) for n in range(23))
    for text in (long, "红" * 200, many, mixed, 'a" OR brand:* {"match_all":{}} //', "a " * 100):
        request = SearchRequest(text, weights=WORDS_ONLY)
        index = words_engine.live()
        intent = words_engine.reading.read(request, index)
        clause = _lexical_of(intent, index)
        assert set(_kinds(clause)) <= {
            "bool", "must", "should", "dis_max", "queries", "match", "multi_match",
            "constant_score", "filter", "terms", "range",
        }  # fmt: skip
        assert clauses_of(clause) <= MAX_CLAUSES
        assert words_engine.search(request).degraded == ()
    rules.save(RuleBook())


def _lexical_of(intent: Intent, index: Any) -> Any:
    plan = compile_plan(intent, QueryVectors(), DEFAULT, index.schema, index.calibration)
    (kind, clause), *_ = plan.body["query"]["bool"]["should"][0].items()
    return {kind: {k: v for k, v in clause.items() if k != "_name"}}


def _kinds(clause: Any) -> Iterator[str]:
    if isinstance(clause, list):
        for part in clause:
            yield from _kinds(part)
    elif isinstance(clause, dict):
        for key, part in clause.items():
            if isinstance(part, dict | list) and key not in ("fields", "tags", "brand", "price"):
                yield key
                if key not in ("match", "multi_match", "terms", "range"):
                    yield from _kinds(part)
