"""Titles and descriptions in natural shop style, Chinese, English or both."""

from random import Random

from demo.catalogue.brands import BRANDS, LINES
from demo.catalogue.colours import COLOURS
from demo.catalogue.kinds import MATERIALS, PATTERNS
from demo.catalogue.plan import Plan

_FOR_ZH = {"women": "女士", "men": "男士", "unisex": ""}
_FOR_EN = {"women": "Women's ", "men": "Men's ", "unisex": ""}
_PAIRS = (
    "sneakers",
    "boots",
    "sandals",
    "heels",
    "socks",
    "gloves",
    "jeans",
    "shorts",
    "sunglasses",
)


def title(plan: Plan) -> str:
    """The product's title in its language or languages."""
    r = plan.rng("title")
    zh, en = _title_zh(plan, r), _title_en(plan, r)
    if plan.language != "both":
        return zh if plan.language == "zh" else en
    colour, pattern, kind = COLOURS[plan.colour], PATTERNS[plan.pattern], plan.kind
    plain = plan.pattern == "solid"
    short = f"{colour.key} {'' if plain else pattern[1] + ' '}{kind.en}".title()
    brand = BRANDS[plan.brand]
    return f"{brand[1]} {zh} {short}" if r.random() < 0.6 else f"{zh} {en}"


def _title_zh(plan: Plan, r: Random) -> str:
    brand, line = BRANDS[plan.brand][0], LINES[plan.line][0]
    colour, pattern = COLOURS[plan.colour].zh, PATTERNS[plan.pattern][0]
    look = colour + ("" if plan.pattern == "solid" else pattern)
    material, person = MATERIALS[plan.material][0], _FOR_ZH[plan.audience]
    kind = plan.kind.zh
    forms = (
        f"{brand} {look}{material}{person}{kind}",
        f"{brand}「{line}」系列 {look}{kind}{person and ' ' + person + '款'}",
        f"{brand} 新款{person}{kind} {material} {look}",
        f"{look}{kind} {material}材质 {brand}{line}系列",
    )
    return r.choice(forms)


def _title_en(plan: Plan, r: Random) -> str:
    brand, line = BRANDS[plan.brand][1], LINES[plan.line][1]
    colour, pattern = plan.colour.title(), PATTERNS[plan.pattern][1].title()
    look = colour if plan.pattern == "solid" else f"{colour} {pattern}"
    material, person = MATERIALS[plan.material][1].title(), _FOR_EN[plan.audience]
    kind = plan.kind.en.title()
    forms = (
        f"{brand} {person}{look} {material} {kind}",
        f"{brand} {line} {kind} in {look}",
        f"{person}{material} {kind}, {look} – {brand} {line}",
        f"{brand} {look} {kind} ({material})",
    )
    return r.choice(forms)


def description(plan: Plan) -> str:
    """One to three sentences in the title's language or languages."""
    r = plan.rng("description")
    zh, en = _text_zh(plan, r), _text_en(plan, r)
    if plan.language == "both":
        return f"{zh[0]}{en[0]}"
    count = r.randint(1, 3)
    return "".join(zh[:count]) if plan.language == "zh" else " ".join(en[:count])


def _text_zh(plan: Plan, r: Random) -> list[str]:
    colour, kind = COLOURS[plan.colour].zh, plan.kind.zh
    pattern, material = PATTERNS[plan.pattern][0], MATERIALS[plan.material][0]
    first = (
        f"这款{colour}{kind}采用{material}制成，{pattern}设计耐看不过时。",
        f"{material}{kind}，{colour}{pattern}，细节处处见用心。",
        f"以{colour}为主色的{pattern}{kind}，选用优质{material}。",
    )
    second = (
        "走线工整，做工扎实，日常使用也很耐久。",
        "版型经典，搭配起来毫不费力。",
        "图片展示正面、细节与材质，所见即所得。",
    )
    third = (
        "送人自用都合适。",
        "支持七天无理由退换。",
        f"{LINES[plan.line][0]}系列，同系列可自由搭配。",
    )
    return [r.choice(first), r.choice(second), r.choice(third)]


def _text_en(plan: Plan, r: Random) -> list[str]:
    kind, colour = plan.kind.en, plan.colour
    material = MATERIALS[plan.material][1]
    look = "plain" if plan.pattern == "solid" else PATTERNS[plan.pattern][1]
    some = f"A pair of {colour} {kind}" if plan.kind.key in _PAIRS else f"{_a(colour)} {kind}"
    these = "These" if plan.kind.key in _PAIRS else "This"
    first = (
        f"{some} in {look} {material}.",
        f"{these} {colour} {kind} {'come' if these == 'These' else 'comes'} in {look} {material}.",
        f"{some} made of {material},"
        f" {'plain and simple' if look == 'plain' else look + ' design'}.",
    )
    second = (
        "Neat stitching and solid work make for years of use.",
        "The classic cut goes with nearly everything.",
        "The pictures show front, detail and material: what you see is what you get.",
    )
    third = (
        "A good gift, too.",
        "Free returns within seven days.",
        f"From the {LINES[plan.line][1]} line.",
    )
    return [r.choice(first), r.choice(second), r.choice(third)]


def _a(word: str) -> str:
    return f"An {word}" if word[0] in "aeio" else f"A {word}"
