"""Explanations: the numbers, the words, the picture, and the sentences in two languages."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from contract_shelf import contract_shop, engine_of, shelf_of
from query_shop import Shop

from mappings.errors import InputError
from mappings.index import CatalogueIndex
from query.engine import SearchEngine
from query.execute.post_processing import boosts_of, placements_of
from query.explain.explanation import explain
from query.model.boosts import parse_boost
from query.model.intent import Intent, understand
from query.model.profiles import load_profiles
from query.model.request import SearchRequest
from query.model.result import Contribution, Hit, MatchedPicture, MatchedWord
from query.model.understood import AppliedRule
from query.understand.reading import PlainReading

SIGNALS = (
    Contribution("lexical", 7.0, 0.5, 0.4, 0.2),
    Contribution("text", 0.9, 0.75, 0.4, 0.3),
    Contribution("image", 0.0, 0.0, 0.2, 0.0, missing=True),
)
HIT = Hit("1", 0.5, SIGNALS, {"title": "红色 dress"})
WORDS = (MatchedWord("红色", "title"), MatchedWord("dress", "title"), MatchedWord("red", "brand"))


def test_both_languages_say_place_score_shares_words_and_what_is_lacking() -> None:
    told = explain(HIT, 3, WORDS)
    assert told.en == (
        "Number 3 with 0.500 points: its text means what you wrote (60% of its points);"
        " its words match yours (40% of its points, “红色”, “dress” in its title, “red” in its"
        " brand). It lacks pictures to compare."
    )
    assert told.zh == (
        "第 3 名，0.500 分：文本含义与查询相符（占 60%）；"
        "文字与查询匹配（占 40%，标题中的“红色”“dress”，品牌中的“red”）。缺少可比较的图片。"
    )
    assert (told.rank, told.score, told.parts, told.words) == (3, 0.5, SIGNALS, WORDS)


def test_pictures_boosts_and_placements_are_told() -> None:
    stock = Contribution("boost: stock", 3.0, 1.0, 0.05, 0.05)
    tiny = Contribution("boost: new", 900.0, 0.0001, 0.1, 0.00001)
    brand = Contribution("boost: where brand=X", 1.0, 1.0, -0.2, -0.2)
    hit = replace(
        HIT,
        contributions=(*SIGNALS, stock, tiny, brand),
        matched_picture=MatchedPicture("a/1.jpg", "detail"),
        placed="pinned by rule sale",
    )
    told = explain(hit, 1)
    assert told.en.endswith(
        "The picture that matched is a/1.jpg (detail). It lacks pictures to compare."
        " Raised by 0.050 for: stock. Lowered by 0.200 for: where brand=X."
        " It stands there because it is pinned by rule sale."
    )
    assert told.zh.endswith(
        "最匹配的图片：a/1.jpg（细节图）。缺少可比较的图片。因“库存”加 0.050 分。"
        "因“where brand=X”减 0.200 分。位置由规则 sale 置顶。"
    )
    assert "60%" in told.en, "shares are of what the signals gave"


def test_a_hit_for_which_nothing_speaks_is_explained_too() -> None:
    told = explain(Hit("1", 0.0, (), {}), 9)
    assert told.en == (
        "Number 9 with 0.000 points: nothing speaks for it but that it is among the nearest."
    )
    assert told.zh == "第 9 名，0.000 分：除了与查询相近，没有其他依据。"


def intent_of(*rules: AppliedRule, **more: Any) -> Intent:
    intent = understand(SearchRequest("dress", **more))
    return replace(intent, understood=replace(intent.understood, rules=rules))


def test_a_rules_factor_becomes_points_and_its_name_is_kept() -> None:
    rule = AppliedRule("sale", "dress", boosts=(("brand=X", 2.0), ("brand=Y", 0.25)))
    doubled, quartered = boosts_of(intent_of(rule))
    assert (doubled.points, quartered.points) == pytest.approx((0.1, -0.2))
    assert (doubled.name, quartered.name) == ("rule sale", "rule sale")
    assert boosts_of(intent_of(AppliedRule("even", "x", boosts=(("brand=X", 1.0),)))) == ()


def test_all_boosts_together_move_a_score_by_one_point_at_most() -> None:
    rule = AppliedRule("much", "x", boosts=tuple((f"brand=B{n}", 10.0) for n in range(9)))
    asked = boosts_of(intent_of(rule, boosts=(parse_boost("0.5 stock"),)))
    assert len(asked) == 10
    assert sum(abs(b.points) for b in asked) == pytest.approx(1.0)


def test_a_profile_has_boosts_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text('[profiles.mine]\ntext = 1.0\nboosts = ["0.05 stock", "0.1 new 30"]\n')
    profile = load_profiles(path)["mine"]
    stock, new = boosts_of(intent_of(), profile)
    assert (stock, new.name) == (parse_boost("0.05 stock"), "new")
    for wrong in ('"stock"', '["stock"]', "[1]", '["0.5 stock", "0.5 stock", "0.1 stock"]'):
        path.write_text(f"[profiles.mine]\ntext = 1.0\nboosts = {wrong}\n")
        with pytest.raises(InputError, match=r"boosts|Boosts"):
            load_profiles(path)


def test_placements_are_the_requests_first_and_then_the_rules() -> None:
    rule = AppliedRule("r", "x", pins=("a",), buries=("b",))
    placed = placements_of(intent_of(rule, AppliedRule("none", "x"), pins=("c",)))
    assert [(p.pins, p.buries, p.rule) for p in placed] == [
        (("c",), (), ""),
        (("a",), ("b",), "r"),
    ]


@pytest.fixture(scope="module")
def made() -> Shop:
    return contract_shop(200)


@pytest.fixture(scope="module")
def engine(client: Any, made: Shop) -> Iterator[SearchEngine]:
    with shelf_of(client, "contract-explain", made) as alias:
        yield engine_of(client, alias)


ASKED = {
    "page": SearchRequest("红色连衣裙 sneakers", explain=True, size=50),
    "window": SearchRequest("红色连衣裙 sneakers", explain=True, size=50, min_score=-9.0),
    "rrf": SearchRequest("红色连衣裙 sneakers", explain=True, size=50, fusion="rrf"),
}


@pytest.mark.node
@pytest.mark.parametrize("name", ASKED)
def test_the_words_that_match_are_named_with_their_columns(
    name: str, engine: SearchEngine, made: Shop
) -> None:
    titles = {p.id: p.title for p in made.products}
    seen = set()
    for rank, hit in enumerate(engine.search(ASKED[name]).hits, 1):
        told = hit.explanation
        assert told is not None
        assert (told.rank, told.score) == (rank, hit.score)
        assert told.parts == hit.contributions
        for word in told.words:
            seen.add((word.word, word.column))
            if word.column == "title":
                assert word.word in titles[hit.id]
        lexical = next(c for c in hit.contributions if c.signal == "lexical")
        assert bool(told.words) == (lexical.raw > 0)
        if "红色连衣裙" in titles[hit.id]:
            assert MatchedWord("红色连衣裙", "title") in told.words
            assert "标题中的“红色连衣裙”" in told.zh
            assert "“红色连衣裙” in its title" in told.en
    assert {("红色连衣裙", "title"), ("sneakers", "title"), ("红色", "tag_words")} <= seen


@pytest.mark.node
def test_the_best_picture_is_told_and_json_says_the_same(engine: SearchEngine) -> None:
    request = SearchRequest(
        "dress", pictures=(b"red dress 3",), image_mode="best", explain=True, min_score=-9.0
    )
    answer = engine.search(request)
    plain = json.loads(json.dumps(answer.to_json()))
    told = 0
    for hit, shown in zip(answer.hits, plain["hits"], strict=True):
        assert hit.explanation is not None
        assert hit.explanation.picture == hit.matched_picture
        assert shown["explanation"]["zh"] == hit.explanation.zh
        assert shown["explanation"]["parts"] == shown["contributions"]
        if hit.matched_picture:
            assert hit.matched_picture.path in hit.explanation.en
            assert shown["explanation"]["picture"]["path"] == hit.matched_picture.path
            told += 1
    assert told > 5


@pytest.mark.node
def test_nothing_is_marked_unless_it_is_asked(engine: SearchEngine) -> None:
    answer = engine.search(SearchRequest("dress"))
    assert all(hit.explanation is None for hit in answer.hits)
    assert answer.to_json()["hits"][0]["explanation"] is None


class Ruled(PlainReading):
    """A reading under which a rule of the shop's always applies."""

    def read(self, request: SearchRequest, index: CatalogueIndex) -> Intent:
        rule = AppliedRule("spring", "always", pins=("p950-050",), boosts=(("brand=Brand3", 8.0),))
        intent = understand(request)
        return replace(intent, understood=replace(intent.understood, rules=(rule,)))


@pytest.mark.node
def test_a_rules_pins_and_boosts_hold_and_are_explained(engine: SearchEngine) -> None:
    ruled = engine_of(engine.client, engine.alias, reading=Ruled())
    answer = ruled.search(SearchRequest("dress", explain=True))
    first = answer.hits[0]
    assert (first.id, first.placed) == ("p950-050", "pinned by rule spring")
    assert first.explanation is not None
    assert "规则 spring" in first.explanation.zh
    for hit in answer.hits:
        share = next(c for c in hit.contributions if c.signal == "boost: rule spring")
        assert share.points == pytest.approx(0.3 if hit.source["brand"] == "Brand3" else 0.0)
        assert sum(c.points for c in hit.contributions) == pytest.approx(hit.score, abs=1e-5)
