"""How bags and things to carry are drawn: handbags, backpacks, suitcases, umbrellas."""

from random import Random

from demo.catalogue.curves import Point, block, flipped, mirrored, oval
from demo.catalogue.sketch import Fold, Sketch


def handbag(s: Sketch, r: Random) -> None:
    """A structured handbag with two handles, a flap and a gold clasp."""
    top, wide = r.uniform(0.38, 0.42), r.uniform(0.4, 0.44)
    rise = r.uniform(0.08, 0.13)
    s.stroke([(0.32, top + 0.03), (0.34, 0.2), (0.42, rise + 0.03), (0.58, rise + 0.03), (0.66,
                                                                                          0.2),
              (0.68, top + 0.03)], 0.03, "dark")  # fmt: skip
    s.part(
        mirrored([(0.5, top, 1), (0.5 + wide - 0.07, top, 1), (0.5 + wide - 0.03, 0.62),
                  (0.5 + wide, 0.86),
                  (0.5 + wide - 0.05, 0.905), (0.5, 0.91)]),
        puff=0.07,
        folds=(([(0.2, 0.6), (0.17, 0.84)], 0.03, -34), ([(0.8, 0.6), (0.83, 0.84)], 0.03, -34)),
    )  # fmt: skip
    s.part(
        mirrored([(0.5, top - 0.012, 1), (0.5 + wide - 0.065, top - 0.012, 1),
                  (0.5 + wide - 0.055, top + 0.14),
                  (0.5 + wide * 0.6, top + 0.215), (0.5, top + 0.235)]),
        "plain", puff=0.035, lift=0.8,
    )  # fmt: skip
    s.stitch(mirrored([(0.5 + wide - 0.085, top + 0.02), (0.5 + wide - 0.08, top + 0.13),
                       (0.5 + wide * 0.57, top + 0.19), (0.5, top + 0.21)]))  # fmt: skip
    handle: list[Point] = [
        (0.3, top + 0.06),
        (0.325, 0.24),
        (0.41, rise + 0.06),
        (0.5, rise + 0.045),
    ]
    s.stroke([*handle, *reversed(flipped(handle[:-1]))], 0.034, "plain", lift=0.4)
    for x in (0.3, 0.7):
        s.stroke(oval(x, top + 0.06, 0.022, 0.028), 0.012, "gold", closed=True)
    s.part(block(0.455, top + 0.19, 0.545, top + 0.275, soft=0.015), "gold", puff=0.025, lift=0.6)
    s.part(oval(0.5, top + 0.233, 0.012, 0.016), "black", puff=0.01)


def backpack(s: Sketch, r: Random) -> None:
    """A rounded backpack with a front pocket, zips and shoulder straps."""
    wide = r.uniform(0.28, 0.31)
    for side in (1, -1):
        s.stroke([(0.5 + side * 0.16, 0.16), (0.5 + side * (wide + 0.07), 0.4),
                  (0.5 + side * (wide + 0.05), 0.78)], 0.05, "dark")  # fmt: skip
    s.stroke([(0.42, 0.13), (0.44, 0.06), (0.56, 0.06), (0.58, 0.13)], 0.032, "dark")
    for side in (1, -1):
        s.part([(0.5 + side * (wide - 0.03), 0.56, 1), (0.5 + side * (wide + 0.055), 0.6),
                (0.5 + side * (wide + 0.06), 0.82), (0.5 + side * (wide - 0.03), 0.86, 1)],
                "dark")  # fmt: skip
    s.part(
        mirrored([(0.5, 0.095), (0.62, 0.105), (0.5 + wide * 0.86, 0.2), (0.5 + wide, 0.45),
                  (0.5 + wide + 0.015, 0.82), (0.5 + wide - 0.04, 0.915), (0.5, 0.93)]),
        puff=0.08,
    )  # fmt: skip
    s.stroke([(0.5 - wide + 0.03, 0.44), (0.5 - wide * 0.72, 0.22), (0.5, 0.15),
              (0.5 + wide * 0.72, 0.22),
              (0.5 + wide - 0.03, 0.44)], 0.014, "black")  # fmt: skip
    s.part(
        mirrored([(0.5, 0.545), (0.5 + wide * 0.6, 0.55), (0.5 + wide * 0.78, 0.6),
                  (0.5 + wide * 0.8, 0.82),
                  (0.5 + wide * 0.66, 0.875), (0.5, 0.88)]),
        puff=0.05, lift=0.9,
    )  # fmt: skip
    s.stroke([(0.5 - wide * 0.68, 0.615), (0.5, 0.6), (0.5 + wide * 0.68, 0.615)], 0.014, "black")
    s.stroke([(0.5 + wide * 0.5, 0.61), (0.5 + wide * 0.52, 0.67)], 0.014, "steel", lift=0.5)
    s.part(block(0.43, 0.38, 0.57, 0.46, soft=0.015), "dark", puff=0.015, lift=0.4)
    s.stitch([(0.45, 0.42), (0.55, 0.42)], "white")
    s.stitch(mirrored([(0.5 + wide * 0.72, 0.66), (0.5 + wide * 0.73, 0.82), (0.5, 0.855)]))


def suitcase(s: Sketch, r: Random) -> None:
    """A hard-shell trolley case with ribs, wheels and a drawn-out handle."""
    wide, top = r.uniform(0.25, 0.28), r.uniform(0.29, 0.33)
    for side in (1, -1):
        s.stroke([(0.5 + side * 0.12, top), (0.5 + side * 0.12, 0.08)], 0.02, "steel")
        s.part(oval(0.5 + side * (wide - 0.06), 0.925, 0.035, 0.035), "black", puff=0.02)
        s.part(
            block(
                0.5 + side * (wide - 0.06) - 0.03, 0.87, 0.5 + side * (wide - 0.06) + 0.03, 0.905
            ),
            "black",
        )
    s.part(block(0.36, 0.055, 0.64, 0.1, soft=0.02), "black", puff=0.02)
    s.stroke(
        [(0.42, top + 0.01), (0.44, top - 0.045), (0.56, top - 0.045), (0.58, top + 0.01)],
        0.024,
        "black",
    )
    ribs: list[Fold] = []
    for k in range(5):
        x = 0.5 + (k - 2) * wide * 0.36
        ribs.append(([(x, top + 0.05), (x, 0.84)], 0.024, -44))
        ribs.append(([(x + 0.022, top + 0.05), (x + 0.022, 0.84)], 0.016, 40))
    s.part(block(0.5 - wide, top, 0.5 + wide, 0.895, soft=0.055), puff=0.06, folds=ribs)
    for side in (1, -1):
        for y, end in ((top, top + 0.08), (0.895, 0.815)):
            corner: list[Point] = [
                (0.5 + side * wide, end), (0.5 + side * (wide - 0.008), (y + end) / 2),
                (0.5 + side * (wide - 0.075), y)
            ]  # fmt: skip
            s.stroke(corner, 0.03, "dark")
    s.part(block(0.45, top + 0.015, 0.55, top + 0.05, soft=0.01), "steel", puff=0.015, lift=0.4)


def umbrella(s: Sketch, r: Random) -> None:
    """An open umbrella with eight ribs and a crooked handle."""
    rim, peak = r.uniform(0.5, 0.54), r.uniform(0.11, 0.14)
    s.stroke(
        [(0.5, 0.12), (0.5, 0.84), (0.515, 0.9), (0.555, 0.925), (0.6, 0.9), (0.605, 0.86)],
        0.022,
        "wood",
    )
    s.stroke([(0.5, peak - 0.045), (0.5, peak + 0.02)], 0.016, "steel")
    under: list[Point] = [
        (0.07, rim),
        (0.3, rim - 0.05),
        (0.5, rim - 0.06),
        (0.7, rim - 0.05),
        (0.93, rim),
    ]
    s.part([*under, (0.5, peak + 0.15)], "dark", puff=0.02)
    s.stroke([(0.5, rim - 0.1), (0.5, 0.62)], 0.018, "steel")
    edge = [0.07, 0.24, 0.41, 0.59, 0.76, 0.93]
    for k in range(5):
        a, b = edge[k], edge[k + 1]
        bow = 0.5 + (a - 0.5) * 0.72, 0.5 + (b - 0.5) * 0.72
        drop = 0.035 - 0.012 * abs(k - 2)
        s.part(
            [(0.5, peak, 1), (bow[1], peak + 0.11 + 0.06 * abs(bow[1] - 0.5)), (b, rim, 1),
             ((a + b) / 2, rim - drop), (a, rim, 1), (bow[0],
                                                      peak + 0.11 + 0.06 * abs(bow[0] - 0.5))],
            puff=0.05, depth=0.8, turn=(k - 2) * 14,
        )  # fmt: skip
    for x in edge:
        s.stroke([(x, rim - 0.004), (x, rim + 0.012)], 0.01, "steel")
