"""The product types of the demo: names, shelf, cloth, price and what a camera must know."""

from dataclasses import dataclass

PATTERNS: dict[str, tuple[str, str]] = {
    "solid": ("纯色", "solid"),
    "stripes": ("条纹", "striped"),
    "plaid": ("格子", "plaid"),
    "dots": ("波点", "polka dot"),
    "floral": ("碎花", "floral"),
    "zigzag": ("锯齿纹", "zigzag"),
    "gradient": ("渐变", "gradient"),
    "two-tone": ("拼色", "two-tone"),
}
_ALL = tuple(PATTERNS)
_BANDS = ("solid", "stripes", "dots", "gradient", "two-tone", "zigzag")
_FRAMES = ("solid", "stripes", "gradient", "two-tone")
_STRAPS = ("solid", "stripes", "plaid", "zigzag", "two-tone")
# Material: Chinese, English, the grain that shows it.
MATERIALS: dict[str, tuple[str, str, str]] = {
    "cotton": ("纯棉", "cotton", "canvas"),
    "linen": ("亚麻", "linen", "canvas"),
    "silk": ("真丝", "silk", "plain"),
    "wool": ("羊毛", "wool", "knit"),
    "cashmere": ("羊绒", "cashmere", "knit"),
    "denim": ("牛仔布", "denim", "twill"),
    "polyester": ("聚酯纤维", "polyester", "plain"),
    "nylon": ("尼龙", "nylon", "canvas"),
    "leather": ("真皮", "leather", "leather"),
    "suede": ("麂皮", "suede", "leather"),
    "canvas": ("帆布", "canvas", "canvas"),
    "mesh": ("网布", "mesh", "knit"),
    "felt": ("毛毡", "felt", "leather"),
    "ceramic": ("陶瓷", "ceramic", "plain"),
    "porcelain": ("骨瓷", "porcelain", "plain"),
    "glass": ("玻璃", "glass", "plain"),
    "velvet": ("天鹅绒", "velvet", "plain"),
    "acetate": ("板材", "acetate", "plain"),
    "polycarbonate": ("聚碳酸酯", "polycarbonate", "plain"),
    "silicone": ("硅胶", "silicone", "plain"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One product type.

    ``family`` names its shelf, ``price`` is the range in CNY, ``focus`` the point of the drawing
    that the detail view looks at, ``stands`` whether it stands on the ground by itself.
    """

    key: str
    zh: str
    en: str
    family: str
    shelf: tuple[str, str]
    materials: tuple[str, ...]
    patterns: tuple[str, ...]
    price: tuple[int, int]
    focus: tuple[float, float]
    stands: bool


_SHELVES = {
    "clothing": ("服饰", "Clothing"),
    "shoes": ("鞋靴", "Shoes"),
    "bags": ("箱包", "Bags"),
    "accessories": ("配饰", "Accessories"),
    "home": ("家居", "Home"),
}
_TOPS, _BOTTOMS = ("上装", "Tops"), ("下装", "Bottoms")
_DAILY, _DRESSY = ("休闲鞋", "Casual Shoes"), ("时装鞋", "Dress Shoes")
_CARRY, _TRIP = ("包", "Everyday Bags"), ("旅行", "Travel")
_WORN, _WARM = ("穿戴", "Wearables"), ("保暖", "Warm Accessories")
_OUTER = ("外套", "Outerwear")
_TABLE, _ROOM = ("餐具", "Tableware"), ("家饰", "Decor")

KINDS: dict[str, Kind] = {
    k.key: k
    for k in (
        Kind("sneakers", "运动鞋", "sneakers", "shoes", _DAILY,
             ("mesh", "canvas", "suede"), _ALL, (199, 899), (0.5, 0.5), True),
        Kind("dress", "连衣裙", "dress", "clothing", ("裙装", "Dresses"),
             ("cotton", "silk", "linen", "polyester"), _ALL, (169, 1299), (0.5, 0.36), False),
        Kind("handbag", "手提包", "handbag", "bags", _CARRY,
             ("leather", "suede", "canvas"), _ALL, (259, 2399), (0.5, 0.66), True),
        Kind("t-shirt", "T恤", "t-shirt", "clothing", _TOPS,
             ("cotton", "linen", "polyester"), _ALL, (49, 259), (0.5, 0.26), False),
        Kind("mug", "马克杯", "mug", "home", _TABLE,
             ("ceramic", "porcelain", "glass"), _ALL, (29, 159), (0.5, 0.5), True),
        Kind("shirt", "衬衫", "shirt", "clothing", _TOPS,
             ("cotton", "linen", "silk"), _ALL, (99, 699), (0.5, 0.3), False),
        Kind("jeans", "牛仔裤", "jeans", "clothing", _BOTTOMS,
             ("denim",), _ALL, (139, 699), (0.5, 0.22), False),
        Kind("hat", "帽子", "hat", "accessories", _WORN,
             ("felt", "wool", "cotton"), _ALL, (59, 399), (0.55, 0.55), True),
        Kind("backpack", "双肩包", "backpack", "bags", _CARRY,
             ("nylon", "canvas", "leather"), _ALL, (129, 899), (0.5, 0.56), True),
        Kind("chair", "椅子", "chair", "home", ("家具", "Furniture"),
             ("velvet", "linen", "leather"), _ALL, (299, 1599), (0.5, 0.5), True),
        Kind("skirt", "半身裙", "skirt", "clothing", ("裙装", "Skirts"),
             ("cotton", "wool", "polyester"), _ALL, (109, 699), (0.5, 0.32), False),
        Kind("boots", "靴子", "boots", "shoes", _DRESSY,
             ("leather", "suede"), _ALL, (299, 1699), (0.45, 0.68), True),
        Kind("watch", "手表", "watch", "accessories", _WORN,
             ("leather", "silicone", "nylon"), _BANDS, (199, 2999), (0.5, 0.5), False),
        Kind("jacket", "外套", "jacket", "clothing", _OUTER,
             ("wool", "nylon", "leather", "denim"), _ALL, (259, 1899), (0.5, 0.3), False),
        Kind("lamp", "台灯", "table lamp", "home", ("灯具", "Lighting"),
             ("linen", "silk", "cotton"), _ALL, (99, 899), (0.5, 0.46), True),
        Kind("sandals", "凉鞋", "sandals", "shoes", _DAILY,
             ("leather", "suede", "canvas"), _BANDS, (89, 599), (0.3, 0.32), False),
        Kind("umbrella", "雨伞", "umbrella", "accessories", ("雨具", "Rainwear"),
             ("nylon", "polyester"), _ALL, (49, 299), (0.5, 0.36), False),
        Kind("shorts", "短裤", "shorts", "clothing", _BOTTOMS,
             ("cotton", "linen", "nylon"), _ALL, (59, 329), (0.5, 0.4), False),
        Kind("sunglasses", "太阳镜", "sunglasses", "accessories", _WORN,
             ("acetate", "nylon"), _FRAMES, (89, 1299), (0.45, 0.48), False),
        Kind("vase", "花瓶", "vase", "home", _ROOM,
             ("ceramic", "porcelain", "glass"), _ALL, (59, 599), (0.5, 0.62), True),
        Kind("scarf", "围巾", "scarf", "accessories", _WARM,
             ("wool", "cashmere", "silk"), _ALL, (79, 1099), (0.5, 0.4), False),
        Kind("heels", "高跟鞋", "high heels", "shoes", _DRESSY,
             ("leather", "suede", "silk"), _ALL, (199, 1499), (0.66, 0.74), True),
        Kind("cushion", "抱枕", "cushion", "home", _ROOM,
             ("cotton", "linen", "velvet"), _ALL, (39, 259), (0.24, 0.24), False),
        Kind("suitcase", "行李箱", "suitcase", "bags", _TRIP,
             ("polycarbonate", "nylon"), _ALL, (299, 1999), (0.5, 0.36), True),
        Kind("socks", "袜子", "socks", "accessories", _WARM,
             ("cotton", "wool"), _ALL, (15, 99), (0.46, 0.3), False),
        Kind("belt", "皮带", "belt", "accessories", _WORN,
             ("leather", "suede", "canvas"), _STRAPS, (79, 799), (0.6, 0.68), True),
        Kind("gloves", "手套", "gloves", "accessories", _WARM,
             ("wool", "leather", "cashmere"), _ALL, (49, 599), (0.28, 0.62), False),
        Kind("teapot", "茶壶", "teapot", "home", _TABLE,
             ("ceramic", "porcelain"), _ALL, (89, 799), (0.5, 0.36), True),
    )
}  # fmt: skip


def categories(kind: Kind) -> tuple[str, str]:
    """The kind's category path in Chinese and in English."""
    zh, en = _SHELVES[kind.family]
    return f"{zh}/{kind.shelf[0]}/{kind.zh}", f"{en}/{kind.shelf[1]}/{kind.en.title()}"


def shelf(kind: Kind) -> tuple[str, str]:
    """The family's name in Chinese and in English."""
    return _SHELVES[kind.family]


def find_kind(name: str) -> Kind | None:
    """The kind with this key or this Chinese or English name."""
    wanted = name.strip().casefold()
    return next((k for k in KINDS.values() if wanted in (k.key, k.zh.casefold(), k.en)), None)
