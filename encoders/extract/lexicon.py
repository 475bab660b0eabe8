"""Colours, materials and patterns in Chinese and English, written for this project."""

from __future__ import annotations

from functools import cache

from encoders.extract.gazetteer import Entry, Gazetteer
from encoders.extract.plain import plain

COLOUR, MATERIAL, PATTERN = "colour", "material", "pattern"
NAMES: dict[str, str] = {
    "颜色": COLOUR, "颜色分类": COLOUR, "主要颜色": COLOUR, "color": COLOUR, "colour": COLOUR,
    "base colour": COLOUR, "base color": COLOUR, "basecolour": COLOUR, "basecolor": COLOUR,
    "材质": MATERIAL, "面料": MATERIAL, "材料": MATERIAL, "material": MATERIAL, "fabric": MATERIAL,
    "图案": PATTERN, "花纹": PATTERN, "pattern": PATTERN, "print": PATTERN,
    "尺码": "size", "尺寸": "size", "规格": "size", "大小": "size", "size": "size",
    "净含量": "weight", "重量": "weight", "weight": "weight", "容量": "volume", "volume": "volume",
    "长度": "length", "length": "length", "功率": "power", "power": "power", "wattage": "power",
    "品牌": "brand", "brand": "brand", "类型": "type", "品名": "type", "type": "type",
}  # fmt: skip
"""Shops' names of an attribute to the canonical one; other names stay as they are."""

_COLOURS = (
    "red 红色 大红 正红 酒红 酒红色 枣红 砖红 玫红 玫红色|scarlet crimson burgundy maroon",
    "orange 橙色 橘色 橘红 桔色|tangerine",
    "yellow 黄色 姜黄 柠檬黄 鹅黄 明黄|mustard lemon",
    "green 绿色 墨绿 军绿 军绿色 果绿 豆绿 草绿 薄荷绿|olive khaki-green mint emerald lime",
    "cyan 青色 湖蓝 孔雀蓝 蓝绿色|teal turquoise aqua",
    "blue 蓝色 天蓝 天蓝色 宝蓝 浅蓝 深蓝 雾霾蓝 克莱因蓝|azure cobalt",
    "navy 藏青 藏青色 藏蓝 藏蓝色 海军蓝|navy-blue",
    "purple 紫色 香芋紫 深紫 浅紫|violet lilac lavender",
    "pink 粉色 粉红 粉红色 藕粉 樱花粉 裸粉|rose blush",
    "brown 棕色 咖啡色 咖色 褐色 焦糖色|tan chocolate camel",
    "beige 米色 米白 米白色 杏色 卡其 卡其色 燕麦色|khaki cream ivory apricot",
    "black 黑色 纯黑 曜石黑|jet",
    "white 白色 纯白 乳白 乳白色|off-white",
    "grey 灰色 深灰 浅灰 银灰 炭灰 高级灰|gray charcoal heather",
    "gold 金色 香槟金 玫瑰金|golden rose-gold",
    "silver 银色 亮银|",
    "multicolour 彩色 多色 七彩|multicolor rainbow",
)  # fmt: skip
_MATERIALS = (
    "cotton 棉 纯棉 全棉 棉布 精梳棉 长绒棉|pima-cotton",
    "linen 亚麻 棉麻 麻|flax",
    "silk 真丝 桑蚕丝 丝绸 蚕丝|mulberry-silk",
    "wool 羊毛 纯羊毛 美利奴|merino",
    "cashmere 羊绒 山羊绒|",
    "denim 牛仔 牛仔布 丹宁|jean",
    "leather 真皮 牛皮 头层牛皮 羊皮 皮革 猪皮|cowhide sheepskin",
    "suede 麂皮 反绒 磨砂皮|nubuck",
    "faux leather PU皮 仿皮 人造革 超纤|pu-leather pleather",
    "polyester 涤纶 聚酯纤维 聚酯|",
    "nylon 尼龙 锦纶 牛津布|cordura",
    "spandex 氨纶 莱卡|lycra elastane",
    "viscose 粘纤 人棉 莫代尔 天丝|modal rayon tencel lyocell",
    "velvet 天鹅绒 丝绒 金丝绒 灯芯绒|corduroy",
    "fleece 摇粒绒 抓绒 珊瑚绒|",
    "down 羽绒 鹅绒 鸭绒|goose-down",
    "canvas 帆布|",
    "mesh 网布 网面 飞织|",
    "felt 毛毡|",
    "chiffon 雪纺|",
    "lace 蕾丝|",
    "wood 实木 木 橡木 胡桃木 松木|oak walnut pine wooden",
    "bamboo 竹 竹纤维 楠竹|",
    "ceramic 陶瓷 瓷 骨瓷 白瓷|porcelain bone-china stoneware",
    "glass 玻璃 钢化玻璃 水晶玻璃|crystal-glass",
    "stainless steel 不锈钢 304不锈钢|stainless",
    "aluminium 铝合金 铝 航空铝|aluminum",
    "alloy 合金 锌合金|",
    "iron 铁 铁艺 铸铁|cast-iron",
    "copper 铜 黄铜 纯铜|brass",
    "sterling silver 纯银 925银 足银|",
    "plastic 塑料 abs pp|acrylic polypropylene",
    "silicone 硅胶 食品级硅胶|",
    "rubber 橡胶 乳胶|latex",
    "rattan 藤编 藤|wicker",
    "straw 草编|raffia",
    "paper 纸 纸质|cardboard",
)  # fmt: skip
_PATTERNS = (
    "solid 纯色 素色 净色|plain-colour",
    "striped 条纹 竖条纹 横条纹|stripes stripe pinstripe",
    "plaid 格子 格纹 方格 千鸟格|checked checkered tartan gingham houndstooth",
    "polka dot 波点 圆点|polka-dots dotted",
    "floral 碎花 印花 花卉 花朵|flowers flowery",
    "leopard 豹纹|animal-print",
    "camouflage 迷彩|camo",
    "two-tone 拼色 撞色 拼接|colour-block color-block colorblock",
    "gradient 渐变 渐变色|ombre",
    "tie-dye 扎染|",
    "zigzag 锯齿纹 人字纹|chevron herringbone",
    "cartoon 卡通|",
    "letter 字母|lettering",
    "geometric 几何 几何图案|",
)  # fmt: skip
_AMBIGUOUS = frozenset(
    (
        "down", "letter", "jet", "rose", "cream", "lemon", "lime", "mint", "paper", "iron", "straw",
        "tan", "apricot", "ivory", "modal", "abs", "pp", "solid", "print", "cartoon", "flowers",
        "chocolate",
    )
)  # fmt: skip
_TABLES = ((COLOUR, _COLOURS), (MATERIAL, _MATERIALS), (PATTERN, _PATTERNS))


def canonical_name(name: str) -> str:
    """Return the canonical name of an attribute: 颜色分类 is ``colour``."""
    folded = plain(name).replace("_", " ").strip()
    return NAMES.get(folded, folded)


@cache
def meanings() -> dict[str, tuple[str, str]]:
    """Return plain word to (name, English value): 酒红 to ("colour", "red")."""
    found: dict[str, tuple[str, str]] = {}
    for name, rows in _TABLES:
        for row in rows:
            left, _, english = row.partition("|")
            cut = next(n for n, letter in enumerate(left) if not letter.isascii())
            key, chinese = left[:cut].strip(), left[cut:].split()
            if key.endswith((" PU", " 304")):  # a Chinese word that begins in Latin letters
                key, _, rest = key.rpartition(" ")
                chinese[0] = rest + chinese[0]
            words = [key, *chinese, *(word.replace("-", " ") for word in english.split())]
            for word in words:
                found.setdefault(plain(word), (name, key))
    return found


@cache
def shipped_gazetteer() -> Gazetteer:
    """Return the shipped words as a gazetteer, for catalogues that list no attributes.

    Single characters are left out (木 is part of too many words), and words that more often mean
    something else (button down, rose oil).
    """
    return Gazetteer(
        {
            word: Entry({name: 1})
            for word, (name, _) in meanings().items()
            if len(word) > 1 and word not in _AMBIGUOUS
        }
    )
