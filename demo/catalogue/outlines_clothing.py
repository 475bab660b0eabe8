"""How clothes are drawn: tops, dresses, skirts and trousers, laid flat."""

from random import Random

from demo.catalogue.curves import Path, Point, flipped, mirrored
from demo.catalogue.sketch import Fold, Sketch


def _both(s: Sketch, right: Path, turn: float, folds: tuple[Fold, ...] = ()) -> None:
    """A part and its mirror image: sleeves, gloves, trouser legs."""
    s.part(right, turn=turn, folds=folds)
    left = tuple((flipped(path), width, strength) for path, width, strength in folds)
    s.part(flipped(right), turn=-turn, folds=left)


def _torso_folds(r: Random) -> tuple[Fold, ...]:
    k = r.uniform(-0.02, 0.02)
    return (
        ([(0.33 + k, 0.44), (0.4 + k, 0.62), (0.38, 0.8)], 0.03, -34),
        ([(0.66 - k, 0.4), (0.6, 0.58), (0.63 + k, 0.82)], 0.034, -38),
        ([(0.52, 0.5), (0.49 + k, 0.7), (0.52, 0.88)], 0.03, 26),
        ([(0.7, 0.33), (0.6, 0.4)], 0.025, -34),
        ([(0.3, 0.33), (0.4, 0.4)], 0.025, -34),
    )


def tshirt(s: Sketch, r: Random) -> None:
    """A short-sleeved t-shirt with a round neck."""
    hem = r.uniform(0.86, 0.92)
    s.part([(0.39, 0.12), (0.5, 0.1), (0.61, 0.12), (0.6, 0.2), (0.5, 0.25), (0.4, 0.2)], "dark")
    sleeve: list[Point] = [
        (0.7, 0.14, 1), (0.81, 0.19), (0.955, 0.38, 1), (0.82, 0.46, 1), (0.7, 0.36, 1)
    ]  # fmt: skip
    _both(s, sleeve, 32, (([(0.72, 0.3), (0.84, 0.36)], 0.03, -30),))
    s.part(
        mirrored([(0.5, 0.23), (0.57, 0.2), (0.615, 0.11, 1), (0.735, 0.155), (0.735, 0.36),
                  (0.728, 0.6), (0.738, hem, 1), (0.5, hem + 0.012)]),
        folds=_torso_folds(r),
    )  # fmt: skip
    s.stroke([(0.388, 0.118), (0.43, 0.2), (0.5, 0.23), (0.57, 0.2), (0.612, 0.118)], 0.026, "dark")
    s.stitch([(0.275, hem - 0.028), (0.5, hem - 0.016), (0.725, hem - 0.028)])
    for side in (1, -1):
        s.stitch([(0.5 + side * 0.3, 0.435), (0.5 + side * 0.43, 0.365)])
        s.crease([(0.5 + side * 0.225, 0.16), (0.5 + side * 0.232, 0.35)], 0.008)


def _long_sleeves(s: Sketch, cuff: str, *, wide: float = 0) -> None:
    """Hanging sleeves with cuffs; ``wide`` is what they stand out more than a shirt's."""
    w = wide
    sleeve: list[Point] = [
        (0.68, 0.13, 1), (0.78 + w, 0.18), (0.85 + w * 1.3, 0.4), (0.93 + w, 0.78, 1),
        (0.81, 0.81, 1), (0.745 + w * 0.4, 0.52), (0.69, 0.36, 1)
    ]  # fmt: skip
    folds: tuple[Fold, ...] = (
        ([(0.76, 0.44), (0.84 + w, 0.4)], 0.026, -36),
        ([(0.78, 0.54), (0.86 + w, 0.5)], 0.024, -30),
        ([(0.8, 0.25), (0.84 + w, 0.5), (0.89, 0.74)], 0.03, 20),
    )
    _both(s, sleeve, 12, folds)
    band: list[Point] = [
        (0.805, 0.79, 1), (0.935 + w, 0.76, 1), (0.945 + w * 0.6, 0.82, 1), (0.817, 0.85, 1)
    ]  # fmt: skip
    s.part(band, cuff, puff=0.02)
    s.part(flipped(band), cuff, puff=0.02)


def shirt(s: Sketch, r: Random) -> None:
    """A buttoned shirt with a collar, long sleeves and a breast pocket."""
    hem = r.uniform(0.88, 0.92)
    _long_sleeves(s, "plain")
    s.part([(0.4, 0.12), (0.5, 0.09), (0.6, 0.12), (0.56, 0.22), (0.5, 0.24), (0.44, 0.22)], "dark")
    s.part(
        mirrored([(0.5, 0.22), (0.6, 0.12, 1), (0.71, 0.15), (0.725, 0.36), (0.71, 0.6),
                  (0.73, hem - 0.06), (0.67, hem), (0.5, hem - 0.03)]),
        folds=_torso_folds(r),
    )  # fmt: skip
    s.part([(0.475, 0.21, 1), (0.525, 0.21, 1), (0.525, hem - 0.02, 1), (0.475, hem - 0.02, 1)],
           puff=0.012, lift=0.4)  # fmt: skip
    collar: list[Point] = [(0.5, 0.235, 1), (0.4, 0.105, 1), (0.37, 0.16), (0.41, 0.29, 1)]
    s.part(collar, "plain", puff=0.02, lift=0.7)
    s.part(flipped(collar), "plain", puff=0.02, lift=0.7)
    for k in range(6):
        y = 0.29 + k * 0.105
        s.part([(0.49, y), (0.5, y - 0.01), (0.51, y), (0.5, y + 0.01)], "white", puff=0.01)
    s.part([(0.56, 0.36, 1), (0.67, 0.36, 1), (0.67, 0.46, 1), (0.615, 0.49, 1), (0.56, 0.46, 1)],
           puff=0.012, lift=0.4)  # fmt: skip
    s.stitch([(0.565, 0.378), (0.665, 0.378)])
    s.stitch([(0.29, hem - 0.055), (0.35, hem - 0.02), (0.5, hem - 0.05), (0.65, hem - 0.02),
              (0.71, hem - 0.055)])  # fmt: skip


def jacket(s: Sketch, r: Random) -> None:
    """A short zipped jacket with a hood, slanted pockets and a ribbed hem."""
    hem = r.uniform(0.72, 0.77)
    _long_sleeves(s, "dark", wide=0.03)
    s.part(
        mirrored([(0.5, 0.02), (0.62, 0.05), (0.68, 0.14), (0.64, 0.24), (0.5, 0.28)]), puff=0.06
    )
    s.part(
        [(0.41, 0.1), (0.5, 0.075), (0.59, 0.1), (0.59, 0.22), (0.5, 0.26), (0.41, 0.22)], "dark"
    )
    s.part([(0.44, 0.14, 1), (0.56, 0.14, 1), (0.55, 0.4, 1), (0.45, 0.4, 1)], "white", puff=0.03)
    s.part(
        [(0.4, 0.13, 1), (0.27, 0.16), (0.235, 0.4), (0.235, hem, 1), (0.497, hem, 1),
         (0.497, 0.4), (0.455, 0.26)],
        folds=_torso_folds(r)[:1], puff=0.05, lift=0.5,
    )  # fmt: skip
    s.part(
        [(0.6, 0.13, 1), (0.73, 0.16), (0.765, 0.4), (0.765, hem, 1), (0.503, hem, 1),
         (0.503, 0.4), (0.545, 0.26)],
        folds=_torso_folds(r)[1:2], puff=0.05, lift=0.5,
    )  # fmt: skip
    lapel: list[Point] = [
        (0.39, 0.09, 1),
        (0.35, 0.17),
        (0.38, 0.31, 1),
        (0.47, 0.29, 1),
        (0.43, 0.2),
    ]
    s.part(lapel, "plain", puff=0.03, lift=0.7)
    s.part(flipped(lapel), "plain", puff=0.03, lift=0.7)
    s.stroke([(0.5, 0.37), (0.5, hem)], 0.014, "steel")
    s.part([(0.235, hem - 0.01, 1), (0.765, hem - 0.01, 1), (0.745, hem + 0.07, 1),
            (0.255, hem + 0.07, 1)], "dark", puff=0.03)  # fmt: skip
    for k in range(14):
        x = 0.29 + k * 0.0323
        s.crease([(x, hem + 0.002), (x, hem + 0.05)], 0.006, -40)
    for side in (1, -1):
        pocket = [(0.5 + side * 0.09, 0.63), (0.5 + side * 0.17, 0.53)]
        s.stroke(pocket, 0.022, "dark", lift=0.4)
        s.stitch([(0.5 + side * 0.022, 0.42), (0.5 + side * 0.022, hem - 0.03)])


def dress(s: Sketch, r: Random) -> None:
    """A sleeveless dress with a gathered waist and a flared skirt."""
    flare, waist = r.uniform(0.3, 0.36), r.uniform(0.4, 0.44)
    s.part([(0.42, 0.1), (0.5, 0.12), (0.58, 0.1), (0.58, 0.2), (0.5, 0.26), (0.42, 0.2)], "dark")
    folds: list[Fold] = []
    for k in range(7):
        x = (k - 3) / 3
        lean = r.uniform(-0.01, 0.01)
        path: list[Point] = [
            (0.5 + x * 0.1, waist + 0.04), (0.5 + x * 0.18 + lean, 0.66),
            (0.5 + x * flare * 0.86, 0.93)
        ]  # fmt: skip
        folds.append((path, 0.032, -52 if k % 2 else 34))
    s.part(
        mirrored([(0.5, waist, 1), (0.615, waist, 1), (0.69, 0.6), (0.5 + flare, 0.9, 1),
                  (0.5 + flare * 0.66, 0.94), (0.5 + flare * 0.33, 0.925), (0.5, 0.945)]),
        folds=folds, puff=0.05,
    )  # fmt: skip
    s.part(
        mirrored([(0.5, 0.245), (0.56, 0.2), (0.578, 0.07, 1), (0.638, 0.07, 1), (0.645, 0.18),
                  (0.68, 0.27, 1), (0.645, 0.35), (0.615, waist + 0.012, 1), (0.5, waist + 0.02)]),
        folds=(([(0.42, 0.28), (0.45, waist)], 0.03, -30), ([(0.6, 0.28), (0.56, waist)], 0.03,
                                                            -34)),
    )  # fmt: skip
    s.stroke([(0.385, waist), (0.5, waist + 0.01), (0.615, waist)], 0.034, "plain", lift=0.5)
    s.stitch([(0.2, 0.89), (0.35, 0.915), (0.5, 0.92), (0.65, 0.915), (0.8, 0.89)])


def skirt(s: Sketch, r: Random) -> None:
    """A pleated skirt with a waistband."""
    flare, folds = r.uniform(0.34, 0.4), []
    for k in range(9):
        x = (k - 4) / 4
        path: list[Point] = [(0.5 + x * 0.2, 0.24), (0.5 + x * flare * 0.93, 0.84)]
        folds.append((path, 0.022, -62.0))
        folds.append(([(px + 0.022, py) for px, py in path], 0.02, 34.0))
    s.part(
        mirrored([(0.5, 0.2, 1), (0.7, 0.2, 1), (0.78, 0.45), (0.5 + flare, 0.82, 1),
                  (0.5 + flare * 0.55, 0.855), (0.5, 0.865)]),
        folds=folds,
    )  # fmt: skip
    s.part([(0.295, 0.14, 1), (0.5, 0.155), (0.705, 0.14, 1), (0.71, 0.21, 1), (0.5, 0.225),
            (0.29, 0.21, 1)], "plain", puff=0.025, lift=0.5)  # fmt: skip
    s.part([(0.49, 0.18), (0.5, 0.17), (0.51, 0.18), (0.5, 0.19)], "gold", puff=0.01)


def _trousers(s: Sketch, r: Random, hem: float, spread: float) -> None:
    """Two legs and a waistband; ``hem`` is where they end, ``spread`` how far apart."""
    fork = 0.36
    width = 0.15 + 0.07 * (hem < 0.7)
    leg: list[Point] = [
        (0.5, 0.12, 1), (0.685, 0.12, 1), (0.71, 0.3), (0.66 + spread + width * 0.3, hem, 1),
        (0.66 + spread - width * 0.85, hem + 0.008, 1), (0.512, fork, 1)
    ]  # fmt: skip
    folds: tuple[Fold, ...] = (
        ([(0.52, fork + 0.01), (0.6, fork - 0.03), (0.68, fork - 0.05)], 0.022, -40),
        ([(0.61, 0.3), (0.63, hem * 0.7), (0.64 + spread * 0.7, hem)], 0.03, 26),
        ([(0.56, hem * 0.72), (0.65, hem * 0.7)], 0.02, -30 if hem > 0.7 else 0),
    )
    _both(s, leg, -4, folds)
    s.part([(0.315, 0.07, 1), (0.5, 0.085), (0.685, 0.07, 1), (0.69, 0.13, 1), (0.5, 0.14),
            (0.31, 0.13, 1)], puff=0.02, lift=0.3)  # fmt: skip
    s.crease([(0.5, 0.14), (0.5, fork)], 0.008, -70)


def jeans(s: Sketch, r: Random) -> None:
    """Long jeans with five pockets, belt loops and top stitching."""
    spread = r.uniform(-0.01, 0.03)
    _trousers(s, r, 0.93, spread)
    for side in (1, -1):
        s.stitch([(0.5 + side * 0.09, 0.145), (0.5 + side * 0.12, 0.21), (0.5 + side * 0.198,
                                                                          0.235)],
                 "gold")  # fmt: skip
        s.stitch([(0.5 + side * 0.188, 0.26), (0.5 + side * (0.175 + spread), 0.9)], "gold")
        s.stitch(
            [(0.5 + side * (0.05 + spread), 0.905), (0.5 + side * (0.19 + spread), 0.9)], "gold"
        )
        s.stroke([(0.5 + side * 0.13, 0.075), (0.5 + side * 0.13, 0.14)], 0.016, "plain", lift=0.4)
    s.stitch([(0.525, 0.15), (0.527, 0.26), (0.505, 0.3)], "gold")
    s.part([(0.488, 0.108), (0.5, 0.096), (0.512, 0.108), (0.5, 0.12)], "gold", puff=0.01)


def shorts(s: Sketch, r: Random) -> None:
    """Wide shorts with an elastic waist and a drawstring."""
    s.lower(0.16)
    hem = r.uniform(0.56, 0.6)
    _trousers(s, r, hem, 0.05)
    for k in range(17):
        x = 0.335 + k * 0.0206
        s.crease([(x, 0.08), (x, 0.13)], 0.006, -38)
    s.stroke([(0.47, 0.13), (0.44, 0.2), (0.45, 0.27)], 0.012, "white", lift=0.5)
    s.stroke([(0.53, 0.13), (0.56, 0.19), (0.545, 0.26)], 0.012, "white", lift=0.5)
    for side in (1, -1):
        s.stitch([(0.5 + side * 0.03, hem - 0.022), (0.5 + side * 0.268, hem - 0.028)])
        s.crease([(0.5 + side * 0.15, 0.16), (0.5 + side * 0.205, 0.3)], 0.01, -60)
