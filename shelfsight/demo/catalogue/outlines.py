"""Which function draws which product type, and the drawing of one product on clear ground."""

from collections.abc import Callable
from random import Random

from shelfsight.demo.catalogue import (
    outlines_accessories,
    outlines_bags,
    outlines_clothing,
    outlines_home,
    outlines_shoes,
)
from shelfsight.demo.catalogue.patterns import Cloth
from shelfsight.demo.catalogue.sketch import Cutout, Sketch

OUTLINES: dict[str, Callable[[Sketch, Random], None]] = {
    "sneakers": outlines_shoes.sneakers,
    "dress": outlines_clothing.dress,
    "handbag": outlines_bags.handbag,
    "t-shirt": outlines_clothing.tshirt,
    "mug": outlines_home.mug,
    "shirt": outlines_clothing.shirt,
    "jeans": outlines_clothing.jeans,
    "hat": outlines_accessories.hat,
    "backpack": outlines_bags.backpack,
    "chair": outlines_home.chair,
    "skirt": outlines_clothing.skirt,
    "boots": outlines_shoes.boots,
    "watch": outlines_accessories.watch,
    "jacket": outlines_clothing.jacket,
    "lamp": outlines_home.lamp,
    "sandals": outlines_shoes.sandals,
    "umbrella": outlines_bags.umbrella,
    "shorts": outlines_clothing.shorts,
    "sunglasses": outlines_accessories.sunglasses,
    "vase": outlines_home.vase,
    "scarf": outlines_accessories.scarf,
    "heels": outlines_shoes.heels,
    "cushion": outlines_home.cushion,
    "suitcase": outlines_bags.suitcase,
    "socks": outlines_shoes.socks,
    "belt": outlines_accessories.belt,
    "gloves": outlines_shoes.gloves,
    "teapot": outlines_home.teapot,
}


def draw_cutout(kind: str, cloth: Cloth, shape_seed: str) -> Cutout:
    """One product on clear ground.

    Args:
        kind: A key of OUTLINES.
        cloth: Its colour, pattern and grain.
        shape_seed: The same seed gives the same proportions, whatever the cloth.
    """
    sketch = Sketch(cloth)
    OUTLINES[kind](sketch, Random(shape_seed))
    return sketch.cutout()
