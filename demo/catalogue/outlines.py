"""Which function draws which product type, and the drawing of one product on clear ground."""

from collections.abc import Callable
from functools import lru_cache
from random import Random

import numpy as np

from demo.catalogue import (
    outlines_accessories,
    outlines_bags,
    outlines_clothing,
    outlines_home,
    outlines_shoes,
)
from demo.catalogue.patterns import Cloth, Span
from demo.catalogue.sketch import SIZE, Cutout, Sketch

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


@lru_cache(maxsize=len(OUTLINES))
def _span(kind: str) -> Span:
    """Where the cloth of a product type begins and ends from top to bottom, as shares of the side.

    A lamp's shade is all in the upper half: its two tones must meet there to be seen. The end is
    set so that six tenths of the cloth lie in the first six tenths of the span.
    """
    sketch = Sketch(Cloth("solid", (128, 128, 128), (255, 255, 255), 0.1, 0, "plain"))
    OUTLINES[kind](sketch, Random(kind))
    above = np.asarray(sketch.cutout().cloth, dtype=np.float64).sum(axis=1).cumsum()
    top, middle = np.searchsorted(above / above[-1], (0.001, 0.6)) / SIZE
    return float(top), float(top + (middle - top) / 0.6)


def draw_cutout(kind: str, cloth: Cloth, shape_seed: str) -> Cutout:
    """One product on clear ground.

    Args:
        kind: A key of OUTLINES.
        cloth: Its colour, pattern and grain.
        shape_seed: The same seed gives the same proportions, whatever the cloth.
    """
    sketch = Sketch(cloth, _span(kind))
    OUTLINES[kind](sketch, Random(shape_seed))
    return sketch.cutout()
