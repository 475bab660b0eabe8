"""Finds sizes and measures in a text and converts units: 1.5L, 1500毫升 and １．５升 are equal."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from encoders.extract.plain import plain
from encoders.extract.spans import Span

# Unit to (attribute, canonical unit, how many of those one is).
UNITS: dict[str, tuple[str, str, float]] = {
    "ml": ("volume", "ml", 1), "毫升": ("volume", "ml", 1), "cl": ("volume", "ml", 10),
    "l": ("volume", "ml", 1000), "升": ("volume", "ml", 1000),
    "liter": ("volume", "ml", 1000), "litre": ("volume", "ml", 1000),
    "liters": ("volume", "ml", 1000), "litres": ("volume", "ml", 1000),
    "fl oz": ("volume", "ml", 29.5735),
    "mg": ("weight", "g", 0.001), "毫克": ("weight", "g", 0.001),
    "g": ("weight", "g", 1), "克": ("weight", "g", 1), "kg": ("weight", "g", 1000),
    "千克": ("weight", "g", 1000), "公斤": ("weight", "g", 1000), "斤": ("weight", "g", 500),
    "两": ("weight", "g", 50), "oz": ("weight", "g", 28.3495), "lb": ("weight", "g", 453.592),
    "lbs": ("weight", "g", 453.592),
    "mm": ("length", "cm", 0.1), "毫米": ("length", "cm", 0.1), "cm": ("length", "cm", 1),
    "厘米": ("length", "cm", 1), "公分": ("length", "cm", 1), "m": ("length", "cm", 100),
    "米": ("length", "cm", 100), "inch": ("length", "cm", 2.54), "inches": ("length", "cm", 2.54),
    "英寸": ("length", "cm", 2.54), "寸": ("length", "cm", 2.54), "ft": ("length", "cm", 30.48),
    "w": ("power", "W", 1), "瓦": ("power", "W", 1), "kw": ("power", "W", 1000),
    "千瓦": ("power", "W", 1000), "匹": ("power", "hp", 1),
    "mah": ("charge", "mAh", 1), "毫安": ("charge", "mAh", 1), "毫安时": ("charge", "mAh", 1),
    "v": ("voltage", "V", 1), "伏": ("voltage", "V", 1),
    "gb": ("storage", "GB", 1), "tb": ("storage", "GB", 1024),
    "片": ("count", "pieces", 1), "件": ("count", "pieces", 1), "只": ("count", "pieces", 1),
    "个": ("count", "pieces", 1), "支": ("count", "pieces", 1), "条": ("count", "pieces", 1),
    "包": ("count", "packs", 1), "袋": ("count", "packs", 1), "盒": ("count", "boxes", 1),
    "瓶": ("count", "bottles", 1), "罐": ("count", "cans", 1), "双": ("count", "pairs", 1),
    "pcs": ("count", "pieces", 1), "pieces": ("count", "pieces", 1), "pairs": ("count", "pairs", 1),
    "pack": ("count", "packs", 1), "packs": ("count", "packs", 1),
}  # fmt: skip
LETTERS = ("XXXS", "XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL", "XXXXL")
_WORDS = {
    "均码": "one size", "one size": "one size", "加小码": "XS", "加大码": "XL", "特大码": "XXL",
}  # fmt: skip
_NUMBER = r"\d{1,6}(?:[.,]\d{1,3})?"
_UNITS = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_MEASURE = re.compile(
    rf"(?<![\d.,a-z])({_NUMBER})\s?(?:[-~–至到]\s?({_NUMBER})\s?)?({_UNITS})(?![a-z])"
)
_SHOE = re.compile(
    r"(?<![\d.,a-z])(?:(?:eu|eur)\s?(\d\d(?:\.5)?)(?![\d.])"
    r"|(\d\d(?:\.5)?)\s?(?:[-~–至到]\s?(\d\d(?:\.5)?)\s?)?码)"
)
_BARE_RANGE = re.compile(r"(?<![\d.,a-z-])(3[4-9]|4[0-8])\s?[-~–]\s?(3[4-9]|4[0-8])(?![\d.a-z-])")
_LETTER = re.compile(
    r"(?<![a-z0-9'&.-])(?:([2-5])xl|(x{0,4}[sl]|m))(?:\s?码)?(?![a-z0-9'&]|-[a-z]|\.\w)"
)
_WORD = re.compile("|".join(sorted(_WORDS, key=len, reverse=True)))


@dataclass(frozen=True, slots=True)
class Measure:
    """A size or a measure in a text.

    Args:
        span: Its place, named ``size``, ``volume``, ``weight``, …
        value: In the canonical unit: ``500ml``, ``2000g``, ``80cm``, ``42``, ``38-42``, ``XL``.
    """

    span: Span
    value: str


def measures(text: str) -> tuple[Measure, ...]:
    """Return the sizes and measures of a text, in its order, none within another.

    Letter sizes count only in capitals: an ``m`` or an ``s`` in running text is no size.

    Args:
        text: As written, in full or half width.
    """
    shown = plain(text)
    found = [
        *(_measure(m) for m in _MEASURE.finditer(shown)),
        *(_shoe(m) for m in _SHOE.finditer(shown)),
        *(_sized(m, f"{m[1]}-{m[2]}") for m in _BARE_RANGE.finditer(shown) if m[1] < m[2]),
        *(_sized(m, _WORDS[m[0]]) for m in _WORD.finditer(shown)),
        *(_letter(m) for m in _LETTER.finditer(shown) if _is_capital(text, m)),
    ]
    kept: list[Measure] = []
    for measure in sorted(found, key=lambda m: (m.span.start - m.span.end, m.span.start)):
        if all(measure.span.end <= k.span.start or k.span.end <= measure.span.start for k in kept):
            kept.append(measure)
    return tuple(sorted(kept, key=lambda m: m.span.start))


def _measure(match: re.Match[str]) -> Measure:
    name, unit, factor = UNITS[match[3]]
    ends = [_written(float(n.replace(",", ".")) * factor) for n in match.group(1, 2) if n]
    return Measure(Span(match.start(), match.end(), name), "-".join(ends) + _joined(unit))


def _joined(unit: str) -> str:
    return unit if unit in ("ml", "g", "cm", "W", "V", "mAh", "GB") else f" {unit}"


def _written(number: float) -> str:
    return f"{round(number, 2):g}" if number < 1e5 else str(round(number))


def _shoe(match: re.Match[str]) -> Measure:
    return _sized(match, "-".join(n for n in match.groups() if n))


def _letter(match: re.Match[str]) -> Measure:
    return _sized(match, "X" * int(match[1]) + "L" if match[1] else match[2].upper())


def _sized(match: re.Match[str], value: str) -> Measure:
    return Measure(Span(match.start(), match.end(), "size"), value)


def _is_capital(text: str, match: re.Match[str]) -> bool:
    written = unicodedata.normalize("NFKC", text[match.start() : match.end()])
    return written.rstrip("码 ").isupper()
