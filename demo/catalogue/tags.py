"""The attribute tags of one product: as many name=value pairs as asked for, in two languages."""

from collections.abc import Iterator
from random import Random

from demo.catalogue import vocabulary as v
from demo.catalogue.brands import BRANDS, LINES
from demo.catalogue.colours import COLOURS, lab
from demo.catalogue.kinds import MATERIALS, PATTERNS, shelf
from demo.catalogue.plan import Plan
from mappings.errors import InputError

MIN_TAGS = 10
MAX_TAGS = 120
Tag = tuple[tuple[str, str], v.Word]

TYPE, COLOUR, PATTERN = ("类型", "type"), ("颜色", "colour"), ("图案", "pattern")
_SHADES = {"dark": ("深色", "dark"), "mid": ("中间色", "mid tone"), "light": ("浅色", "light")}
_WARM = ("羊毛", "羊绒", "毛毡", "麂皮")


def check_tags(tags: int) -> None:
    """Refuses a number of tags that no product can have.

    Raises:
        InputError: Fewer than MIN_TAGS or more than MAX_TAGS.
    """
    if not MIN_TAGS <= tags <= MAX_TAGS:
        raise InputError(
            f"tags is {tags}; the demo writes {MIN_TAGS} to {MAX_TAGS} attribute tags a product.",
            "Give a number in that range.",
        )


def attributes(plan: Plan, tags: int) -> dict[str, list[str]]:
    """Attribute name to values, exactly ``tags`` pairs, Chinese and English in turns.

    Args:
        plan: The product.
        tags: MIN_TAGS to MAX_TAGS; the most telling come first.

    Raises:
        InputError: ``tags`` is out of range.
    """
    check_tags(tags)
    found: dict[str, list[str]] = {}
    left = tags
    for names, words in _distinct(plan):
        for name, word in zip(names, words, strict=True):
            if left and word not in found.get(name, ()):
                found.setdefault(name, []).append(word)
                left -= 1
        if not left:
            return found
    raise AssertionError(f"{plan.id} has {tags - left} tags, {tags} were promised")


def _distinct(plan: Plan) -> Iterator[Tag]:
    yield from _facts(plan)
    yield from _circumstances(plan, plan.rng("tags"))


def _facts(plan: Plan) -> Iterator[Tag]:
    """What can be seen or measured."""
    kind, colour = plan.kind, COLOURS[plan.colour]
    yield TYPE, (kind.zh, kind.en)
    yield COLOUR, (colour.zh, colour.key)
    yield PATTERN, PATTERNS[plan.pattern]
    yield ("材质", "material"), MATERIALS[plan.material][:2]
    yield ("大类", "department"), shelf(kind)
    if plan.pattern not in ("solid", "gradient"):
        second = COLOURS[plan.second]
        yield ("辅色", "second colour"), (second.zh, second.key)
    light = float(lab(colour.rgb)[0])
    yield ("色调", "tone"), _SHADES["dark" if light < 40 else "light" if light > 72 else "mid"]
    for word in v.AUDIENCES[plan.audience]:
        yield ("适用人群", "for"), word
    for season in _seasons(plan):
        yield ("适用季节", "season"), season


def _seasons(plan: Plan) -> tuple[v.Word, ...]:
    spring, summer, autumn, winter = v.SEASONS
    kind, material = plan.kind.key, MATERIALS[plan.material][0]
    if kind in ("boots", "scarf", "gloves", "jacket") or material in _WARM:
        return autumn, winter
    if kind in ("shorts", "sandals", "t-shirt", "sunglasses") or plan.material == "linen":
        return spring, summer
    if kind in ("dress", "skirt", "shirt"):
        return spring, summer, autumn
    return v.SEASONS


def _circumstances(plan: Plan, r: Random) -> Iterator[Tag]:
    """What a shop says beside the facts: sizes, occasions, care, delivery."""
    family = plan.kind.family
    picks: tuple[tuple[tuple[str, str], tuple[v.Word, ...], int], ...] = (
        (("风格", "style"), v.STYLES, 3),
        (("场合", "occasion"), v.OCCASIONS, 4),
        (("尺码", "size"), v.SIZES[family], 5),
        (("功能", "feature"), v.FEATURES[family], 5),
        (("护理", "care"), v.CARE[family], 3),
        (("产地", "origin"), v.ORIGINS, 1),
        (("品牌", "brand"), (BRANDS[plan.brand],), 1),
        (("系列", "collection"), (LINES[plan.line],), 1),
        (("氛围", "mood"), v.MOODS, 2),
        (("手感", "touch"), v.TOUCHES, 2),
        (("外观", "finish"), v.LOOKS, 1),
        (("重量", "weight"), v.WEIGHTS, 1),
        (("档次", "tier"), v.LEVELS, 1),
        (("年份", "year"), v.YEARS, 1),
        (("质保", "warranty"), v.WARRANTIES, 1),
        (("包装", "packaging"), v.PACKAGING, 2),
        (("配送", "delivery"), v.SHIPPING, 3),
        (("送礼", "gift for"), v.GIFTS, 2),
        (("搭配", "pair with"), v.PAIRINGS, 2),
        (("关键词", "keyword"), v.KEYWORDS, len(v.KEYWORDS)),
    )
    for names, words, most in picks:
        chosen = set(r.sample(words, min(most, len(words))))
        # In the table's order: sizes run from small to large.
        yield from ((names, word) for word in words if word in chosen)
