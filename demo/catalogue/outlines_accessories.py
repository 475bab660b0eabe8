"""How accessories are drawn: hats, watches, sunglasses, scarves, belts."""

import math
from random import Random

from demo.catalogue.curves import Point, block, oval
from demo.catalogue.sketch import Fold, Sketch


def hat(s: Sketch, r: Random) -> None:
    """A brimmed hat with a pinched crown and a ribbon."""
    tall = r.uniform(0.2, 0.25)
    s.part(oval(0.5, 0.68, 0.44, 0.135), puff=0.05,
           folds=(([(0.14, 0.7), (0.4, 0.775), (0.86, 0.7)], 0.03, 26),))  # fmt: skip
    s.part(oval(0.5, 0.655, 0.275, 0.085), "dark", puff=0.03)
    s.part(
        [(0.24, 0.66), (0.265, 0.45), (0.32, tall + 0.05), (0.4, tall + 0.005), (0.5, tall + 0.045),
         (0.6, tall), (0.68, tall + 0.05), (0.735, 0.45), (0.76, 0.66), (0.65, 0.705), (0.5, 0.72),
         (0.35, 0.705)],
        puff=0.08,
        folds=(([(0.5, tall + 0.04), (0.49, 0.36), (0.52, 0.45)], 0.04, -56),
               ([(0.37, 0.28), (0.34, 0.5)], 0.05, 34)),
    )  # fmt: skip
    s.part([(0.243, 0.56, 1), (0.37, 0.6), (0.5, 0.61), (0.63, 0.6), (0.757, 0.56, 1), (0.762,
                                                                                        0.655, 1),
            (0.64, 0.7), (0.5, 0.714), (0.36, 0.7), (0.238, 0.655, 1)], "black",
            puff=0.03)  # fmt: skip
    s.part([(0.69, 0.6), (0.735, 0.565), (0.75, 0.66), (0.7, 0.68)], "dark", puff=0.02, lift=0.5)


def watch(s: Sketch, r: Random) -> None:
    """A wristwatch, upright: strap, steel case, dial with hands."""
    size, metal = r.uniform(0.2, 0.225), r.choice(("steel", "gold"))
    for y0, y1 in ((0.03, 0.36), (0.97, 0.64)):
        s.part([(0.41, y0, 1), (0.59, y0, 1), (0.62, y1, 1), (0.38, y1, 1)], puff=0.04)
        s.stitch([(0.425, y0), (0.4, y1)])
        s.stitch([(0.575, y0), (0.6, y1)])
    for k in range(4):
        s.part(oval(0.5, 0.76 + k * 0.045, 0.01, 0.013), "black", puff=0.01, depth=0.4)
    s.part(block(0.5 + size - 0.01, 0.475, 0.5 + size + 0.04, 0.525, soft=0.01), metal, puff=0.015)
    s.part(oval(0.5, 0.5, size + 0.02, size + 0.02), metal, puff=0.03, lift=0.9)
    s.part(oval(0.5, 0.5, size - 0.02, size - 0.02), "plain", puff=0.02, depth=0.7)
    for k in range(12):
        a = k * math.pi / 6
        near, far = size - 0.065, size - 0.04
        s.stroke([(0.5 + math.sin(a) * near, 0.5 - math.cos(a) * near),
                  (0.5 + math.sin(a) * far, 0.5 - math.cos(a) * far)], 0.012, metal)  # fmt: skip
    s.stroke([(0.5, 0.5), (0.41, 0.44)], 0.016, "white", lift=0.5)
    s.stroke([(0.5, 0.5), (0.56, 0.5 - size + 0.07)], 0.012, "white", lift=0.5)
    s.part(oval(0.5, 0.5, 0.014, 0.014), metal, puff=0.01)
    s.crease([(0.4, 0.42), (0.47, 0.37), (0.53, 0.36)], 0.05, 26)


def sunglasses(s: Sketch, r: Random) -> None:
    """Sunglasses from the front, with dark lenses and folded temples."""
    high = r.uniform(0.135, 0.165)
    s.stroke([(0.09, 0.45), (0.2, 0.35), (0.62, 0.33)], 0.024, "dark")
    s.stroke([(0.91, 0.45), (0.8, 0.37), (0.4, 0.36)], 0.024, "dark")
    s.stroke([(0.44, 0.47), (0.5, 0.445), (0.56, 0.47)], 0.04)
    for x, side in ((0.275, 1), (0.725, -1)):
        rim: list[Point] = [
            (x - side * 0.225, 0.42), (x - side * 0.08, 0.4), (x + side * 0.13, 0.41),
            (x + side * 0.205, 0.47), (x + side * 0.17, 0.5 + high), (x, 0.53 + high),
            (x - side * 0.15, 0.5 + high), (x - side * 0.2, 0.52)
        ]  # fmt: skip
        s.part(rim, puff=0.03, depth=1.2, lift=0.5)
        lens = [(x + (px - x) * 0.79, 0.5 + (py - 0.5) * 0.76 + 0.013) for px, py in rim]
        s.part(lens, "glass", puff=0.02)
        s.crease([(x - 0.09, 0.57), (x + 0.05, 0.45)], 0.045, 60)
        s.crease([(x - 0.03, 0.6), (x + 0.09, 0.49)], 0.018, 44)
        s.part(oval(x - side * 0.195, 0.445, 0.016, 0.008), "steel", puff=0.01)


def scarf(s: Sketch, r: Random) -> None:
    """A scarf looped once, with two fringed ends hanging down."""
    left, right = r.uniform(0.84, 0.88), r.uniform(0.74, 0.8)
    ends = ((0.31, 0.3, left, 5), (0.55, 0.3, right, -7))
    for x, y, low, turn in ends:
        for k in range(10):
            fx = x - 0.045 + k * 0.026 + (low - 0.6) * turn * 0.006
            s.stroke([(fx, low - 0.02), (fx + 0.006 * (k % 3 - 1), low + 0.07)], 0.011, "plain")
        lean = (low - 0.6) * turn * 0.006
        folds: tuple[Fold, ...] = (
            ([(x + 0.03, y + 0.1), (x + 0.04 + lean, low)], 0.03, -44),
            ([(x + 0.12, y + 0.1), (x + 0.13 + lean, low)], 0.03, 34),
        )
        s.part([(x - 0.02, y, 1), (x + 0.18, y, 1), (x + 0.195, 0.6), (x + 0.2 + lean, low, 1),
                (x - 0.06 + lean, low, 1), (x - 0.045, 0.6)], folds=folds, turn=turn,
                lift=0.7)  # fmt: skip
    s.part(oval(0.5, 0.27, 0.3, 0.19), turn=20, puff=0.08, lift=0.9,
           folds=(([(0.22, 0.3), (0.5, 0.43), (0.78, 0.3)], 0.03, -50),
                  ([(0.23, 0.24), (0.5, 0.37), (0.77, 0.24)], 0.03, 36)))  # fmt: skip
    s.part(oval(0.5, 0.2, 0.2, 0.085), "dark", puff=0.04)
    s.stroke([(0.24, 0.26), (0.34, 0.36), (0.5, 0.4), (0.66, 0.36), (0.76, 0.26)], 0.08, lift=0.5)


def belt(s: Sketch, r: Random) -> None:
    """A leather belt rolled up, its buckle in front."""
    metal = r.choice(("gold", "steel"))
    for k, (rx, ry) in enumerate(((0.36, 0.2), (0.3, 0.155), (0.24, 0.11))):
        ring = oval(0.5, 0.42, rx, ry)
        s.part([*[(x, y + 0.15) for x, y in ring[:7]], *ring[6:], ring[0]],
               "plain" if k else "cloth",
               puff=0.03, lift=0.5)  # fmt: skip
        s.part(oval(0.5, 0.42, rx - 0.022, ry - 0.02), "dark", puff=0.02, depth=0.6)
    s.part(oval(0.5, 0.43, 0.17, 0.065), "black", puff=0.03, depth=0.5)
    s.part([(0.14, 0.43), (0.22, 0.55), (0.36, 0.61), (0.5, 0.625), (0.64, 0.61), (0.78, 0.55),
            (0.86, 0.43), (0.86, 0.58), (0.78, 0.7), (0.64, 0.765), (0.5, 0.785), (0.36, 0.765),
            (0.22, 0.7), (0.14, 0.58)], puff=0.045, lift=0.6)  # fmt: skip
    s.stitch([(0.16, 0.49), (0.24, 0.585), (0.36, 0.632), (0.5, 0.648)])
    s.stitch([(0.16, 0.6), (0.24, 0.69), (0.36, 0.74), (0.5, 0.762)])
    s.stroke(
        block(0.5, 0.59, 0.7, 0.815, soft=0.03), 0.034, metal, closed=True, lift=0.9, depth=1.3
    )
    s.stroke([(0.5, 0.7), (0.69, 0.69)], 0.018, metal, lift=0.6)
    for k in range(3):
        s.part(
            oval(0.755 + k * 0.035, 0.66 - k * 0.03, 0.008, 0.011), "black", puff=0.01, depth=0.3
        )
