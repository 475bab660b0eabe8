"""The engine against the formula in NumPy, on a real node."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from query_shop import BLEND, CALIBRATION, DIM, IDENTITY, WORDS, FakeDecoder, FakeImages, Shop
from unhurried import PATIENT, UNHURRIED

from encoders.adapter import QueryAdapter
from encoders.concepts.concept_expander import ConceptExpander
from encoders.concepts.concept_space import ConceptSpace
from encoders.concepts.lexicon import Concept
from encoders.concepts.wordnet_nouns import WordNetNouns
from encoders.protocol import unit_rows
from encoders.query_expander import VisualQueryExpander
from mappings.index import read_index
from mappings.schema import Schema
from query.engine import SearchEngine
from query.model.filters import parse_filter
from query.model.intent import understand
from query.model.profiles import BUILT_IN, find_profile
from query.model.request import SearchRequest
from query.model.result import SearchResult
from query.model.signals import WORDS as COLUMNS
from query.model.signals import Lexical, signals_of
from query.plan.budget import Depth
from query.plan.lexical import lexical_query
from query.plan.reference import best_similarity, rank, score, similarity
from query.plan.scales import scale_of

pytestmark = pytest.mark.node

PICTURE = (b"red dress 3",)
NEAR_60 = (parse_filter("price<60"),)
REQUESTS = {
    "zh": SearchRequest("红色连衣裙", size=100),
    "en": SearchRequest("blue sneakers", size=100),
    "mixed": SearchRequest("黑色 handbag model 4", size=100),
    "rare": SearchRequest("model 13", size=100),
    "no word": SearchRequest("!!!", size=100),
    "other weights": SearchRequest("白色手提包", weights={"image": 2.0, "lexical": 0}, size=100),
    "picture": SearchRequest(pictures=PICTURE, size=100),
    "two pictures": SearchRequest(pictures=(*PICTURE, b"blue bag"), size=100),
    "picture and words": SearchRequest("连衣裙", pictures=PICTURE, size=100),
    "best": SearchRequest("red dress", image_mode="best", size=100),
    "best of picture and words": SearchRequest(
        "dress", pictures=PICTURE, image_mode="best", size=100
    ),
    "two-term": SearchRequest("red dress", profile="two-term", size=100),
    "two-term, best": SearchRequest("red dress", profile="two-term", image_mode="best", size=100),
    "three-term": SearchRequest("red", pictures=PICTURE, profile="three-term", size=100),
    "euclidean and dot": SearchRequest(
        "red dress", similarity={"text": "euclidean", "image": "dot"}, size=100
    ),
    "euclidean, raw, best": SearchRequest(
        "red", similarity={"image": "euclidean"}, image_mode="best", profile="two-term", size=100
    ),
    "filtered": SearchRequest("dress", filters=(parse_filter("price<100"),), size=100),
}


def bm25(client: Any, shelf: str, shop: Shop, text: str) -> np.ndarray[Any, Any]:
    intent = understand(SearchRequest(text))
    query = lexical_query(Lexical(COLUMNS), intent.text, intent.script)
    found = dict.fromkeys(shop.ids, 0.0)
    if query:
        reply = client.search(index=shelf, body={"size": 1000, "query": query})
        found |= {h["_id"]: h["_score"] for h in reply["hits"]["hits"]}
    return np.array([found[key] for key in shop.ids])


READER = ConceptExpander(
    WORDS,
    ConceptSpace.of(
        WORDS.encode_query,
        (
            Concept("dress", "", ("dress", "红色 dress"), ("连衣裙", "礼服"), ()),
            Concept("bag", "", ("handbag", "bag"), ("手提包",), ()),
        ),
    ),
    WordNetNouns({"frock": ("dress",)}),
    lambda: None,
)
SIGHT = VisualQueryExpander(READER)
_DRAWN = np.random.default_rng(4).normal(size=(DIM, DIM)) / DIM**0.5
ADAPTED = VisualQueryExpander(
    READER, QueryAdapter(0.4 * _DRAWN.astype(np.float32), READER.space.mean)
)


def by_oracle(
    client: Any,
    shelf: str,
    shop: Shop,
    request: SearchRequest,
    seen: np.ndarray[Any, Any] | None = None,
) -> dict[str, float]:
    """Every product's score by brute force over all products, from their own vectors."""
    profile = find_profile(request.profile, BUILT_IN)
    text = WORDS.encode_query([understand(request).text])[0] if request.text else None
    rows = [WORDS.encode_query([p.decode()])[0] for p in request.pictures]
    picture = unit_rows(np.mean(rows, axis=0)[None])[0] if rows else None
    sides = {"text": text, "picture": picture, "visual": seen}
    raw: dict[str, Any] = {}
    signals = signals_of(
        Schema(DIM), request.image_mode, request.similarity, has_visual=seen is not None
    )
    for signal in signals:
        if isinstance(signal, Lexical):
            if understand(request).script != "none":
                raw["lexical"] = bm25(client, shelf, shop, request.text)
            continue
        query = sides.get(getattr(signal, "side", ""))
        if signal.name == "coherence":
            raw["coherence"] = shop.coherence
        elif query is not None:
            kind = getattr(signal, "similarity", "cosine")
            if request.image_mode == "best" and "image" in signal.name:
                raw[signal.name] = best_similarity(query, shop.pictures, kind)
            else:
                column = "attribute" if "attribute" in signal.name else signal.name.split("_")[-1]
                raw[signal.name] = similarity(query, shop.column(column), kind)
    asked = {**profile.weights, **(request.weights or {})}
    kept = {n: w for n in raw if (w := asked.get(n, 0.0)) > 0}
    total = math.fsum(kept.values())
    weights = {n: w / total for n, w in kept.items()}
    scales = {s.name: scale_of(s, CALIBRATION, profile) for s in signals if s.name in weights}
    return dict(zip(shop.ids, score(raw, weights, scales).tolist(), strict=True))


def wide(engine: SearchEngine, sight: VisualQueryExpander | None = None) -> SearchEngine:
    """The same engine with every product among the candidates."""
    return SearchEngine(
        engine.client, engine.alias, IDENTITY, text=WORDS, image=FakeImages(),
        decoder=FakeDecoder(), patience=PATIENT, sight=sight,
        budget=replace(UNHURRIED, blend=Depth(300, 300, 300), legs=Depth(300, 300, 300)),
    )  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_every_score_is_the_formulas_and_the_order_is_brute_forces(
    name: str, client: Any, shelf: str, engine: SearchEngine, the_shop: Shop
) -> None:
    request = REQUESTS[name]
    scores = by_oracle(client, shelf, the_shop, request)
    result = wide(engine).search(request)
    assert result.hits
    assert not result.degraded
    for hit in result.hits:
        assert hit.score == pytest.approx(scores[hit.id], abs=1e-5)
    # A raw distance is below 0, and what a product lacks counts 0: such products would come first
    # but are nobody's neighbours, so they are no candidates (docs/formula.md).
    if not request.filters and "euclidean, raw" not in name:
        ids = sorted(scores)
        best = rank(ids, np.array([scores[i] for i in ids]), 24)
        got = [scores[h.id] for h in result.hits[:24]]
        assert got == pytest.approx(list(best.scores), abs=2e-6)


@pytest.mark.parametrize("sight", [SIGHT, ADAPTED], ids=["kinds", "adapted"])
@pytest.mark.parametrize(
    "request_",
    [
        SearchRequest("dress", size=100),
        SearchRequest("frock", size=100),
        SearchRequest("frock", image_mode="best", size=100),
        SearchRequest("手提包", pictures=PICTURE, size=100),
        SearchRequest("frock", weights={"image": 3.0, "text": 0.2}, size=100),
    ],
)
def test_pictures_are_asked_with_what_the_words_look_like(
    request_: SearchRequest,
    sight: VisualQueryExpander,
    client: Any,
    shelf: str,
    engine: SearchEngine,
    the_shop: Shop,
) -> None:
    own = WORDS.encode_query([request_.text])[0]
    seen = sight.expanded_vector(request_.text, own)
    assert seen is not None
    assert seen @ own < 0.99
    scores = by_oracle(client, shelf, the_shop, request_, seen)
    result = wide(engine, sight).search(request_)
    assert not result.degraded
    for hit in result.hits:
        assert hit.score == pytest.approx(scores[hit.id], abs=1e-5)
        assert sum(c.points for c in hit.contributions) == pytest.approx(hit.score, abs=1e-5)
    ids = sorted(scores)
    best = rank(ids, np.array([scores[i] for i in ids]), 24)
    assert [scores[h.id] for h in result.hits[:24]] == pytest.approx(list(best.scores), abs=2e-6)


def test_words_that_look_like_what_they_mean_are_asked_once(engine: SearchEngine) -> None:
    plain, kinds = wide(engine), wide(engine, SIGHT)
    for text in ("a very long question about nothing that the lexicon has ever heard of", "!!!"):
        assert kinds.encoder.encode(understand(SearchRequest(text)))[0].visual is None
        one, other = (e.search(SearchRequest(text)) for e in (plain, kinds))
        assert [(h.id, h.score) for h in one.hits] == [(h.id, h.score) for h in other.hits]


@pytest.mark.parametrize(
    ("text", "kind", "zh"),
    [
        ("frock", "dress", "红色 dress"),  # by the dictionary; the first name in Chinese letters
        ("手提包", "handbag", "手提包"),
        ("!!!", "", ""),
        ("a very long question about nothing that the lexicon has ever heard of", "", ""),
    ],
)
def test_an_answer_says_what_its_words_look_like(
    engine: SearchEngine, text: str, kind: str, zh: str
) -> None:
    for _ in range(2):  # new, and remembered
        found = wide(engine, SIGHT).search(SearchRequest(text)).understood.looks_like
        assert [(k.en, k.zh) for k in found[:1]] == ([(kind, zh)] if kind else [])
        shares = [k.share for k in found]
        assert shares == sorted(shares, reverse=True)
        assert all(0 < share <= 1 for share in shares)
        assert sum(shares) <= 1.001
    assert wide(engine).search(SearchRequest(text)).understood.looks_like == ()
    words = SearchRequest(text, weights={"image": 0.0})  # no picture is asked
    assert wide(engine, SIGHT).search(words).understood.looks_like == ()


@pytest.mark.parametrize("name", REQUESTS)
def test_contributions_add_up_to_the_score(name: str, engine: SearchEngine) -> None:
    result = engine.search(REQUESTS[name])
    assert sum(result.weights.values()) == pytest.approx(1.0)
    for hit in result.hits:
        assert sum(c.points for c in hit.contributions) == pytest.approx(hit.score, abs=1e-5)
        assert [c.signal for c in hit.contributions] == list(result.weights)
        for c in hit.contributions:
            assert c.points == pytest.approx(c.weight * c.calibrated)
            assert not (c.missing and c.points)


def test_what_a_product_lacks_is_shown_as_missing_and_keeps_its_weight(
    engine: SearchEngine, the_shop: Shop
) -> None:
    vectors = dict(zip(the_shop.ids, the_shop.vectors, strict=True))
    seen = set()
    for hit in wide(engine).search(SearchRequest("model", filters=NEAR_60, size=100)).hits:
        for c in hit.contributions:
            if c.signal in ("text", "image", "attribute", "coherence"):
                lacks = getattr(vectors[hit.id], c.signal) is None
                assert c.missing == lacks
                seen.add((c.signal, lacks))
            assert c.weight > 0
    assert {(s, True) for s in ("text", "image", "attribute", "coherence")} <= seen


def test_the_blend_finds_what_separate_legs_find(
    client: Any, shelf: str, engine: SearchEngine, the_shop: Shop
) -> None:
    for text in ("红色连衣裙", "blue sneakers", "handbag model 4"):
        scores = by_oracle(client, shelf, the_shop, SearchRequest(text))
        ids = sorted(scores)
        best = rank(ids, np.array([scores[i] for i in ids]), 24)
        hits = engine.search(SearchRequest(text)).hits
        got = [scores[h.id] for h in hits]
        assert sum(a >= best.scores[-1] - 1e-6 for a in got) >= 23


def test_the_live_index_says_which_blend_it_holds(client: Any, engine: SearchEngine) -> None:
    live = read_index(client, engine.alias, engine.live().name)
    assert live.blend == BLEND
    assert live.schema.blend_vector is not None
    assert live.mapping["properties"]["blend_vector"]["dimension"] == DIM + 4


def ids_of(result: SearchResult) -> list[str]:
    return [hit.id for hit in result.hits]


def pages(engine: SearchEngine, request: SearchRequest, sizes: Sequence[int]) -> list[str]:
    found: list[str] = []
    for size in sizes:
        found += ids_of(engine.search(replace(request, offset=len(found), size=size)))
    return found


@pytest.mark.parametrize("name", ["zh", "picture", "best", "two-term", "filtered"])
def test_pages_of_any_size_are_one_order_without_doubles(name: str, engine: SearchEngine) -> None:
    request = REQUESTS[name]
    whole = ids_of(engine.search(replace(request, size=60)))
    assert len(set(whole)) == len(whole)
    for sizes in ([10] * 6, [7, 3, 20, 30], [1] * 12 + [48]):
        assert pages(engine, request, sizes) == whole[: sum(sizes)]


def test_equal_scores_are_ordered_by_id_even_across_pages(
    engine: SearchEngine, the_shop: Shop
) -> None:
    twins = sorted(p.id for p in the_shop.products if p.brand == "Twin")
    request = SearchRequest("红色连衣裙 red dress", filters=(parse_filter("brand=Twin"),))
    assert ids_of(engine.search(request)) == twins
    assert pages(engine, request, [3] * 6 + [2]) == twins
    assert pages(engine, request, [1] * 20) == twins


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        ("brand=Brand1,Brand2", lambda p: p.brand in {"Brand1", "Brand2"}),
        ("颜色=红色", lambda p: "颜色=红色" in p.tags),
        ("price<40", lambda p: p.price < 40),
        ("price=40..60", lambda p: 40 <= p.price <= 60),
        ("categories=Shop/dress", lambda p: "Shop/dress" in p.categories),
    ],
)
@pytest.mark.parametrize("mode", ["pooled", "best"])
def test_filters_hold_on_every_leg(
    written: str, holds: Any, mode: Any, engine: SearchEngine, the_shop: Shop
) -> None:
    products = {p.id: p for p in the_shop.products}
    fitting = sum(holds(p) for p in the_shop.products)
    for text, pictures in (("手提包", ()), ("!!!", ()), ("", PICTURE), ("dress", PICTURE)):
        request = SearchRequest(
            text, pictures=pictures, filters=(parse_filter(written),), size=100, image_mode=mode
        )
        hits = engine.search(request).hits
        assert all(holds(products[h.id]) for h in hits)
        # Filtered inside the legs, not afterwards: all that fit and have a vector are found.
        assert len(hits) >= min(fitting, 100) * 0.6


@pytest.mark.parametrize("name", REQUESTS)
def test_a_tombstone_never_comes_back_whatever_it_kept(name: str, engine: SearchEngine) -> None:
    assert "ghost" not in ids_of(wide(engine).search(REQUESTS[name]))


def test_the_picture_that_matched_is_named(engine: SearchEngine, the_shop: Shop) -> None:
    vectors = dict(zip(the_shop.ids, the_shop.vectors, strict=True))
    query = WORDS.encode_query([PICTURE[0].decode()])[0]
    hits = engine.search(REQUESTS["best of picture and words"]).hits
    named = 0
    for hit in hits:
        pictures = vectors[hit.id].pictures
        assert (hit.matched_picture is None) == (not pictures)
        if hit.matched_picture:
            best = max(float(p.vector @ query) for p in pictures)
            near = {p.path for p in pictures if float(p.vector @ query) > best - 1e-6}
            assert hit.matched_picture.path in near
            named += 1
    assert named > 10


def test_totals_say_what_they_count(engine: SearchEngine) -> None:
    result = engine.search(SearchRequest("红色连衣裙", size=5))
    assert result.total >= result.reachable
    assert result.reachable <= result.window
    plain = result.to_json()
    assert plain["total_relation"] in ("eq", "gte")
    assert plain["total_of"]
    assert plain["reachable_of"]
    assert plain["hits"][0]["contributions"][0]["signal"] == "lexical"
    beyond = engine.search(SearchRequest("红色连衣裙", size=100, offset=900))
    assert beyond.hits == ()


def test_size_0_counts_without_hits(engine: SearchEngine) -> None:
    result = engine.search(SearchRequest("红色", size=0))
    assert result.hits == ()
    assert result.total > 0
