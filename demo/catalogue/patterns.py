"""The eight patterns, as masks that say where the second colour goes, and the weave over them."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from demo.catalogue.colours import RGB, mix

Array = npt.NDArray[np.float32]
Span = tuple[float, float]
WHOLE: Span = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Cloth:
    """What a product is made of, as far as the eye can see.

    ``scale`` is the repeat of the pattern as a share of the picture, ``turn`` its angle in degrees.
    """

    pattern: str
    main: RGB
    second: RGB
    scale: float
    turn: float
    weave: str


def _edge(distance: Array) -> Array:
    """A soft step at 0, one pixel wide: anti-aliasing for masks."""
    step: Array = np.clip(distance + 0.5, 0, 1).astype(np.float32)
    return step


def _band(at: Array, period: float, share: float) -> Array:
    """1 inside bands that fill ``share`` of each ``period`` (pixels), 0 between them."""
    middle: Array = np.abs((at % period) - period / 2)
    return _edge(period * share / 2 - middle)


def _axes(size: int, turn: float) -> tuple[Array, Array]:
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) - np.float32(size / 2)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return x * c + y * s + size * 4, y * c - x * s + size * 4


def _stamp(period: int, *, flower: bool) -> Array:
    """One tile with a dot or two flowers, drawn four times too large and reduced."""
    p = period * 4
    tile = Image.new("L", (p, p), 0)
    draw = ImageDraw.Draw(tile)
    for cx, cy, size in ((0.28, 0.3, 0.2), (0.76, 0.78, 0.15)):
        if not flower:
            size = 0.19
            draw.ellipse([(cx - size) * p, (cy - size) * p, (cx + size) * p, (cy + size) * p], 255)
            continue
        for k in range(5):
            a = k * 2 * math.pi / 5 + cx
            x, y, r = cx + math.cos(a) * size * 0.62, cy + math.sin(a) * size * 0.62, size * 0.5
            draw.ellipse([(x - r) * p, (y - r) * p, (x + r) * p, (y + r) * p], 235)
        r = size * 0.3
        draw.ellipse([(cx - r) * p, (cy - r) * p, (cx + r) * p, (cy + r) * p], 60)
        draw.line(
            [(cx * p, (cy + size) * p), ((cx + 0.05) * p, (cy + size * 1.7) * p)], 170, p // 26
        )
    stamp: Array = np.asarray(tile.reduce(4)).astype(np.float32) / np.float32(255)
    return stamp


def _tiled(size: int, period: float, turn: float, *, flower: bool) -> Array:
    tile = _stamp(max(12, round(period * 1.6)), flower=flower)
    n = tile.shape[0]
    x, y = _axes(size, turn)
    laid: Array = tile[y.astype(np.int32) % n, x.astype(np.int32) % n]
    return laid


@lru_cache(maxsize=320)
def pattern_mask(
    pattern: str, size: int, period: float, turn: float, span: Span = WHOLE
) -> Image.Image:
    """Where the second colour goes: L, ``size`` pixels square, 255 = all second colour.

    Args:
        pattern: One of the keys of PATTERNS.
        size: Side in pixels.
        period: Repeat in pixels.
        turn: Angle in degrees.
        span: Where the cloth begins and ends from top to bottom, as shares of the side: a gradient
            runs over it, two tones meet within it.
    """
    top, tall = span[0] * size, (span[1] - span[0]) * size
    x, y = _axes(size, turn)
    match pattern:
        case "stripes":
            mask = _band(y, period, 0.42)
        case "plaid":
            wide = (_band(x, period * 1.5, 0.36) + _band(y, period * 1.5, 0.36)) * 0.4
            thin = _band(x + period * 0.75, period * 1.5, 0.07) + _band(
                y + period * 0.75, period * 1.5, 0.07
            )
            mask = np.clip(wide + thin * 0.55, 0, 1)
        case "dots" | "floral":
            mask = _tiled(size, period, turn, flower=pattern == "floral")
        case "zigzag":
            tooth = np.abs((x % period) - period / 2)
            mask = _band(y + tooth, period * 0.9, 0.42)
        case "gradient":
            rows = (np.arange(size, dtype=np.float32) - top) / np.float32(tall)
            level = (rows * 1.3 - 0.25).clip(0, 1)
            mask = np.broadcast_to(level[:, None], (size, size)) * np.float32(0.9)
        case "two-tone":
            mask = _edge(y - size * 3.5 - top - tall * 0.6)
        case _:
            mask = np.zeros((size, size), dtype=np.float32)
    return Image.fromarray((mask * 255).astype(np.uint8))


@lru_cache(maxsize=16)
def weave(name: str, size: int) -> Image.Image:
    """The grain of a material as RGB around 128, to be laid over paint with ``hard_light``."""
    rng = np.random.default_rng(len(name) * 7919 + sum(name.encode()))
    noise = rng.standard_normal((size, size)).astype(np.float32)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    match name:
        case "twill":
            grain = 5 * np.sin((x + y) * 1.5) + 6 * noise
        case "knit":
            grain = (
                11 * np.sin(x * 1.25) * np.sin(y * 0.8 + np.abs(np.sin(x * 0.62)) * 2) + 3 * noise
            )
        case "leather":
            coarse = Image.fromarray((noise * 40 + 128).clip(0, 255).astype(np.uint8))
            soft = np.asarray(coarse.filter(ImageFilter.GaussianBlur(1.3)), dtype=np.float32) - 128
            grain = soft * 0.42
        case "canvas":
            grain = 5 * (np.sin(x * 2.1) + np.sin(y * 2.1)) + 3 * noise
        case _:
            grain = 1.5 * noise
    level = Image.fromarray((grain + 128).clip(0, 255).astype(np.uint8))
    return Image.merge("RGB", (level, level, level))


def texture(cloth: Cloth, size: int, *, turn: float = 0, span: Span = WHOLE) -> Image.Image:
    """The cloth laid flat: RGB, ``size`` pixels square.

    Args:
        cloth: What to show.
        size: Side in pixels.
        turn: Degrees added to the cloth's own angle (a sleeve hangs at an angle).
        span: As in ``pattern_mask``.
    """
    # Angles in steps of 15 degrees, so that the masks are found again in the cache.
    angle = round((cloth.turn + turn) / 15) * 15.0
    period = max(6.0, round(cloth.scale * size))
    if cloth.pattern in ("two-tone", "gradient"):
        angle, period = 0.0, 1.0
    else:
        span = WHOLE
    flat = Image.new("RGB", (size, size), cloth.main)
    if cloth.pattern != "solid":
        second = cloth.second
        if cloth.pattern == "gradient":
            light = sum(cloth.main) > 330
            second = mix(cloth.main, (22, 24, 34) if light else (255, 255, 255), 0.62)
        mask = pattern_mask(cloth.pattern, size, period, angle, span)
        flat.paste(second, (0, 0, size, size), mask)
    return ImageChops.hard_light(flat, weave(cloth.weave, size))
