"""Ten views of one drawn product: where it stands, how it is turned, and in which light."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from demo.catalogue.patterns import Cloth, texture
from demo.catalogue.scenes import SCENES, VARIANTS, VIEW, prop, scene
from demo.catalogue.sketch import SIZE, Cutout

_BILINEAR = Image.Resampling.BILINEAR
_SAMPLE = 250
_PAPER = ("white", "studio", "pastel")
_FLAT = ("wood", "stone", "linen")
_DEEP = ("street", "park", "room")
_FAINT = [round(v * 0.22) for v in range(256)]
_STRONG = [round(v * 0.46) for v in range(256)]
Plane = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Subject:
    """A drawn product and what the camera must know about it.

    ``focus`` is the point of the unit square that the detail view looks at; ``stands`` says whether
    it stands on the ground or lies flat.
    """

    cutout: Cutout
    cloth: Cloth
    focus: tuple[float, float]
    stands: bool


@dataclass(frozen=True, slots=True)
class Pose:
    """Size (share of the picture), centre, turn in degrees, and the lean of a perspective view."""

    scale: float
    x: float = 0.5
    y: float = 0.5
    turn: float = 0
    lean: float = 0
    mirror: bool = False


FRONT = Pose(0.86, 0.5, 0.51)


def draw_view(subject: Subject, view: str, rng: Random) -> Image.Image:
    """One picture: RGB, VIEW pixels square.

    Args:
        subject: What is seen.
        view: One of shots.VIEWS.
        rng: Chooses the background, the exact pose and the light.
    """
    variant = rng.randrange(VARIANTS)
    paper = "studio" if min(subject.cloth.main) > 225 else rng.choice(_PAPER)
    far = rng.choice(_DEEP if subject.stands or rng.random() < 0.4 else _FLAT)
    lift = 0.5 + (0.01 if subject.stands else 0)
    match view:
        case "front":
            return _set(subject, scene(paper, variant), FRONT)
        case "mirrored":
            pose = Pose(rng.uniform(0.74, 0.82), 0.5, lift, mirror=True)
            return _set(subject, scene(rng.choice(_PAPER), variant), pose)
        case "turned":
            turn = rng.choice((-1, 1)) * rng.uniform(7, 16)
            return _set(
                subject, scene(rng.choice((*_PAPER, *_FLAT)), variant), Pose(0.8, turn=turn)
            )
        case "detail":
            return _near(subject, rng.uniform(0.36, 0.44), subject.focus)
        case "elsewhere":
            return _set(subject, scene(far, variant), Pose(rng.uniform(0.7, 0.8), y=0.54))
        case "small":
            return _with_props(subject, scene(rng.choice(_PAPER), variant), rng)
        case "swatch":
            return _swatch(subject.cloth, scene("white", variant), rng)
        case "perspective":
            lean = rng.choice((-1, 1)) * rng.uniform(0.1, 0.17)
            return _set(subject, scene(rng.choice(SCENES), variant), Pose(0.84, lean=lean))
        case "dim":
            lit = _set(subject, scene(rng.choice((*_PAPER, "room")), variant), Pose(0.8, 0.5, lift))
            return _dim(lit, rng)
        case _:
            centre = (rng.choice((0.4, 0.6)), rng.uniform(0.4, 0.56))
            back = scene(rng.choice((*_PAPER, *_FLAT)), variant)
            return _set(subject, back, Pose(1.32, 1 - centre[0] * 1.0, 0.97 - centre[1]))


def posed(layers: Sequence[Image.Image], pose: Pose) -> tuple[list[Image.Image], tuple[int, int]]:
    """The layers of a cutout as the camera sees them, cut to what can be seen.

    Args:
        layers: Images of SIZE pixels square; the second one is the alpha.
        pose: How large, where, and how turned.

    Returns:
        The layers in the order given, equal in size, and the place (x, y) in pixels of their upper
        left corner within the posed square, whose side is VIEW * scale.
    """
    if pose.mirror:
        layers = [p.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for p in layers]
    side = round(VIEW * pose.scale)
    plane = _lean(side, pose.lean) if pose.lean else _turn(side, pose.turn)
    left, top, right, bottom = layers[1].getbbox() or (0, 0, SIZE, SIZE)
    corners = np.array([(left, right, left, right), (top, top, bottom, bottom), (1, 1, 1, 1)])
    seen = np.linalg.inv(plane) @ corners
    x, y = seen[0] / seen[2], seen[1] / seen[2]
    out_x, out_y = place(pose, (0, 0))
    x0 = max(0, -out_x, math.floor(x.min()) - 1)
    y0 = max(0, -out_y, math.floor(y.min()) - 1)
    x1 = min(side, VIEW - out_x, math.ceil(x.max()) + 1)
    y1 = min(side, VIEW - out_y, math.ceil(y.max()) + 1)
    size = (x1 - x0, y1 - y0)
    if not (pose.lean or pose.turn):
        k = SIZE / side
        box = (x0 * k, y0 * k, min(SIZE, (x0 + size[0]) * k), min(SIZE, (y0 + size[1]) * k))
        return [p.resize(size, _BILINEAR, box=box) for p in layers], (x0, y0)
    h = plane @ np.array([(1, 0, x0), (0, 1, y0), (0, 0, 1)], dtype=np.float64)
    data = tuple((h / h[2, 2]).ravel()[:8].tolist())
    how = Image.Transform.PERSPECTIVE if pose.lean else Image.Transform.AFFINE
    data = data if pose.lean else data[:6]
    return [p.transform(size, how, data, _BILINEAR) for p in layers], (x0, y0)


def _turn(side: int, degrees: float) -> Plane:
    """The plane map from a pixel of the view to the drawing, turned about the middle."""
    k = SIZE / side * (1.08 if degrees else 1)
    c, s = math.cos(math.radians(degrees)) * k, math.sin(math.radians(degrees)) * k
    h = side / 2
    return np.array([(c, s, SIZE / 2 - (c + s) * h), (-s, c, SIZE / 2 + (s - c) * h), (0, 0, 1)])


def _lean(side: int, lean: float) -> Plane:
    """The plane map of the perspective in which one side stands further away than the other.

    Source: the 8 x 8 linear system of a plane homography through four point pairs.
    """
    a, n = abs(lean) * side, float(side)
    view = [(a * 0.4, a), (n, 0.0), (n, n), (a * 0.4, n - a)]
    if lean < 0:
        view = [(0.0, 0.0), (n - a * 0.4, a), (n - a * 0.4, n - a), (0.0, n)]
    flat = [(0, 0), (SIZE, 0), (SIZE, SIZE), (0, SIZE)]
    rows, goal = [], []
    for (x, y), (u, v) in zip(view, flat, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
        goal += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(goal)), 1.0).reshape(3, 3)


def place(pose: Pose, corner: tuple[int, int]) -> tuple[int, int]:
    """Where in the picture (pixels) a layer lies that begins at ``corner`` of the posed square."""
    side = round(VIEW * pose.scale)
    return round(VIEW * pose.x - side / 2) + corner[0], round(VIEW * pose.y - side / 2) + corner[1]


def _set(subject: Subject, back: Image.Image, pose: Pose) -> Image.Image:
    """The product on a background, with the shadow that it throws there."""
    (image, alpha), corner = posed((subject.cutout.image, subject.cutout.alpha), pose)
    view, at = back.copy(), place(pose, corner)
    _shade(view, alpha, at, subject.stands and not pose.turn)
    view.paste(image, at, alpha)
    return view


def _shade(view: Image.Image, alpha: Image.Image, at: tuple[int, int], stands: bool) -> None:
    """A soft shadow beside what lies flat; what stands has a darker one where it touches ground."""
    pad = 9
    width, height = max(1, alpha.width // 4), max(1, alpha.height // 4)
    low = Image.new("L", (width + 2 * pad, height + 2 * pad), 0)
    small = alpha.resize((width, height), Image.Resampling.BOX)
    low.paste(small, (pad, pad + 1) if stands else (pad + 2, pad + 3))
    low = low.filter(ImageFilter.GaussianBlur(3.2)).point(_FAINT if stands else _STRONG)
    if stands:
        contact = Image.new("L", low.size, 0)
        inset, floor = pad + width * 0.06, pad + height
        ends = (inset, floor - 3, low.width - inset, floor + 2)
        ImageDraw.Draw(contact).ellipse(ends, fill=150)
        low = ImageChops.lighter(low, contact.filter(ImageFilter.GaussianBlur(2)))
    full = low.resize((low.width * 4, low.height * 4), _BILINEAR)
    corner = (at[0] - pad * 4, at[1] - pad * 4)
    view.paste((24, 22, 28), (*corner, corner[0] + full.width, corner[1] + full.height), full)


def _near(subject: Subject, span: float, focus: tuple[float, float]) -> Image.Image:
    """A close look: ``span`` of the drawing's side about ``focus`` fills the picture."""
    x, y = (min(max(f, span / 2), 1 - span / 2) for f in focus)
    near, far = (x - span / 2) * SIZE, (y - span / 2) * SIZE
    box = (near, far, near + span * SIZE, far + span * SIZE)
    view = scene("studio", 0).copy()
    image, alpha = (
        p.resize((VIEW, VIEW), _BILINEAR, box=box)
        for p in (subject.cutout.image, subject.cutout.alpha)
    )
    view.paste(image, (0, 0), alpha)
    return view


def _with_props(subject: Subject, back: Image.Image, rng: Random) -> Image.Image:
    left = rng.random() < 0.5
    out = 1 if left else -1
    view = back.copy()
    for k, name in enumerate(rng.sample(("plant", "box", "books", "pebbles"), 2)):
        image, alpha = prop(name, 104 - k * 24)
        x, y = 0.5 + out * (0.3 + k * 0.08), 0.74 + k * 0.09
        at = (round(VIEW * x) - image.width // 2, round(VIEW * y) - image.height)
        _shade(view, alpha, at, True)
        view.paste(image, at, alpha)
    return _set(subject, view, Pose(rng.uniform(0.5, 0.58), 0.5 - out * 0.14, 0.5))


@lru_cache(maxsize=1)
def _pinked() -> Image.Image:
    """The outline of a sample cut with pinking shears: L, _SAMPLE pixels square."""
    side, tooth, n = _SAMPLE, 9.0, 24
    ring: list[list[tuple[float, float]]] = [[], [], [], []]
    for k in range(n):
        u, v = tooth + k * (side - 2 * tooth) / n, tooth * (k % 2) * 0.8
        for edge, point in zip(
            ring, ((u, v), (side - v, u), (side - u, side - v), (v, side - u)), strict=True
        ):
            edge.append(point)
    mask = Image.new("L", (side * 2, side * 2), 0)
    points = [(x * 2, y * 2) for edge in ring for x, y in edge]
    ImageDraw.Draw(mask).polygon(points, fill=255)
    return mask.reduce(2)


def _swatch(cloth: Cloth, back: Image.Image, rng: Random) -> Image.Image:
    """A pinked sample of the cloth, seen from near."""
    near = texture(cloth, SIZE)
    box = (0, 0, SIZE, SIZE)
    if cloth.pattern not in ("two-tone", "gradient"):
        x, y = rng.randrange(40, 140), rng.randrange(40, 140)
        box = (x, y, x + 220, y + 220)
    image = near.resize((_SAMPLE, _SAMPLE), _BILINEAR, box=box)
    view, at = back.copy(), (rng.randrange(28, 43), rng.randrange(28, 43))
    _shade(view, _pinked(), at, False)
    view.paste(image, at, _pinked())
    return view


def _dim(lit: Image.Image, rng: Random) -> Image.Image:
    """Evening light: darker, a little warm or cold."""
    level = rng.uniform(0.46, 0.6)
    tint = rng.choice(((1.08, 1.0, 0.86), (0.92, 0.98, 1.1)))
    gains = [level * t for t in tint]
    table = [min(255, round(v * g)) for g in gains for v in range(256)]
    return lit.point(table)
