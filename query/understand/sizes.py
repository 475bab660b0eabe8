"""Sizes, measures and model numbers: words that are numbers, or nearly so."""

import re
from dataclasses import dataclass

# 5G is no weight.
NETWORKS = 6
_UNITS = {
    "厘米": "cm", "公分": "cm", "cm": "cm", "毫米": "mm", "mm": "mm", "米": "m",
    "毫升": "ml", "ml": "ml", "升": "l", "l": "l", "公斤": "kg", "千克": "kg", "kg": "kg",
    "斤": "jin", "克": "g", "g": "g", "gb": "gb", "tb": "tb", "英寸": "inch", "寸": "inch",
    "inches": "inch", "inch": "inch", '"': "inch", "oz": "oz", 
    "liters": "l", "liter": "l", "litres": "l", "litre": "l", "瓦": "w", "w": "w",
    "毫安": "mah", "mah": "mah",
}  # fmt: skip
_UNIT = "|".join(sorted((re.escape(u) for u in _UNITS), key=len, reverse=True))
_LETTERS = r"xxs|xs|s|m|l|xl|xxl|xxxl|[2-6]xl"
_MEASURE = re.compile(rf"(?<![a-z0-9.])(\d+(?:\.\d+)?)[ -]?({_UNIT})(?![a-z0-9])")
_SIZE = re.compile(
    rf"(?:\b(?:size|sz)\s*)((?:{_LETTERS}|\d{{1,3}}(?:\.5)?))(?![a-z0-9])"
    rf"|\b(?:uk|us|eu)\s?(\d{{1,2}}(?:\.5)?)(?![a-z0-9])"
    rf"|(?<![a-z0-9])({_LETTERS}|\d{{1,3}}(?:\.5)?)\s?(?:码|号)(?!店)"
    r"|(?<![a-z0-9])(xxs|xs|xl|xxl|xxxl|[2-6]xl)(?![a-z0-9])"
)
_MODEL = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)*(?![A-Za-z0-9])")
_NO_MODEL = re.compile(r"(?i)\d+(st|nd|rd|th|pcs?|pack|yrs?|years?|in\d+|s|x\d+\w*|pk|ct|%)?")


@dataclass(frozen=True, slots=True)
class SizeSpan:
    """A size: where it stands (characters) and its plain form: ``42``, ``xl``, ``500ml``."""

    start: int
    end: int
    value: str


def find_sizes(text: str) -> tuple[SizeSpan, ...]:
    """Return the sizes and measures in a text of lower case; they do not overlap."""
    found = [
        SizeSpan(m.start(), m.end(), f"{_short(m[1])}{_UNITS[m[2]]}")
        for m in _MEASURE.finditer(text)
        if m[2] != "g" or float(m[1]) > NETWORKS
    ]
    for m in _SIZE.finditer(text):
        value = next(g for g in m.groups() if g)
        if not any(s.start < m.end() and m.start() < s.end for s in found):
            found.append(SizeSpan(m.start(), m.end(), value))
    return tuple(sorted(found, key=lambda s: s.start))


def plain_size(text: str) -> str:
    """Return a size as a catalogue writes it in the plain form of queries."""
    found = find_sizes(text.lower())
    return found[0].value if len(found) == 1 else text.lower().strip()


def find_model_number(text: str, taken: list[tuple[int, int]]) -> str:
    """Return the first word that looks like a model number: letters and two or more digits.

    Args:
        text: The plain text as it was written.
        taken: Spans that are prices or sizes.
    """
    for m in _MODEL.finditer(text):
        word = m[0]
        digits = sum(c.isdigit() for c in word)
        letters = sum(c.isalpha() for c in word)
        free = not any(a < m.end() and m.start() < b for a, b in taken)
        mixed = digits >= 2 and letters >= 1 and len(word) >= 3
        if free and (mixed or (not letters and digits >= 6)) and (
            digits >= 6 or not _NO_MODEL.fullmatch(word)
        ):  # fmt: skip
            return word
    return ""


def _short(number: str) -> str:
    return f"{float(number):g}"
