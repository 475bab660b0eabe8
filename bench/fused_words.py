"""The vocabulary of the made-up catalogue that the search benchmark runs on."""

from typing import NamedTuple


class Word(NamedTuple):
    """One part of a title, in both languages."""

    en: str
    zh: str


def _words(lines: str) -> tuple[Word, ...]:
    return tuple(Word(*pair.strip().split("|")) for pair in lines.split(";") if pair.strip())


COLOURS = _words(
    "red|红色;blue|蓝色;black|黑色;white|白色;green|绿色;yellow|黄色;pink|粉色;purple|紫色;"
    "orange|橙色;brown|棕色;grey|灰色;beige|米色;navy|藏青色;gold|金色;silver|银色;teal|青色"
)
MATERIALS = _words(
    "cotton|纯棉;leather|真皮;linen|亚麻;silk|真丝;wool|羊毛;denim|牛仔;canvas|帆布;suede|麂皮;"
    "nylon|尼龙;polyester|涤纶;cashmere|羊绒;mesh|网面;rubber|橡胶;velvet|丝绒;knit|针织"
)
PATTERNS = _words(
    "plain|纯色;striped|条纹;checked|格子;floral|碎花;dotted|波点;camouflage|迷彩;"
    "embroidered|刺绣;printed|印花;quilted|绗缝;pleated|百褶"
)
AUDIENCES = _words("women's|女士;men's|男士;kids'|儿童;unisex|中性")
USES = _words(
    "for running|跑步;for travel|旅行;for the office|办公;for hiking|登山;for yoga|瑜伽;"
    "for summer|夏季;for winter|冬季;for the beach|沙滩;for school|上学;for parties|派对;"
    "for everyday wear|日常;for the gym|健身;for weddings|婚礼;for rainy days|雨天"
)
KINDS: dict[Word, tuple[Word, ...]] = {
    Word("Shoes", "鞋靴"): _words(
        "running shoes|跑步鞋;sneakers|运动鞋;boots|靴子;sandals|凉鞋;loafers|乐福鞋;"
        "high heels|高跟鞋;slippers|拖鞋;basketball shoes|篮球鞋"
    ),
    Word("Bags", "箱包"): _words(
        "handbag|手提包;backpack|双肩包;tote bag|托特包;wallet|钱包;suitcase|行李箱;"
        "crossbody bag|斜挎包;laptop bag|电脑包"
    ),
    Word("Clothing", "服装"): _words(
        "dress|连衣裙;shirt|衬衫;t-shirt|T恤;sweater|毛衣;jacket|夹克;coat|大衣;jeans|牛仔裤;"
        "skirt|半身裙;hoodie|连帽卫衣;shorts|短裤;trousers|长裤;down jacket|羽绒服;suit|西装"
    ),
    Word("Accessories", "配饰"): _words(
        "hat|帽子;scarf|围巾;belt|腰带;gloves|手套;sunglasses|太阳镜;watch|手表;necklace|项链;"
        "earrings|耳环;umbrella|雨伞;socks|袜子"
    ),
    Word("Home", "家居"): _words(
        "cushion|抱枕;blanket|毛毯;curtain|窗帘;lamp|台灯;mug|马克杯;vase|花瓶;rug|地毯;"
        "towel|毛巾;storage box|收纳盒"
    ),
}
_HEADS = ["Nor", "Vel", "Kai", "Lum", "Tor", "Bri", "Sol", "Mar", "Zen", "Qui", "Fen", "Ark"]
_TAILS = ["vik", "ora", "dan", "essa", "lio", "max", "ana", "ique", "ford", "belle"]
_ZH_HEADS = ["云", "星", "青", "沐", "锦", "晨", "海", "木", "禾", "初", "远", "鹿"]
_ZH_TAILS = ["尚", "禾", "屿", "澜", "棠", "之家", "里", "堂"]
BRANDS = tuple(h + t for h in _HEADS[:8] for t in _TAILS[:5]) + tuple(
    h + t for h in _ZH_HEADS[:8] for t in _ZH_TAILS[:4]
)
# Names that only a few dozen products bear: the rare words of a catalogue.
SERIES = tuple(f"{h}{t}{n}" for h in _HEADS for t in _TAILS for n in ("", "X", "Pro", "Lite"))
