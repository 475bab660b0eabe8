"""How things for the home are drawn: mugs, teapots, chairs, lamps, vases, cushions."""

from random import Random

from demo.catalogue.curves import Point, block, mirrored, oval
from demo.catalogue.sketch import Sketch


def mug(s: Sketch, r: Random) -> None:
    """A mug with a handle on the right."""
    wide, foot = r.uniform(0.26, 0.29), r.uniform(0.22, 0.26)
    x = 0.43
    s.stroke([(x + wide - 0.03, 0.34), (x + wide + 0.11, 0.32), (x + wide + 0.19, 0.46),
              (x + wide + 0.12, 0.63), (x + wide - 0.04, 0.67)], 0.062, "plain",
              depth=1.2)  # fmt: skip
    s.part(
        [(x - wide, 0.22, 1), (x, 0.27), (x + wide, 0.22, 1), (x + wide - 0.01, 0.55),
         (x + foot, 0.82),
         (x + foot * 0.6, 0.86), (x, 0.87), (x - foot * 0.6, 0.86), (x - foot, 0.82),
         (x - wide + 0.01, 0.55)],
        puff=0.1,
        folds=(([(x - wide * 0.6, 0.33), (x - wide * 0.57, 0.76)], 0.06, 42),
               ([(x + wide * 0.72, 0.33), (x + wide * 0.65, 0.78)], 0.08, -36)),
    )  # fmt: skip
    s.part(oval(x, 0.22, wide, 0.062), "light", puff=0.015)
    s.part(oval(x, 0.226, wide - 0.022, 0.047), "inside", puff=0.02, depth=1.4)
    s.part(oval(x, 0.245, wide - 0.06, 0.026), "wood", puff=0.02, depth=0.6)


def teapot(s: Sketch, r: Random) -> None:
    """A round teapot: spout on the left, handle on the right, lid with a knob."""
    wide = r.uniform(0.26, 0.29)
    s.stroke([(0.5 + wide - 0.05, 0.44), (0.5 + wide + 0.1, 0.4), (0.5 + wide + 0.15, 0.53),
              (0.5 + wide + 0.08, 0.68), (0.5 + wide - 0.06, 0.72)], 0.05, "dark",
              depth=1.2)  # fmt: skip
    s.part([(0.5 - wide + 0.08, 0.72), (0.5 - wide - 0.06, 0.6), (0.5 - wide - 0.11, 0.44),
            (0.5 - wide - 0.18, 0.36, 1), (0.5 - wide - 0.11, 0.35, 1), (0.5 - wide - 0.03, 0.44),
            (0.5 - wide + 0.1, 0.54)], "plain", puff=0.04)  # fmt: skip
    s.part(
        mirrored([(0.5, 0.32), (0.62, 0.335), (0.5 + wide, 0.48), (0.5 + wide + 0.01, 0.62),
                  (0.5 + wide * 0.72, 0.8), (0.5 + wide * 0.5, 0.83), (0.5, 0.84)]),
        puff=0.12, folds=(([(0.36, 0.46), (0.33, 0.62)], 0.07, 46),),
    )  # fmt: skip
    s.part(oval(0.5, 0.335, 0.15, 0.04), "dark", puff=0.02)
    s.part(
        mirrored([(0.5, 0.25), (0.58, 0.27), (0.64, 0.325), (0.5, 0.355)]),
        "plain",
        puff=0.04,
        lift=0.4,
    )
    s.part(oval(0.5, 0.232, 0.036, 0.034), "dark", puff=0.03)
    s.part(
        mirrored([(0.5, 0.825, 1), (0.64, 0.82, 1), (0.65, 0.86, 1), (0.5, 0.87)]),
        "dark",
        puff=0.02,
    )


def chair(s: Sketch, r: Random) -> None:
    """An upholstered dining chair on four wooden legs."""
    top = r.uniform(0.07, 0.11)
    for x0, x1, low in (
        (0.34, 0.32, 0.86),
        (0.66, 0.68, 0.86),
        (0.25, 0.2, 0.95),
        (0.75, 0.8, 0.95),
    ):
        s.part([(x0 - 0.022, 0.56, 1), (x0 + 0.022, 0.56, 1), (x1 + 0.013, low, 1), (x1 - 0.013,
                                                                                     low, 1)],
               "wood", puff=0.02)  # fmt: skip
    s.stroke([(0.36, 0.62), (0.36, 0.4)], 0.03, "wood")
    s.stroke([(0.64, 0.62), (0.64, 0.4)], 0.03, "wood")
    s.part(
        mirrored([(0.5, top), (0.64, top + 0.015), (0.71, top + 0.1), (0.7, 0.34), (0.66, 0.47),
                  (0.5, 0.49)]),
        puff=0.07,
        folds=(([(0.42, top + 0.08), (0.42, 0.45)], 0.02, -26), ([(0.58, top + 0.08), (0.58,
                                                                                       0.45)],
                                                                                       0.02, -26)),
    )  # fmt: skip
    s.part([(0.3, 0.5), (0.5, 0.485), (0.7, 0.5), (0.79, 0.62), (0.77, 0.68), (0.5, 0.7), (0.23,
                                                                                           0.68),
            (0.21, 0.62)], puff=0.05, lift=0.7)  # fmt: skip
    s.stroke([(0.225, 0.655), (0.5, 0.672), (0.775, 0.655)], 0.014, "dark")
    for x in (0.43, 0.57):
        for y in (top + 0.13, top + 0.25):
            s.part(oval(x, y, 0.013, 0.013), "dark", puff=0.015)


def lamp(s: Sketch, r: Random) -> None:
    """A table lamp: tapered shade, turned stem, round foot."""
    wide, narrow = r.uniform(0.29, 0.33), r.uniform(0.15, 0.19)
    metal = r.choice(("gold", "wood", "black"))
    s.part(oval(0.5, 0.89, 0.2, 0.045), metal, puff=0.03)
    s.part(oval(0.5, 0.87, 0.17, 0.032), metal, puff=0.03)
    s.part(mirrored([(0.5, 0.5, 1), (0.518, 0.5, 1), (0.52, 0.6), (0.56, 0.68), (0.565, 0.76),
                     (0.525, 0.83),
                     (0.535, 0.88, 1), (0.5, 0.885)]), metal, puff=0.03, depth=1.3)  # fmt: skip
    s.part(
        [(0.5 - narrow, 0.11, 1), (0.5, 0.09), (0.5 + narrow, 0.11, 1), (0.5 + wide, 0.51, 1),
         (0.5, 0.55),
         (0.5 - wide, 0.51, 1)],
        puff=0.07, depth=0.8, folds=(([(0.47, 0.16), (0.45, 0.46)], 0.14, 40),),
    )  # fmt: skip
    s.stroke([(0.5 - wide, 0.507), (0.5, 0.545), (0.5 + wide, 0.507)], 0.016, "dark")
    s.stroke([(0.5 - narrow, 0.112), (0.5, 0.092), (0.5 + narrow, 0.112)], 0.014, "dark")
    s.stroke([(0.58, 0.54), (0.58, 0.63)], 0.006, "gold")
    s.part(oval(0.58, 0.637, 0.011, 0.013), "gold", puff=0.01)


def vase(s: Sketch, r: Random) -> None:
    """A bellied vase with a narrow neck and three twigs in it."""
    belly, neck = r.uniform(0.23, 0.27), r.uniform(0.075, 0.1)
    twigs: tuple[list[Point], ...] = (
        [(0.5, 0.36), (0.46, 0.2), (0.36, 0.05)],
        [(0.5, 0.36), (0.52, 0.18), (0.51, 0.03)],
        [(0.5, 0.36), (0.57, 0.2), (0.67, 0.08)],
    )
    for twig in twigs:
        s.stroke(twig, 0.01, "wood")
        (x0, y0), (x1, y1) = twig[1][:2], twig[2][:2]
        for k in range(4):
            x, y = x0 + (x1 - x0) * k / 3, y0 + (y1 - y0) * k / 3
            s.part(oval(x + 0.03 * (1 if k % 2 else -1), y, 0.03, 0.014,
                        turn=-40 if k % 2 else 40), "tan",
                   puff=0.01)  # fmt: skip
    s.part(oval(0.5, 0.37, neck + 0.035, 0.026), "dark", puff=0.015)
    s.part(
        mirrored([(0.5, 0.39), (0.5 + neck + 0.035, 0.365, 1), (0.5 + neck, 0.42),
                  (0.5 + neck + 0.03, 0.49),
                  (0.5 + belly, 0.64), (0.5 + belly * 0.88, 0.82), (0.5 + belly * 0.5, 0.935,
                                                                    1), (0.5, 0.95)]),
        puff=0.11,
        folds=(([(0.41, 0.56), (0.36, 0.68), (0.39, 0.82)], 0.06, 46),),
    )  # fmt: skip


def cushion(s: Sketch, r: Random) -> None:
    """A square cushion with piped edges."""
    k = r.uniform(0.03, 0.05)
    edge: list[Point] = [
        (0.08, 0.09), (0.3, 0.12 + k * 0.5), (0.5, 0.13), (0.7, 0.12 + k * 0.5), (0.92, 0.09),
        (0.885, 0.3), (0.875, 0.5), (0.885, 0.7), (0.92, 0.91), (0.7, 0.875), (0.5, 0.87), (0.3,
                                                                                            0.875),
        (0.08, 0.91), (0.115, 0.7), (0.125, 0.5), (0.115, 0.3)
    ]  # fmt: skip
    s.part(
        edge, puff=0.13,
        folds=(([(0.12, 0.13), (0.26, 0.27)], 0.03, -50), ([(0.88, 0.13), (0.75, 0.25)], 0.03, -44),
               ([(0.13, 0.87), (0.26, 0.74)], 0.03, -44), ([(0.87, 0.87), (0.75, 0.75)], 0.03, -50),
               ([(0.2, 0.2), (0.3, 0.22)], 0.02, -26)),
    )  # fmt: skip
    s.stroke(edge, 0.016, "dark", closed=True)


def rug_corner(s: Sketch) -> None:
    """A square sample of the cloth with rounded corners: what a swatch card shows."""
    s.part(block(0.06, 0.06, 0.94, 0.94, soft=0.03), puff=0.02)
