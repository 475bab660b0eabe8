"""How shoes, socks and gloves are drawn: from the side, the toe to the right."""

from random import Random

from demo.catalogue.curves import Point, block, flipped, oval
from demo.catalogue.sketch import Sketch


def sneakers(s: Sketch, r: Random) -> None:
    """A laced sneaker with a thick rubber sole, toe cap and side stripe."""
    toe, top = r.uniform(0.91, 0.935), r.uniform(0.3, 0.34)
    s.part([(0.06, 0.7), (0.075, 0.645), (0.2, 0.66), (0.5, 0.69), (0.75, 0.685), (toe, 0.655),
            (toe + 0.03, 0.69),
            (toe - 0.02, 0.765), (0.75, 0.785), (0.5, 0.78), (0.3, 0.775), (0.12, 0.785), (0.07,
                                                                                           0.76)],
           "rubber", puff=0.035)  # fmt: skip
    s.part(
        [(0.13, 0.36), (0.2, 0.33), (0.33, 0.37), (0.4, 0.36), (0.4, 0.5), (0.16, 0.5)],
        "dark",
        puff=0.02,
    )
    s.part(
        [(0.085, 0.66), (0.1, 0.56), (0.105, 0.45), (0.095, 0.35), (0.135, 0.325), (0.2, 0.4),
         (0.3, 0.425),
         (0.375, 0.36), (0.43, top), (0.49, top + 0.05), (0.6, 0.47), (0.72, 0.52), (0.85, 0.56),
         (toe, 0.63), (toe - 0.01, 0.675), (0.7, 0.71), (0.5, 0.71), (0.25, 0.69)],
        puff=0.075,
        folds=(([(0.66, 0.52), (0.69, 0.62)], 0.02, -30), ([(0.28, 0.45), (0.25, 0.62)], 0.025,
                                                           -26)),
    )  # fmt: skip
    s.part([(0.77, 0.545), (0.86, 0.567), (toe, 0.635), (toe - 0.01, 0.68), (0.8, 0.705), (0.73,
                                                                                           0.66)],
           "plain", puff=0.04, lift=0.3)  # fmt: skip
    s.part([(0.085, 0.66), (0.1, 0.55), (0.112, 0.47), (0.2, 0.5), (0.26, 0.6), (0.27, 0.695)],
           "plain",
           puff=0.04, lift=0.3)  # fmt: skip
    s.part([(0.365, 0.41, 1), (0.43, top - 0.025, 1), (0.5, top + 0.045), (0.65, 0.485, 1),
            (0.585, 0.535),
            (0.46, 0.49)], "plain", puff=0.02, lift=0.4)  # fmt: skip
    for k in range(5):
        x, y = 0.43 + k * 0.043, top + 0.045 + k * 0.032
        s.stroke([(x - 0.03, y + 0.055), (x + 0.035, y - 0.012)], 0.017, "white", lift=0.5)
    s.part([(0.3, 0.68), (0.35, 0.57), (0.43, 0.53), (0.53, 0.55), (0.46, 0.59), (0.4, 0.69)],
           "second",
           puff=0.02, lift=0.3)  # fmt: skip
    s.stitch([(0.205, 0.515), (0.25, 0.6), (0.262, 0.68)])
    s.stitch([(0.775, 0.56), (0.745, 0.66)])
    s.crease(
        [(0.07, 0.72), (0.3, 0.732), (0.6, 0.742), (0.8, 0.735), (toe + 0.01, 0.71)], 0.008, -44
    )
    for k in range(10):
        s.crease([(0.12 + k * 0.082, 0.755), (0.12 + k * 0.082, 0.778)], 0.012, -50)


def boots(s: Sketch, r: Random) -> None:
    """A high boot with a block heel, pull loop and buckle strap."""
    shaft = r.uniform(0.08, 0.12)
    s.part([(0.25, 0.83, 1), (0.25, 0.93, 1), (0.4, 0.93, 1), (0.42, 0.85, 1)], "black", puff=0.02)
    s.part([(0.245, 0.82, 1), (0.5, 0.84), (0.84, 0.855), (0.86, 0.885), (0.83, 0.91), (0.55,
                                                                                        0.905),
            (0.42, 0.86), (0.25, 0.86, 1)], "black", puff=0.02)  # fmt: skip
    s.part([(0.3, shaft, 1), (0.42, shaft - 0.025), (0.56, shaft, 1), (0.5, shaft + 0.04),
            (0.36, shaft + 0.04)],
           "dark", puff=0.02)  # fmt: skip
    s.part(
        [(0.295, shaft, 1), (0.43, shaft + 0.03), (0.565, shaft, 1), (0.545, 0.42), (0.555, 0.58),
         (0.66, 0.66), (0.79, 0.71), (0.845, 0.8), (0.84, 0.86, 1), (0.5, 0.845), (0.245, 0.83, 1),
         (0.25, 0.7), (0.29, 0.5)],
        puff=0.07,
        folds=(([(0.3, 0.56), (0.42, 0.6), (0.54, 0.56)], 0.024, -40),
               ([(0.31, 0.63), (0.42, 0.67), (0.55, 0.62)], 0.022, -32),
               ([(0.38, 0.14), (0.38, 0.5)], 0.05, 24)),
    )  # fmt: skip
    s.stroke([(0.262, 0.7), (0.4, 0.735), (0.6, 0.64)], 0.034, "dark", lift=0.5)
    s.stroke([(0.46, 0.7), (0.51, 0.672), (0.53, 0.712), (0.48, 0.74)], 0.012, "gold", closed=True)
    s.stitch([(0.3, shaft + 0.045), (0.43, shaft + 0.07), (0.56, shaft + 0.045)])
    s.stitch([(0.435, shaft + 0.08), (0.43, 0.64)])
    s.stitch([(0.69, 0.69), (0.66, 0.77), (0.67, 0.84)])


def sandals(s: Sketch, r: Random) -> None:
    """A pair of flat sandals seen from above: footbeds and crossed straps."""
    wide = r.uniform(0.115, 0.13)
    for x, side in ((0.29, 1), (0.71, -1)):
        sole: list[Point] = [
            (x, 0.93), (x - wide * 0.72, 0.86), (x - wide * 0.6, 0.62), (x - wide * 0.98, 0.34),
            (x - wide * 0.7, 0.16), (x + wide * 0.1, 0.08), (x + wide * 0.85, 0.17), (x + wide,
                                                                                      0.34),
            (x + wide * 0.62, 0.6), (x + wide * 0.7, 0.86)
        ]  # fmt: skip
        if side < 0:
            sole = [(2 * x - p[0], *p[1:]) for p in sole]
        s.part(sole, "black", puff=0.02)
        s.part([(x + (px - x) * 0.9, 0.5 + (py - 0.5) * 0.955) for px, py in sole], "tan",
               puff=0.06,
               folds=(([(x, 0.3), (x, 0.2)], 0.12, 22), ([(x, 0.8), (x, 0.86)], 0.1,
                                                         22)))  # fmt: skip
        for y0, y1 in ((0.2, 0.36), (0.37, 0.21)):
            s.stroke([(x - wide * 1.04, y0 + 0.04), (x, (y0 + y1) / 2 - 0.01), (x + wide * 1.04,
                                                                                y1 + 0.04)],
                     0.08, lift=0.8, depth=0.6)  # fmt: skip
        s.stroke(
            [(x - wide * 0.78, 0.64), (x, 0.57), (x + wide * 0.78, 0.64)], 0.07, lift=0.8, depth=0.6
        )
        s.stroke([(x - wide * 0.74, 0.66), (x - wide * 0.5, 0.8), (x, 0.85), (x + wide * 0.5, 0.8),
                  (x + wide * 0.74, 0.66)], 0.036, "plain", lift=0.6, depth=0.6)  # fmt: skip
        s.stroke(oval(x + side * wide * 0.62, 0.62, 0.022, 0.03), 0.01, "gold", closed=True)


def heels(s: Sketch, r: Random) -> None:
    """A pointed high-heeled pump."""
    high = r.uniform(0.3, 0.35)
    s.part([(0.12, high + 0.12, 1), (0.235, high + 0.22), (0.2, 0.6), (0.19, 0.82, 1), (0.145,
                                                                                        0.82, 1),
            (0.15, 0.6)], "dark", puff=0.03)  # fmt: skip
    s.part([(0.12, high, 1), (0.25, high + 0.05), (0.42, 0.56), (0.58, 0.7), (0.5, 0.72), (0.3,
                                                                                           0.58),
            (0.2, high + 0.16)], "tan", puff=0.03)  # fmt: skip
    s.part(
        [(0.115, high - 0.03, 1), (0.15, high), (0.2, high + 0.11), (0.36, high + 0.25), (0.5,
                                                                                          0.655),
         (0.6, 0.65), (0.7, 0.69), (0.85, 0.765), (0.93, 0.815, 1), (0.7, 0.82), (0.52, 0.81),
         (0.37, 0.7), (0.25, 0.56), (0.15, high + 0.19), (0.105, high + 0.12)],
        puff=0.05,
    )  # fmt: skip
    s.stroke([(0.53, 0.815), (0.7, 0.826), (0.92, 0.82)], 0.016, "black")
    s.stroke([(0.37, 0.71), (0.45, 0.775), (0.53, 0.815)], 0.012, "black")
    s.part(block(0.144, 0.815, 0.192, 0.83, soft=0.005), "black", puff=0.01)
    s.crease([(0.66, 0.7), (0.78, 0.755), (0.88, 0.797)], 0.03, 40)


def socks(s: Sketch, r: Random) -> None:
    """A pair of crew socks, the one half over the other."""
    for dx, dy in ((-0.02, -0.02), (0.17, 0.06)):
        leg: list[Point] = [
            (0.24, 0.1, 1), (0.47, 0.1, 1), (0.465, 0.5), (0.52, 0.6), (0.68, 0.7), (0.75, 0.79),
            (0.69, 0.87), (0.5, 0.85), (0.3, 0.75), (0.215, 0.62), (0.25, 0.45)
        ]  # fmt: skip
        s.part([(x + dx, y + dy, *c) for x, y, *c in leg], lift=0.9, puff=0.06,
               folds=(([(0.28 + dx, 0.56 + dy), (0.45 + dx, 0.52 + dy)], 0.02, -34),))  # fmt: skip
        heel = [(0.225, 0.58), (0.3, 0.57), (0.345, 0.66), (0.31, 0.745), (0.24, 0.68)]
        s.part([(x + dx, y + dy) for x, y in heel], "dark", puff=0.03)
        tip = [(0.655, 0.69), (0.75, 0.79), (0.69, 0.87), (0.61, 0.862), (0.6, 0.77)]
        s.part([(x + dx, y + dy) for x, y in tip], "dark", puff=0.03)
        s.part([(0.237 + dx, 0.09 + dy, 1), (0.473 + dx, 0.09 + dy, 1), (0.47 + dx, 0.2 + dy, 1),
                (0.24 + dx, 0.2 + dy, 1)], "dark", puff=0.02)  # fmt: skip
        for k in range(11):
            x = 0.253 + dx + k * 0.0205
            s.crease([(x, 0.1 + dy), (x, 0.19 + dy)], 0.006, -46)


def gloves(s: Sketch, r: Random) -> None:
    """A pair of five-fingered gloves, palms down."""
    tips = r.uniform(0.1, 0.14)
    hand: list[Point] = [
        (0.095, 0.72, 1), (0.1, 0.56), (0.08, 0.4), (0.082, 0.24), (0.115, 0.215), (0.142, 0.25),
        (0.155, 0.38), (0.165, 0.25), (0.175, tips + 0.04), (0.21, tips + 0.02), (0.238,
                                                                                  tips + 0.06),
        (0.24, 0.36), (0.255, 0.24), (0.272, tips + 0.02), (0.305, tips + 0.01), (0.332,
                                                                                  tips + 0.06),
        (0.325, 0.38), (0.348, 0.28), (0.375, 0.19), (0.41, 0.19), (0.422, 0.24), (0.4, 0.42),
        (0.405, 0.52), (0.44, 0.46), (0.48, 0.42), (0.492, 0.47), (0.45, 0.58), (0.385, 0.68),
        (0.37, 0.72, 1)
    ]  # fmt: skip
    for points in (hand, flipped(hand)):
        s.part(points, puff=0.035, lift=0.6)
    for mirror in (False, True):
        cuff: list[Point] = [(0.09, 0.7, 1), (0.375, 0.7, 1), (0.385, 0.88, 1), (0.08, 0.88, 1)]
        s.part(flipped(cuff) if mirror else cuff, "dark", puff=0.03)
        for k in range(12):
            x = 0.1 + k * 0.0245
            s.crease([(1 - x if mirror else x, 0.71), (1 - x if mirror else x, 0.87)], 0.007, -46)
        for x in (0.165, 0.24, 0.31):
            s.crease([(1 - x if mirror else x, 0.42), (1 - x if mirror else x, 0.54)], 0.014, -34)
