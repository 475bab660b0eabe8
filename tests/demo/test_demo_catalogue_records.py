"""What the catalogue says: counts, languages, tags that agree with the product, valid records."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from demo.catalogue.brands import BRANDS
from demo.catalogue.colours import COLOURS
from demo.catalogue.kinds import KINDS, MATERIALS, PATTERNS
from demo.catalogue.outlines import OUTLINES
from demo.catalogue.plan import Plan, plan_products
from demo.catalogue.queries import judge
from demo.catalogue.record import Record, make_record
from demo.catalogue.tags import MAX_TAGS, MIN_TAGS
from mappings.errors import InputError
from mappings.product import parse_product


def both(products: int = 1000, *, tags: int = 100) -> Iterator[tuple[Plan, Record]]:
    for plan in plan_products(products, 7):
        yield plan, make_record(plan, pictures=10, tags=tags)


@pytest.fixture(scope="module")
def catalogue() -> list[tuple[Plan, Record]]:
    return list(both())


def pairs(record: Record) -> list[tuple[str, str]]:
    return [(name, value) for name, values in record["attributes"].items() for value in values]


def test_a_thousand_products_with_ten_pictures_and_a_hundred_tags(
    catalogue: list[tuple[Plan, Record]],
) -> None:
    assert len({r["id"] for _, r in catalogue}) == 1000
    for _, record in catalogue:
        assert len(pairs(record)) == len(set(pairs(record))) == 100
        roles = Counter(p["role"] for p in record["pictures"])
        assert roles == {"main": 1, "detail": 1, "swatch": 1, "alternative": 7}


def test_distinct_tags_stay_few(catalogue: list[tuple[Plan, Record]]) -> None:
    distinct = {pair for _, record in catalogue for pair in pairs(record)}
    assert 400 <= len(distinct) <= 700


@pytest.mark.parametrize("tags", [MIN_TAGS, 11, 50, MAX_TAGS])
def test_exactly_the_tags_asked_for(tags: int) -> None:
    assert {len(pairs(record)) for _, record in both(200, tags=tags)} == {tags}


def test_every_record_is_a_valid_product(catalogue: list[tuple[Plan, Record]]) -> None:
    for _, record in catalogue:
        product = parse_product(record)
        assert len(product.tags) == 100
        assert product.price
        assert product.currency == "CNY"


def test_languages_are_balanced_and_titles_keep_to_theirs(
    catalogue: list[tuple[Plan, Record]],
) -> None:
    assert all(320 <= n <= 345 for n in Counter(p.language for p, _ in catalogue).values())
    for plan, record in catalogue:
        text = record["title"] + record["description"]
        chinese = bool(re.search(r"[\u4e00-\u9fff]", text))
        english = bool(re.search(r"[a-z]{3}", text))
        assert (chinese, english) == (plan.language != "en", plan.language != "zh")
        assert len(record["categories"]) == (2 if plan.language == "both" else 1)


def test_half_of_the_tags_are_chinese(catalogue: list[tuple[Plan, Record]]) -> None:
    for _, record in catalogue[:100]:
        chinese = [n for n, _ in pairs(record) if re.search(r"[\u4e00-\u9fff]", n)]
        assert 45 <= len(chinese) <= 55


def test_tags_say_what_the_product_is(catalogue: list[tuple[Plan, Record]]) -> None:
    for plan, record in catalogue:
        said = record["attributes"]
        assert said["颜色"] == [COLOURS[plan.colour].zh]
        assert said["colour"] == [plan.colour]
        assert said["图案"] == [PATTERNS[plan.pattern][0]]
        assert said["pattern"] == [PATTERNS[plan.pattern][1]]
        assert said["类型"] == [plan.kind.zh]
        assert said["type"] == [plan.kind.en]
        assert said["材质"] == [MATERIALS[plan.material][0]]
        assert said["品牌"] == [BRANDS[plan.brand][0]]
        assert plan.pattern in plan.kind.patterns
        assert plan.material in plan.kind.materials


def test_all_types_colours_and_patterns_take_part(catalogue: list[tuple[Plan, Record]]) -> None:
    assert set(OUTLINES) == set(KINDS)
    assert {p.kind.key for p, _ in catalogue[: len(KINDS)]} == set(KINDS)
    assert len({(p.kind.key, p.colour) for p, _ in catalogue}) == len(KINDS) * len(COLOURS)
    shown = Counter(p.pattern for p, _ in catalogue)
    assert set(shown) == set(PATTERNS)
    assert min(shown.values()) >= 60
    assert len({(p.kind.key, p.colour, p.pattern) for p, _ in catalogue}) == 1000


def test_titles_are_varied(catalogue: list[tuple[Plan, Record]]) -> None:
    assert len({r["title"] for _, r in catalogue}) >= 980


def test_variants_of_a_group_share_model_and_price_but_not_the_colour(
    catalogue: list[tuple[Plan, Record]],
) -> None:
    groups: dict[str, list[Record]] = {}
    for _, record in catalogue:
        if record["group"]:
            groups.setdefault(record["group"], []).append(record)
    assert len(groups) > 100
    for members in groups.values():
        assert len({m["price"] for m in members}) == 1
        assert len({m["attributes"]["colour"][0] for m in members}) == len(members)


def test_a_smaller_catalogue_is_the_beginning_of_a_larger_one() -> None:
    assert list(plan_products(40, 7)) == list(plan_products(90, 7))[:40]


def test_judge_knows_names_in_both_languages(catalogue: list[tuple[Plan, Record]]) -> None:
    for plan, record in catalogue[:150]:
        zh, en = plan.kind.zh, plan.kind.en
        assert judge(record, kind=zh, colour=COLOURS[plan.colour].zh)
        assert judge(record, kind=en.upper(), colour=plan.colour, pattern=plan.pattern)
        assert not judge(record, colour="red" if plan.colour != "red" else "blue")
        assert not judge(record, kind=zh, pattern="zigzag" if plan.pattern != "zigzag" else "dots")
    assert any(judge(r, kind="dress", colour="red") for _, r in catalogue)


def test_judge_refuses_unknown_names(catalogue: list[tuple[Plan, Record]]) -> None:
    with pytest.raises(InputError, match="Known: sneakers"):
        judge(catalogue[0][1], kind="submarine")
    with pytest.raises(InputError, match="Known: red"):
        judge(catalogue[0][1], colour="puce")
    with pytest.raises(InputError, match="Known: solid"):
        judge(catalogue[0][1], pattern="paisley")
