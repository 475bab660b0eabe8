"""Other wordings of a query, from the words of a made-up catalogue."""

import pytest

from query.model.request import SearchRequest
from query.model.understanding import Understanding
from query.model.understood import Constraint, Understood
from query.rules.book import RuleBook, Synonyms
from query.understand.catalogue_reading import CatalogueReading
from query.understand.chinese import Chinese
from query.understand.lexicon import built_in
from query.understand.live_words import LiveWords, Words
from query.understand.vocabulary import Vocabulary

CHINESE = Chinese()
SHOP = Vocabulary(
    index="wordings",
    brands={"Adidas": 30, "Skechers": 12, "喬丹": 8},
    categories={"Women > Dresses": 40, "男裝/襯衫": 9},
    tags={"顏色=紅色": 20, "颜色=浅蓝拼接": 5, "colour=Navy Blue": 7, "尺码=42码": 3,
          "材质=头层牛皮": 6},
    words={
        "dress": 40, "dresses": 35, "sandal": 2, "sandals": 30, "shirt": 60, "skirt": 55,
        "backpack": 9, "连衣裙": 40, "衬衫": 33, "双肩包": 21, "运动鞋": 50, "红色": 44, "rare": 1,
    },
    currencies={"CNY": 99},
    traditional=True,
)  # fmt: skip
WORDS = Words.of(built_in(), SHOP, CHINESE)


class Books:
    """Stands where the live rules stand: one fixed book."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book

    def book(self) -> RuleBook:
        return self._book

    def others(self) -> object:
        return self._book.others()


def read(text: str, book: RuleBook | None = None, **options: object) -> Understood:
    live = LiveWords(None, built_in(), CHINESE)
    reading = CatalogueReading(live, Books(book) if book else None)  # type: ignore[arg-type]
    request = SearchRequest(text, understanding=Understanding(**options))  # type: ignore[arg-type]
    return reading.read_text(request, WORDS).understood


def one(found: Understood, kind: str) -> Constraint:
    return next(c for c in found.constraints if c.kind == kind)


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("drees", "dress"),
        ("sandel", "sandal"),
        ("bakpack", "backpack"),
        ("adiddas", "adidas"),
        ("skechres", "skechers"),
        ("red baackpack", "backpack"),
        ("odress", ""),
        ("shrit", "shirt"),
        # Two known words as near, an ending, a number, a name: left alone.
        ("shirts", ""),
        ("skirts", ""),
        ("dressed", ""),
        ("sdirt", ""),
        ("drees2", ""),
        ("adidas", ""),
        ("rar", ""),
        ("raree", ""),
        ("xyzzy", ""),
        ("bag", ""),
        ("skechers", ""),
    ],
)
def test_spelling(text: str, used: str) -> None:
    found = [v.used for v in read(text).variants if v.why == "spelling"]
    assert found == ([used] if used else [])


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("lianyiqun", "连衣裙"), ("lian yi qun", "连衣裙"), ("lianyiqu", "连衣裙"),
        ("hongse chenshan", "红色衬衫"), ("adidas yundongxie", "运动鞋"), ("LianYiQun", "连衣裙"),
        ("dress", ""), ("lian", ""), ("shirt", ""),
    ],
)  # fmt: skip
def test_pinyin(text: str, used: str) -> None:
    found = read(text)
    assert [v.used for v in found.variants if v.why == "pinyin"] == ([used] if used else [])
    if used:
        assert used in found.encoded


def test_words_that_sound_alike() -> None:
    (variant, *_) = read("连衣群 女").variants
    assert (variant.text, variant.why) == ("连衣裙 女", "spelling")
    assert [v for v in read("连衣 女").variants if v.why == "spelling"] == []


def test_both_scripts_are_searched_where_the_catalogue_has_both() -> None:
    assert [v.text for v in read("紅色連衣裙").variants] == ["红色连衣裙"]
    assert "紅色連衣裙" in [v.text for v in read("红色连衣裙").variants]


def test_a_catalogue_in_traditional_characters_is_known_by_simplified_ones() -> None:
    found = read("乔丹 红色 衬衫")
    assert one(found, "brand").values == ("喬丹",)
    assert one(found, "colour").values == ("顏色=紅色",)
    assert one(found, "category").values == ("男裝/襯衫",)


def test_the_catalogues_own_values_are_found_by_what_they_mean() -> None:
    assert set(one(read("蓝色 衬衫"), "colour").values) == {"颜色=浅蓝拼接", "colour=Navy Blue"}
    assert one(read("浅蓝拼接 衬衫"), "colour").values == ("颜色=浅蓝拼接",)
    assert one(read("leather shoes"), "material").values == ("材质=头层牛皮",)
    assert one(read("运动鞋 42码"), "size").values == ("尺码=42码",)
    for word in ("dresses", "dress", "连衣裙"):
        assert one(read(word), "category").values == ("Women > Dresses",)


def test_a_price_in_another_currency_binds_nothing() -> None:
    assert read("dress under $50").hard == ()
    assert one(read("dress under $50"), "price").column == ""
    assert read("连衣裙 50元以下").hard[0].high == 50
    assert read("dress under 50").hard[0].high == 50


def test_the_shops_synonyms_come_before_ours_and_are_bounded() -> None:
    book = RuleBook(0, (Synonyms(("书包", *(f"词{n}" for n in range(9))), weight=0.5),))
    script, *found = read("书包 backpack", book).variants
    assert script.why == "script"
    assert [(v.used, v.weight) for v in found] == [(f"词{n}", 0.5) for n in range(3)]
    assert read("书包", book, rules=False).variants[1].used == "双肩包"
    assert read("书包").variants[1].weight == 0.7
    assert "书包" not in [v.used for v in read("双肩包").variants]


def test_a_phrase_of_several_words_has_synonyms() -> None:
    book = RuleBook(0, (Synonyms(("running shoes",), ("运动鞋",)),))
    assert [v.text for v in read("red Running-Shoes 42", book).variants] == ["red 运动鞋 42"]


def test_properties_are_read_in_the_correction() -> None:
    found = read("hongse chenshan under 80")
    assert (found.head, found.thing, found.visual_words) == ("衬衫", "shirt", ("红色",))
    assert one(found, "colour").values == ("顏色=紅色",)
    assert [c.high for c in found.hard] == [80]
    assert one(read("adiddas backpack"), "brand").values == ("Adidas",)


def test_a_correction_keeps_what_was_asked_of_it() -> None:
    found = read("drees under 100元")
    assert found.variants[0].text == found.encoded == "dress"
    assert found.searched == "drees"
    assert found.hard[0].high == 100
