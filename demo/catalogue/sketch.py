"""A sketch: parts with their own paint and relief, laid one over the other on a clear ground."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from demo.catalogue.colours import RGB, mix
from demo.catalogue.curves import Outline, Path, smooth
from demo.catalogue.patterns import WHOLE, Cloth, Span, texture

SIZE = 400
_FINE = 2
_COARSE = 4
_FIXED: dict[str, RGB] = {
    "white": (246, 246, 244),
    "rubber": (232, 231, 226),
    "black": (38, 38, 42),
    "steel": (190, 195, 202),
    "gold": (206, 168, 88),
    "wood": (170, 118, 70),
    "tan": (188, 140, 92),
    "glass": (40, 48, 58),
    "inside": (214, 210, 204),
}
Fold = tuple[Path, float, float]


@dataclass(frozen=True, slots=True)
class Cutout:
    """A drawn product on clear ground.

    ``image`` is RGB and ``alpha`` L (255 = product), ``cloth`` L marks what shows the named colour
    and pattern; all three have the same size in pixels.
    """

    image: Image.Image
    alpha: Image.Image
    cloth: Image.Image


class Sketch:
    """Draws parts in the unit square and ends as a Cutout of ``SIZE`` pixels square.

    Args:
        cloth: The paint named "cloth", and the colours that "plain", "dark", "light" and "second"
            are made from.
        span: Where the cloth begins and ends from top to bottom, for gradients and two tones.
    """

    def __init__(self, cloth: Cloth, span: Span = WHOLE) -> None:
        self._cloth = cloth
        self._span = span
        self._down = 0.0
        self._textures: dict[int, Image.Image] = {}
        self._image = Image.new("RGB", (SIZE, SIZE), mix(cloth.main, (70, 70, 74), 0.5))
        self._alpha = Image.new("L", (SIZE, SIZE), 0)
        self._shown = Image.new("L", (SIZE, SIZE), 0)

    def lower(self, by: float) -> None:
        """Moves whatever is drawn from now on down, by a share of the side."""
        self._down = by

    def _curve(self, path: Path, *, closed: bool = True) -> Outline:
        return smooth(path, closed=closed) + np.array((0, self._down), dtype=np.float32)

    def part(
        self,
        path: Path,
        paint: str = "cloth",
        *,
        puff: float = 0.045,
        depth: float = 1.0,
        folds: Sequence[Fold] = (),
        turn: float = 0,
        lift: float = 0,
    ) -> None:
        """Lays a filled outline over what is there.

        Args:
            path: Points of the unit square, joined smoothly.
            paint: "cloth", "plain", "dark", "light", "second", or a fixed paint.
            puff: How far the rounding reaches inwards, as a share of the side.
            depth: Strength of light and shade, 1 as usual.
            folds: (points, width, strength) of soft creases; negative strength is dark.
            turn: Degrees by which the pattern is turned on this part.
            lift: Strength (0 to 1) of the shadow that falls on the parts below.
        """
        outline = self._curve(path)
        box = _box(outline, puff + 0.01)
        fine = Image.new("L", ((box[2] - box[0]) * _FINE, (box[3] - box[1]) * _FINE), 0)
        ImageDraw.Draw(fine).polygon(_pixels(outline, box), fill=255)
        self._lay(
            fine.reduce(_FINE), box, paint, _Relief(puff, depth, self._lowered(folds)), turn, lift
        )

    def stroke(
        self,
        path: Path,
        width: float,
        paint: str = "cloth",
        *,
        depth: float = 1.0,
        lift: float = 0,
        closed: bool = False,
    ) -> None:
        """Lays a round line of ``width`` (share of the side) along the points: straps, laces."""
        outline = self._curve(path, closed=closed)
        if closed:
            outline = np.vstack([outline, outline[:1]])
        box = _box(outline, width + 0.01)
        fine = Image.new("L", ((box[2] - box[0]) * _FINE, (box[3] - box[1]) * _FINE), 0)
        draw = ImageDraw.Draw(fine)
        pixels = _pixels(outline, box)
        thick = max(1, round(width * SIZE * _FINE))
        draw.line(pixels, fill=255, width=thick, joint="curve")
        if thick > 3:
            for x, y in (pixels[:2], pixels[-2:]):
                draw.ellipse([x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2], fill=255)
        self._lay(fine.reduce(_FINE), box, paint, _Relief(width * 0.5, depth, ()), 0, lift)

    def stitch(self, path: Path, paint: str = "", *, width: float = 0.006) -> None:
        """Sews a dashed line along the points; no paint named: one that shows on the cloth."""
        outline = self._curve(path, closed=False)
        box = _box(outline, 0.01)
        mask = Image.new("L", ((box[2] - box[0]) * _FINE, (box[3] - box[1]) * _FINE), 0)
        draw = ImageDraw.Draw(mask)
        pixels = np.array(_pixels(outline, box)).reshape(-1, 2)
        length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(pixels, axis=0).T))])
        marks = np.arange(0, length[-1], 9.0)
        xs, ys = (np.interp(marks, length, pixels[:, k]) for k in (0, 1))
        for k in range(0, len(marks) - 1, 2):
            ends = (xs[k], ys[k], xs[k + 1], ys[k + 1])
            draw.line(ends, fill=200, width=round(width * SIZE))
        pale = sum(self._cloth.main) > 380
        colour = self._colour(paint) if paint else (90, 86, 84) if pale else (236, 228, 214)
        self._image.paste(colour, box, mask.reduce(_FINE))

    def crease(self, path: Path, width: float = 0.012, strength: float = -46) -> None:
        """Darkens (or with a positive strength lightens) a soft line on what is there."""
        outline = self._curve(path, closed=False)
        box = _box(outline, width * 2 + 0.01)
        size = (box[2] - box[0], box[3] - box[1])
        line = Image.new("L", size, 128)
        draw = ImageDraw.Draw(line)
        points = [v / _FINE for v in _pixels(outline, box)]
        draw.line(points, fill=round(128 + strength), width=max(1, round(width * SIZE)))
        line = line.filter(ImageFilter.GaussianBlur(width * SIZE * 0.45))
        under = self._image.crop(box)
        self._image.paste(ImageChops.hard_light(under, Image.merge("RGB", (line,) * 3)), box)

    def cutout(self) -> Cutout:
        """What has been drawn so far."""
        return Cutout(self._image, self._alpha, self._shown)

    def _colour(self, paint: str) -> RGB:
        main = self._cloth.main
        match paint:
            case "cloth" | "plain":
                return main
            case "dark":
                return mix(main, (16, 16, 22), 0.32)
            case "light":
                return mix(main, (255, 255, 255), 0.3)
            case "second":
                return self._cloth.second if self._cloth.pattern != "solid" else main
            case _:
                return _FIXED[paint]

    def _lowered(self, folds: Sequence[Fold]) -> tuple[Fold, ...]:
        return tuple(
            ([(q[0], q[1] + self._down) for q in path], wide, dark) for path, wide, dark in folds
        )

    def _lay(
        self,
        mask: Image.Image,
        box: tuple[int, int, int, int],
        paint: str,
        relief: "_Relief",
        turn: float,
        lift: float,
    ) -> None:
        if lift:
            self._drop(mask, box, lift)
        if paint == "cloth":
            key = round(turn)
            if key not in self._textures:
                self._textures[key] = texture(self._cloth, SIZE, turn=key, span=self._span)
            tile = self._textures[key].crop(box)
        else:
            tile = Image.new("RGB", mask.size, self._colour(paint))
        tile = ImageChops.hard_light(tile, relief.shade(mask, box))
        self._image.paste(tile, box, mask)
        self._alpha.paste(255, box, mask)
        self._shown.paste(255 if paint in ("cloth", "plain") else 0, box, mask)

    def _drop(self, mask: Image.Image, box: tuple[int, int, int, int], lift: float) -> None:
        """A soft shadow below the part, only where something is already drawn."""
        fall = mask.filter(ImageFilter.GaussianBlur(5)).point(lambda v: v * lift * 0.6)
        at = (box[0], box[1] + 4, box[2], box[3] + 4)
        fall = ImageChops.multiply(fall, self._alpha.crop(at))
        self._image.paste((20, 18, 24), at, fall)


@dataclass(frozen=True, slots=True)
class _Relief:
    """How a part rounds off towards its edge under light from the upper left."""

    puff: float
    depth: float
    folds: tuple[Fold, ...]

    def shade(self, mask: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
        """Light and shade as RGB around 128 for ``hard_light``, of the mask's size."""
        size = (max(3, mask.width // _COARSE), max(3, mask.height // _COARSE))
        radius = max(0.6, self.puff * SIZE / _COARSE * 0.55)
        low = mask.resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(radius))
        height = np.asarray(low, dtype=np.float32) / 255
        gy, gx = np.gradient(height)
        light = (gx * 0.55 + gy * 0.85) * radius * 105 - (1 - height) * 62 + 6
        if self.folds:
            light += self._creases(size, box)
        level = Image.fromarray((128 + light * self.depth).clip(0, 255).astype(np.uint8))
        level = level.resize(mask.size, Image.Resampling.BILINEAR)
        return Image.merge("RGB", (level, level, level))

    def _creases(self, size: tuple[int, int], box: tuple[int, int, int, int]) -> "Outline":
        total = np.zeros((size[1], size[0]), dtype=np.float32)
        for path, width, strength in self.folds:
            line = Image.new("L", size, 128)
            points = (smooth(path, closed=False) * SIZE - np.array(box[:2])) / _COARSE
            thick = max(1, round(width * SIZE / _COARSE))
            flat = points.ravel().tolist()
            ImageDraw.Draw(line).line(flat, fill=round(128 + strength), width=thick)
            soft = line.filter(ImageFilter.GaussianBlur(thick * 0.6))
            total += np.asarray(soft, dtype=np.float32) - 128
        return total


def _box(outline: Outline, pad: float) -> tuple[int, int, int, int]:
    """The pixels that an outline can touch, with ``pad`` (share of the side) around it."""
    low = np.floor((outline.min(0) - pad) * SIZE).astype(int)
    high = np.ceil((outline.max(0) + pad) * SIZE).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _pixels(outline: Outline, box: tuple[int, int, int, int]) -> list[float]:
    """The points as x, y, x, y … in fine pixels of the box."""
    points = (outline * SIZE - np.array(box[:2], dtype=np.float32)) * _FINE
    flat: list[float] = points.ravel().tolist()
    return flat
