"""Attributes read out of texts: units, words, the catalogue's own values, and the shop's own."""

from pathlib import Path

import pytest

from encoders.extract.extractor import Extractor
from encoders.extract.gazetteer import Gazetteer, listed_values
from encoders.extract.lexicon import canonical_name, meanings, shipped_gazetteer
from encoders.extract.plain import cuts_word, plain
from encoders.extract.spans import Span, occurrences, without_overlaps
from encoders.extract.units import measures
from ingest.stages.enrich import keep_gazetteer, open_extractor
from mappings.errors import InputError
from mappings.product import ExtractedValue, Product, parse_product


def product(title: str, **columns: object) -> Product:
    return parse_product({"id": title[:40], "title": title} | columns)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("男鞋42码", [("size", "42")]),
        ("靴子 38-42 码", [("size", "38-42")]),
        ("EU 42 boots", [("size", "42")]),
        ("凉鞋36~40", [("size", "36-40")]),
        ("洗发水５００ＭＬ", [("volume", "500ml")]),
        ("1.5L 水壶", [("volume", "1500ml")]),
        ("１．５升", [("volume", "1500ml")]),
        ("2kg dumbbell", [("weight", "2000g")]),
        ("大米5斤装", [("weight", "2500g")]),
        ("80cm", [("length", "80cm")]),
        ("桌子120厘米", [("length", "120cm")]),
        ("6mm 厚", [("length", "0.6cm")]),
        ("18-55mm lens", [("length", "1.8-5.5cm")]),
        ("T恤 XL", [("size", "XL")]),
        ("2XL码", [("size", "XXL")]),
        ("均码", [("size", "one size")]),
        ("1200W 电磁炉", [("power", "1200W")]),
        ("充电宝20000mAh", [("charge", "20000mAh")]),
        ("10片装", [("count", "10 pieces")]),
        ("500ml 80cm XL", [("volume", "500ml"), ("length", "80cm"), ("size", "XL")]),
    ],
)
def test_sizes_and_measures_are_brought_to_one_unit(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert [(m.span.name, m.value) for m in measures(text)] == expected


@pytest.mark.parametrize(
    "text",
    ["iPhone 13 Pro Max", "JA-1033", "m&m's", "Nike's", "a small l", "2021年秋季", "S925 银"],
)
def test_what_only_looks_like_a_measure_is_none(text: str) -> None:
    assert measures(text) == ()


def test_measures_stand_where_they_are_written() -> None:
    text = "保温杯 500ml 不锈钢"
    (found,) = measures(text)
    assert text[found.span.start : found.span.end] == "500ml"


def test_plain_text_keeps_every_place() -> None:
    text = "ＲＥＤ Ｔ恤 ﬁne İstanbul ½"
    assert len(plain(text)) == len(text)
    assert plain("ＲＥＤ") == "red"
    assert cuts_word("redwood", 0, 3)
    assert not cuts_word("red wood", 0, 3)
    assert cuts_word("1200w", 0, 1)
    assert not cuts_word("红色", 0, 1)


def test_of_overlapping_spans_the_longer_wins_then_the_earlier() -> None:
    spans = [Span(0, 2, "a"), Span(1, 5, "b"), Span(5, 7, "c"), Span(6, 8, "d"), Span(3, 3, "e")]
    assert without_overlaps(spans) == (Span(1, 5, "b"), Span(5, 7, "c"))
    assert occurrences("aaa", "aa") == [0, 1]
    assert occurrences("abc", "") == []


SHOP = [
    product("恒源祥羊毛衫", attributes={"品牌": ["恒源祥"], "领型": ["V领"]}),
    product("恒源祥 V领 开衫", attributes={"品牌": ["恒源祥"], "领型": ["V领"]}),
    product("V领毛衣", attributes={"领型": ["V领"], "厚薄": ["毛"]}, categories=["服饰", "毛衣"]),
    product("圆领毛衣", attributes={"领型": ["圆领"]}, categories=["服饰", "毛衣"]),
]


def test_a_gazetteer_counts_how_often_a_title_means_what_it_says() -> None:
    known = Gazetteer.learn(SHOP)
    assert (known.entries["v领"].occurrences, known.entries["v领"].listed) == (2, 2)
    assert known.entries["毛"].occurrences == 3
    assert known.entries["毛"].listed == 1
    assert known.entries["毛"].trust < known.entries["v领"].trust
    assert known.entries["v领"].name == "领型"
    assert known.entries["毛衣"].within == {"服饰": (2, 2), "毛衣": (2, 2)}
    assert known.habit(known.entries["v领"], ("毛衣",)) == 1.0
    found = known.find("新款V领毛衣")
    assert [("新款V领毛衣"[s.start : s.end], s.name) for s in found] == [
        ("V领", "领型"), ("毛衣", "category"),
    ]  # fmt: skip
    assert "毛衣" not in listed_values(SHOP[2], categories=False)


def test_a_kept_gazetteer_is_the_same(tmp_path: Path) -> None:
    known = Gazetteer.learn(SHOP)
    keep_gazetteer(known, tmp_path)
    assert Gazetteer.load(tmp_path / "gazetteer.json") == known
    assert Gazetteer.load(tmp_path / "gazetteer.json").digest == known.digest
    assert open_extractor(tmp_path).gazetteer == known
    (tmp_path / "gazetteer.json").write_text("{}")
    with pytest.raises(InputError, match="No gazetteer can be read"):
        open_extractor(tmp_path)
    assert open_extractor(tmp_path / "none").gazetteer.entries == {}


def test_words_are_known_by_their_shipped_meaning() -> None:
    known = meanings()
    assert known["酒红"] == ("colour", "red")
    assert known["navy blue"] == ("colour", "navy")
    assert known["304不锈钢"] == ("material", "stainless steel")
    assert known["pu皮"] == ("material", "faux leather")
    assert known["格纹"] == ("pattern", "plaid")
    assert known["gray"] == ("colour", "grey")
    assert canonical_name("颜色分类") == canonical_name("Base_Colour") == "colour"
    assert canonical_name("领型") == "领型"
    assert shipped_gazetteer().find("button down shirt") == ()


def test_texts_fill_what_the_shop_left_empty_and_say_where() -> None:
    reads = Extractor(Gazetteer.learn(SHOP))
    given = product(
        "V领酒红色真皮外套 XL", description="Also in blue. 衣长80cm", attributes={"品牌": ["某某"]}
    )
    made = reads.enriched(given)
    assert set(made.found) == {
        ExtractedValue("colour", "red", "title"),
        ExtractedValue("material", "leather", "title"),
        ExtractedValue("size", "XL", "title"),
        ExtractedValue("领型", "V领", "title"),
        ExtractedValue("length", "80cm", "description"),
    }
    assert made.attributes == given.attributes
    assert "colour=red" in made.found_tags
    assert made.tags == given.tags


def test_what_the_shop_says_is_never_found_again() -> None:
    reads = Extractor(Gazetteer.learn(SHOP))
    said = product("红色 V领 外套", attributes={"颜色分类": ["酒红"], "领型": ["圆领"]})
    assert reads.enriched(said) is said
    gone = Product(id="x", deleted=True)
    assert reads.enriched(gone) is gone


def test_found_attributes_survive_the_ledgers_record() -> None:
    made = Extractor(Gazetteer({})).enriched(product("红色外套"))
    assert made.found == (ExtractedValue("colour", "red", "title"),)
    assert Product.model_validate_json(made.model_dump_json(exclude_defaults=True)) == made
