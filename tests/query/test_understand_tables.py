"""What people ask for, read from their words: the tables of queries with heads and properties."""

import pytest
from understood_tables import Case, cases, properties, words

from query.model.understanding import USUAL, Understanding
from query.understand.chinese import Chinese
from query.understand.lexicon import built_in
from query.understand.price import find_price, number
from query.understand.sizes import find_model_number, find_sizes
from query.understand.words import WordReader

READER = WordReader(built_in(), Chinese())
WORDS = words()
KNOWN = [*cases("zh"), *cases("en")]


def right(case: Case) -> bool:
    found = READER.read(case.query, WORDS, USUAL)
    return found.head == case.head and properties(found) == case.asks


@pytest.mark.parametrize("case", KNOWN, ids=lambda c: c.query)
def test_reads_the_table(case: Case) -> None:
    found = READER.read(case.query, WORDS, USUAL)
    assert (found.head, properties(found)) == (case.head, case.asks)


@pytest.mark.parametrize(
    ("name", "misread"),
    [
        ("zh_heldout", []),
        ("en_heldout", ["uniqlo down jacket womens"]),
        ("zh_second", ["夏季薄款冰丝阔腿裤女"]),
        ("en_second", ["bookshelf made of cherry wood 1.8 m"]),
    ],
)
def test_reads_queries_that_were_written_before_any_result_was_seen(
    name: str, misread: list[str]
) -> None:
    held_out = cases(name)
    assert len(held_out) == 30
    assert [c.query for c in held_out if not right(c)] == misread


@pytest.mark.parametrize(
    ("text", "low", "high", "currency"),
    [
        ("500元以下", None, 500, "CNY"), ("200到300元", 200, 300, "CNY"),
        ("50块左右", 40, 60, "CNY"), ("两百五十元以内", None, 250, "CNY"),
        ("三百五以内", None, 350, ""), ("1.5万元以上", 15_000, None, "CNY"),
        ("under $50", None, 50, "USD"), ("between 20 and 40", 20, 40, ""),
        ("$1,200 or less", None, 1_200, "USD"), ("£10 to £20", 10, 20, "GBP"),
        ("40 to 20 dollars", 20, 40, "USD"), ("200-300左右", 200, 300, ""),
        ("100块钱能买到的", None, 100, "CNY"), ("under 100元", None, 100, "CNY"),
    ],
)  # fmt: skip
def test_prices(text: str, low: float | None, high: float | None, currency: str) -> None:
    found = find_price(f"x {text}", READER.lexicon.currencies)
    assert found is not None
    assert (found.low, found.high, found.currency) == (low, high, currency)


@pytest.mark.parametrize(
    "text",
    ["42码", "3岁以上玩具", "over 12 inch pan", "under armour shoes", "shoes for 3 year old",
     "2-3人帐篷", "百搭鞋", "千层饼", "iphone 15 128gb", "under 500ml bottle", "10米以内", ""],
)  # fmt: skip
def test_numbers_that_are_no_prices(text: str) -> None:
    assert find_price(text, READER.lexicon.currencies) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一百", 100),
        ("两千三百", 2_300),
        ("十五", 15),
        ("1.2万", 12_000),
        ("2k", 2_000),
        ("x", None),
    ],
)
def test_written_numbers(text: str, value: float | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "values"),
    [("42码", ["42"]), ("size 9", ["9"]), ("xxl", ["xxl"]), ("500 ml", ["500ml"]),
     ("1.50米", ["1.5m"]), ("24寸", ["24inch"]), ("s", []), ("xlent", []), ("uk 8.5", ["8.5"])],
)  # fmt: skip
def test_sizes(text: str, values: list[str]) -> None:
    assert [s.value for s in find_sizes(text)] == values


@pytest.mark.parametrize(
    ("text", "model"),
    [("sony WH-1000XM5 case", "WH-1000XM5"), ("JA-1033", "JA-1033"), ("3in1 cable", ""),
     ("t-shirt", ""), ("12pcs", ""), ("item 20394857", "20394857"), ("red dress", "")],
)  # fmt: skip
def test_model_numbers(text: str, model: str) -> None:
    assert find_model_number(text, []) == model


def test_the_price_is_not_searched_for_and_places_are_those_of_the_text() -> None:
    found = READER.read("Red Leather Handbag for Women under $50", WORDS, USUAL)
    assert found.searched == "Red Leather Handbag for Women"
    assert [t.role for t in found.tokens][:4] == ["property", "property", "head", "function"]
    assert all(found.text[t.start :].startswith(t.text) for t in found.tokens)
    assert READER.read("500元以下", WORDS, USUAL).searched == "500元以下"


def test_only_the_price_binds_unless_the_caller_says_so() -> None:
    text = "耐克 红色 跑步鞋 500元以下"
    usual = READER.read(text, WORDS, USUAL)
    assert [c.kind for c in usual.hard] == ["price"]
    chosen = READER.read(text, WORDS, Understanding({"price": "soft", "brand": "hard"}))
    assert [c.kind for c in chosen.hard] == ["brand"]
    off = READER.read(text, WORDS, Understanding({"price": "off", "colour": "off"}))
    assert [c.kind for c in off.constraints] == ["brand"]
    assert off.searched == text


@pytest.mark.parametrize("text", ["50元的杯子", "$20 gift card", "20 dollar watch", "杯子 50元"])
def test_a_bare_amount_binds_only_on_request(text: str) -> None:
    found = READER.read(text, WORDS, USUAL)
    assert [c.kind for c in found.soft] == ["price"]
    assert found.searched == text
    assert READER.read(text, WORDS, Understanding({"price": "hard"})).hard


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("红茶", "红茶"), ("猫粮", "猫粮"), ("无糖饼干", "饼干"), ("狗窝 大型犬", "狗窝"),
        ("红裙子", "裙子"), ("5G手机", "手机"), ("kids jacket 5-6 years", "jacket"),
        ("耳机套", "耳机套"), ("玻璃杯", "玻璃杯"), ("the dress that I saw", "dress"),
    ],
)  # fmt: skip
def test_heads_of_compounds(text: str, head: str) -> None:
    assert READER.read(text, WORDS, USUAL).head == head


def test_traditional_characters_are_read_like_simplified_ones() -> None:
    found = READER.read("紅色連衣裙", WORDS, USUAL)
    assert (found.traditional, found.head, found.language) == (True, "連衣裙", "zh")
    assert found.visual_words == ("紅色",)


@pytest.mark.parametrize(
    "text", ["", "!!!", "的", "a" * 200, "红" * 200, "1" * 200, "🙂 👗", "ひらがな"]
)
def test_odd_texts_are_read_too(text: str) -> None:
    found = READER.read(text, WORDS, USUAL)
    assert found.text == found.searched == text
