"""What products stand on or lie on: backgrounds drawn once per process, and small props."""

from functools import lru_cache
from random import Random

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from demo.catalogue.colours import RGB
from demo.catalogue.curves import block, mirrored, oval
from demo.catalogue.patterns import Cloth
from demo.catalogue.sketch import Sketch

VIEW = 320
SCENES = ("white", "studio", "pastel", "wood", "stone", "linen", "street", "park", "room")
VARIANTS = 4
_PASTELS: tuple[RGB, ...] = ((238, 226, 214), (214, 228, 236), (222, 234, 218), (238, 220, 226))
Array = npt.NDArray[np.float32]


def _shaded(base: RGB, corner: float, floor: float) -> Image.Image:
    """A sweep of paper: lighter in the middle, darker in the corners and below a soft horizon."""
    y, x = np.mgrid[0:VIEW, 0:VIEW].astype(np.float32) / VIEW - 0.5
    level = 1 - corner * (x * x + y * y) * 2 - floor / (1 + np.exp(-(y - 0.24) * 26))
    return _image(np.array(base, dtype=np.float32) * level[..., None])


def _image(pixels: Array) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _wood(rng: np.random.Generator, variant: int) -> Image.Image:
    base = np.array([(196, 160, 118), (150, 112, 78), (222, 200, 170), (176, 138, 104)][variant])
    rows = np.arange(VIEW)
    plank = rows // 64
    tone = rng.uniform(0.9, 1.06, 8)[plank][:, None]
    along = rng.standard_normal((VIEW, 20)).astype(np.float32)
    grain = np.repeat(along, 16, axis=1)
    soft = Image.fromarray((grain * 30 + 128).clip(0, 255).astype(np.uint8))
    grain = np.asarray(soft.filter(ImageFilter.BoxBlur(6)), dtype=np.float32)
    fine = rng.standard_normal((VIEW, 1)) * 0.035
    level = tone * (1 + (grain - 128) / 260 + fine)
    level[rows % 64 == 0] *= 0.62
    level[rows % 64 == 1] *= 0.85
    return _image((base * level[..., None]).astype(np.float32))


def _stone(rng: np.random.Generator, variant: int) -> Image.Image:
    base = np.array([(206, 205, 202), (224, 220, 214), (178, 180, 182), (232, 232, 234)][variant])
    total = np.zeros((VIEW, VIEW), dtype=np.float32)
    for cells, weight in ((5, 16), (16, 9), (64, 6)):
        coarse = (rng.uniform(0, 255, (cells, cells))).astype(np.uint8)
        smooth = Image.fromarray(coarse).resize((VIEW, VIEW), Image.Resampling.BICUBIC)
        total += (np.asarray(smooth, dtype=np.float32) - 128) / 128 * weight
    return _image((base + total[..., None]).astype(np.float32))


def _linen(rng: np.random.Generator, variant: int) -> Image.Image:
    base = np.array([(228, 220, 206), (206, 212, 214), (220, 206, 196), (236, 234, 230)][variant])
    warp = rng.standard_normal((1, VIEW)) * 5
    weft = rng.standard_normal((VIEW, 1)) * 5
    noise = rng.standard_normal((VIEW, VIEW)) * 3.5
    return _image((base + (warp + weft + noise)[..., None]).astype(np.float32))


def _street(rng: np.random.Generator, variant: int) -> Image.Image:
    sky = [(196, 214, 232), (238, 214, 196), (206, 208, 216), (176, 200, 226)][variant]
    view = Image.new("RGB", (VIEW, VIEW), sky)
    draw = ImageDraw.Draw(view)
    x = -20
    while x < VIEW:
        wide, top = int(rng.integers(36, 80)), int(rng.integers(20, 130))
        tone = int(rng.integers(120, 190))
        draw.rectangle([x, top, x + wide, 240], fill=(tone, tone - 8, tone - 14))
        for wy in range(top + 12, 220, 26):
            for wx in range(x + 7, x + wide - 10, 18):
                lit = int(rng.integers(0, 3)) == 0
                draw.rectangle(
                    [wx, wy, wx + 9, wy + 14], fill=(246, 224, 170) if lit else (94, 104, 118)
                )
        x += wide + int(rng.integers(2, 14))
    draw.rectangle([0, 232, VIEW, VIEW], fill=(150, 148, 146))
    draw.polygon([(0, 232), (VIEW, 232), (VIEW, 246), (0, 246)], fill=(186, 183, 178))
    return view.filter(ImageFilter.GaussianBlur(5))


def _park(rng: np.random.Generator, variant: int) -> Image.Image:
    view = Image.new(
        "RGB",
        (VIEW, VIEW),
        [(150, 186, 120), (176, 196, 130), (120, 164, 128), (206, 180, 110)][variant],
    )
    draw = ImageDraw.Draw(view)
    for _ in range(90):
        x, y, r = (
            int(rng.integers(-20, VIEW)),
            int(rng.integers(-20, 240)),
            int(rng.integers(8, 30)),
        )
        k = int(rng.integers(-34, 50))
        draw.ellipse([x, y, x + r * 2, y + r * 2], fill=(136 + k, 172 + k, 104 + k))
    draw.rectangle([0, 236, VIEW, VIEW], fill=(128, 152, 92))
    return view.filter(ImageFilter.GaussianBlur(8))


def _room(rng: np.random.Generator, variant: int) -> Image.Image:
    """A painted wall with a window's light on it, a skirting board and a wooden floor."""
    wall = _PASTELS[variant]
    view = Image.new("RGB", (VIEW, VIEW), wall)
    light = Image.new("L", (VIEW, VIEW), 0)
    draw = ImageDraw.Draw(light)
    x = int(rng.integers(20, 150))
    for k in range(2):
        for row in range(2):
            a, b = x + k * 66, 24 + row * 84 + k * 12
            draw.polygon([(a, b), (a + 58, b + 11), (a + 58, b + 88), (a, b + 76)], fill=120)
    view.paste((255, 252, 240), (0, 0), light.filter(ImageFilter.GaussianBlur(4)))
    floor = _wood(rng, variant).crop((0, 0, VIEW, 78))
    view.paste(floor, (0, 242))
    ImageDraw.Draw(view).rectangle([0, 230, VIEW, 242], fill=(246, 244, 240))
    return view.filter(ImageFilter.GaussianBlur(1))


@lru_cache(maxsize=64)
def scene(name: str, variant: int) -> Image.Image:
    """A background: RGB, VIEW pixels square.

    Args:
        name: One of SCENES.
        variant: 0 to VARIANTS - 1.
    """
    rng = np.random.default_rng([SCENES.index(name), variant])
    match name:
        case "white":
            return _shaded((251 - variant, 251 - variant, 250 - variant), 0.03, 0.025)
        case "studio":
            tone = 206 - variant * 10
            return _shaded((tone, tone, tone + 3), 0.22, 0.08)
        case "pastel":
            return _shaded(_PASTELS[variant], 0.12, 0.07)
        case "wood":
            return _wood(rng, variant)
        case "stone":
            return _stone(rng, variant)
        case "linen":
            return _linen(rng, variant)
        case "street":
            return _street(rng, variant)
        case "park":
            return _park(rng, variant)
        case _:
            return _room(rng, variant)


@lru_cache(maxsize=16)
def prop(name: str, side: int) -> tuple[Image.Image, Image.Image]:
    """A small thing beside the product, as (RGB, alpha L) of ``side`` pixels square."""
    r = Random(name)
    green = Cloth("solid", (74, 128, 84), (255, 255, 255), 0.1, 0, "plain")
    s = Sketch(green)
    match name:
        case "plant":
            for k in range(7):
                a = (k - 3) * 0.13
                s.part(oval(0.5 + a * 0.8, 0.36 + abs(a) * 0.35, 0.06, 0.21, turn=a * 150),
                       "dark" if k % 2 else "cloth", puff=0.04)  # fmt: skip
            s.part(
                mirrored([(0.5, 0.58, 1), (0.7, 0.58, 1), (0.65, 0.94), (0.5, 0.95)]),
                "tan",
                puff=0.08,
            )
        case "box":
            s.part(block(0.15, 0.35, 0.85, 0.95, soft=0.01), "tan", puff=0.04)
            s.part(block(0.12, 0.25, 0.88, 0.42, soft=0.01), "wood", puff=0.03, lift=0.6)
            s.part(block(0.45, 0.25, 0.55, 0.95, soft=0.005), "white", puff=0.01)
        case "books":
            for k, paint in enumerate(("tan", "steel", "cloth")):
                x = 0.08 + r.uniform(0, 0.08)
                s.part(
                    block(x, 0.9 - k * 0.16, x + 0.78, 1.04 - k * 0.16 - 0.01, soft=0.02),
                    paint,
                    puff=0.03,
                )
        case _:
            for x, y, rx in ((0.3, 0.8, 0.2), (0.68, 0.84, 0.17), (0.5, 0.64, 0.13)):
                s.part(oval(x, y, rx, rx * 0.62), "steel", puff=0.08)
    cut = s.cutout()
    size = (side, side)
    bilinear = Image.Resampling.BILINEAR
    return cut.image.resize(size, bilinear), cut.alpha.resize(size, bilinear)
