"""Synthetic titles in Chinese and English with labelled values, to train the tagger that ships.

Nothing here comes from a catalogue: brands are syllables drawn at random, things, wordings and
values are the project's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from encoders.extract.lexicon import meanings
from mappings.product import Product

_SYLLABLES = (
    "ba", "co", "da", "fe", "gi", "ho", "ja", "ke", "lu", "mo", "ni", "or", "pa", "qui", "ra", "so",
    "ti", "vu", "wen", "xi", "ya", "zo",
)  # fmt: skip
_SIGNS = "安博晨达恩菲格海嘉凯蓝美诺欧派奇瑞森泰维熙雅卓"
_ZH_NAMES = {
    "brand": "品牌", "colour": "颜色", "material": "材质", "pattern": "图案", "size": "尺码",
    "volume": "容量", "weight": "净含量", "length": "长度", "power": "功率", "type": "类型",
    "model": "型号", "style": "风格", "season": "适用季节", "audience": "适用对象",
    "feature": "功能",
}  # fmt: skip
_THINGS: dict[str, tuple[tuple[str, str], tuple[str, ...], tuple[str, ...]]] = {
    "wear": (
        ("服饰", "Clothing"),
        ("连衣裙", "衬衫", "T恤", "卫衣", "牛仔裤", "半身裙", "外套", "毛衣", "短裤", "羽绒服"),
        ("dress", "shirt", "t-shirt", "hoodie", "trousers", "skirt", "jacket", "sweater", "shorts"),
    ),
    "shoes": (
        ("鞋靴", "Shoes"), ("运动鞋", "马丁靴", "凉鞋", "板鞋", "高跟鞋", "拖鞋"),
        ("sneakers", "boots", "sandals", "loafers", "heels", "slippers"),
    ),
    "bags": (
        ("箱包", "Bags"), ("双肩包", "手提包", "斜挎包", "行李箱", "钱包"),
        ("backpack", "handbag", "crossbody bag", "suitcase", "wallet"),
    ),
    "home": (
        ("家居", "Home"), ("保温杯", "花瓶", "台灯", "餐盘", "收纳盒", "抱枕", "地毯", "书桌"),
        ("flask", "vase", "desk lamp", "plate", "storage box", "cushion", "rug", "desk"),
    ),
    "electric": (
        ("电器", "Appliances"), ("电热水壶", "吹风机", "加湿器", "充电宝", "耳机", "电饭煲"),
        ("kettle", "hair dryer", "humidifier", "power bank", "headphones", "rice cooker"),
    ),
    "care": (
        ("个护", "Care"), ("洗发水", "面霜", "护手霜", "沐浴露", "面膜", "洗手液"),
        ("shampoo", "face cream", "hand cream", "shower gel", "face mask", "hand soap"),
    ),
}  # fmt: skip
_WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "style": (("复古", "简约", "韩版", "休闲", "商务", "北欧", "日系", "甜美"),
              ("vintage", "minimal", "casual", "office", "Nordic", "street", "boho")),
    "season": (("春季", "夏季", "秋冬", "冬季"), ("spring", "summer", "autumn", "winter")),
    "audience": (("女士", "男士", "儿童", "学生", "男女通用"),
                 ("women's", "men's", "kids", "unisex")),
    "feature": (("防水", "透气", "加厚", "静音", "保湿", "便携", "防滑", "速干"),
                ("waterproof", "breathable", "lightweight", "quiet", "foldable", "non-slip")),
}  # fmt: skip
_NOISE = (
    ("新款", "包邮", "2026", "正品", "热卖", "百搭", "专柜", "官方", "同款", "特价", "爆款"),
    ("new", "sale", "2026", "official", "best seller", "with gift box", "free shipping"),
)


@dataclass(frozen=True, slots=True)
class _Part:
    """A word of a title, and the attribute that it is a value of; empty for none."""

    word: str
    name: str = ""


def made_products(count: int, seed: int) -> Iterator[Product]:
    """Yield products with a title, categories and most of the attributes that the title names.

    Now and then a value is not listed, as in a real catalogue.

    Args:
        count: How many.
        seed: Another number, other products; the first n are the same however many are asked for.
    """
    brands = [_brand(Random(f"{seed}:brand:{n}")) for n in range(max(20, count // 12))]
    for number in range(count):
        yield _product(number, Random(f"{seed}:{number}"), brands)


def _product(number: int, r: Random, brands: list[tuple[str, str]]) -> Product:
    zh = r.random() < 0.6
    kind = r.choice(sorted(_THINGS))
    shelf, *things = _THINGS[kind]
    thing = r.choice(things[0 if zh else 1])
    brand = r.choice(brands)[0 if zh and r.random() < 0.7 else 1]
    parts = [_Part(brand, "brand"), *_middle(kind, zh, r), _Part(thing, "type")]
    if r.random() < 0.4:
        parts.insert(r.randrange(1, len(parts) + 1), _Part(_model(r), "model"))
    parts += [_Part(r.choice(_NOISE[0 if zh else 1])) for _ in range(r.randrange(3))]
    if zh and r.random() < 0.5:
        r.shuffle(parts)
    attributes: dict[str, tuple[str, ...]] = {}
    for part in parts:
        if part.name and r.random() < 0.9:
            name = _ZH_NAMES[part.name] if zh else part.name
            attributes[name] = (*attributes.get(name, ()), part.word)
    return Product(
        id=f"made-{number}", title=_joined(parts, zh, r), attributes=attributes,
        categories=(shelf[0 if zh else 1],),
    )  # fmt: skip


def _middle(kind: str, zh: bool, r: Random) -> list[_Part]:
    """Return colours, words and measures in random order, as in titles."""
    found = [_Part(_word(name, zh, r), name) for name in ("colour", "material", "pattern")
             if r.random() < 0.45]  # fmt: skip
    found += [
        _Part(r.choice(words[0 if zh else 1]), name)
        for name, words in _WORDS.items() if r.random() < 0.35
    ]  # fmt: skip
    if r.random() < 0.6:
        found.append(_measure(kind, zh, r))
    r.shuffle(found)
    return found


def _measure(kind: str, zh: bool, r: Random) -> _Part:
    if kind == "wear":
        return _Part(r.choice(("S", "M", "L", "XL", "2XL", "XXL")), "size")
    if kind == "shoes":
        size = str(r.randrange(35, 47))
        return _Part(f"{size}码" if zh else f"EU {size}", "size")
    if kind == "care":
        if r.random() < 0.5:
            return _Part(f"{r.choice((50, 75, 100, 200, 250, 400, 500, 750))}ml", "volume")
        return _Part(f"{r.choice((30, 50, 80, 100, 150, 250))}{r.choice('g克' if zh else 'g')}",
                     "weight")  # fmt: skip
    if kind == "electric":
        return _Part(f"{r.choice((300, 600, 800, 1000, 1500, 1800, 2200))}W", "power")
    return _Part(f"{r.randrange(8, 180)}{'cm' if r.random() < 0.7 or not zh else '厘米'}", "length")


def _word(name: str, zh: bool, r: Random) -> str:
    own = [w for w, (n, _) in meanings().items() if n == name and w.isascii() != zh and len(w) > 1]
    return r.choice(own)


def _brand(r: Random) -> tuple[str, str]:
    latin = "".join(r.choice(_SYLLABLES) for _ in range(r.randrange(2, 4)))
    shown = r.choice((latin.upper(), latin.capitalize(), latin.capitalize()))
    return "".join(r.choice(_SIGNS) for _ in range(r.randrange(2, 4))), shown


def _model(r: Random) -> str:
    letters = "".join(r.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(r.randrange(1, 4)))
    return f"{letters}{r.choice(('', '-'))}{r.randrange(1, 10 ** r.randrange(2, 5))}"


def _joined(parts: list[_Part], zh: bool, r: Random) -> str:
    words = [part.word for part in parts]
    if not zh:
        return " ".join(words)
    text = words[0]
    for before, word in pairwise(words):
        apart = (before[-1].isascii() and word[0].isascii()) or r.random() < 0.15
        text += f" {word}" if apart else word
    return text
