"""Prices as people write them: 500元以下, 200到300元, 50块左右, under $50, between 20 and 40."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

AROUND = 0.2
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}

# A number begins where no digit stands before it and gives nothing back (possessive), so that a
# run of digits is read once, not once for each of its parts.
_WHOLE = r"(?<!\d)\d[\d,]{0,19}+(?:\.\d{1,9}+)?+"
_DIGIT, _UNIT = "[一二两三四五六七八九]", "[十百千万]"
_CHINESE = rf"(?<!{_DIGIT})(?<!{_UNIT})(?:{_DIGIT}*+{_UNIT})++{_DIGIT}?+"
_ZH = rf"(?:{_WHOLE}(?:\s*+(?:[万千]|[kw](?![a-z])))?+|{_CHINESE})"
_EN = rf"{_WHOLE}(?:k(?![a-z]))?+"
_SIGN = r"(?:hk\$|us\$|[¥$€£])"
_MONEY = r"(?:人民币|块钱|元钱|元|块|rmb|cny|美元|美金|欧元|英镑|日元|港币|港元)"
_COINS = r"(?:usd|dollars?|bucks?|eur|euros?|gbp|pounds?|quid|rmb|yuan|cny|jpy|yen|hkd)"
_TO = r"\s*(?:-|~|—|–|到|至)\s*"
# What follows a number that is no price: a size, a weight, an age, a count.
_NO_UNIT = (
    r"(?!\d|\.\d|\s*(?:%|inch|码|号|寸|厘|毫|公|克|斤|升|米|岁|个|件|条|只|双|片|支|人|年|月|天|度|瓦"
    r"|(?:mm|cm|m|ml|l|kg|g|lbs?|oz|in|gb|tb|mah|w|watts?|years?|yrs?|months?|people|persons?"
    r"|pieces?|pcs|pages?|feet|ft|hours?|year-olds?)(?![a-z])))"
)
_LOW = r"(?:以上|起|往上|\+)"
_HIGH = r"(?:以下|以内|之内|内|之下)"
_NEAR = r"(?:左右|上下)"
_PRICED = r"(?:价格|价位|价钱|预算|售价)\s*(?:在|为|是|大概|大约)?\s*"


@dataclass(frozen=True, slots=True)
class PriceSpan:
    """A price phrase: where it stands (characters) and what it asks for; ``None`` is no end.

    A bare amount, without a word for an end or for "about", is not ``firm``: a 20-dollar gift
    card need not cost 20 dollars.
    """

    start: int
    end: int
    low: float | None
    high: float | None
    currency: str
    firm: bool = True


_COIN = rf"(?:\s*(?:{_COINS}\b|{_MONEY}))?"
_UNDER = (
    r"\b(?:under|below|less than|cheaper than|no more than|not more than|up to|at most"
    r"|max(?:imum)?|within)\s+"
)
_OVER = r"\b(?:over|above|more than|at least|no less than|min(?:imum)?|starting at)\s+"
_ABOUT = r"\b(?:around|about|approximately|roughly|circa)\s+"
_ONE, _TWO = rf"({_ZH})\s*", rf"({_ZH})\s*{_MONEY}?{_TO}{_SIGN}?({_ZH})\s*"
_MAY = rf"(?:{_PRICED})?{_SIGN}?"
_BUDGET = rf"(?:{_PRICED})"
# In this order: a range before its ends, an end before a bare amount.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        # Chinese; 元 or a word for an end says that it is a price.
        ("range", rf"{_MAY}{_TWO}{_MONEY}(?:之间)?"),
        ("range", rf"{_BUDGET}({_ZH}){_TO}({_ZH}){_NO_UNIT}(?:之间)?"),
        ("range", rf"(?<![\d.])(\d{{2,20}}+){_TO}(\d{{2,20}}+)\s*(?:左右|之间|以内|的(?!\d))"),
        ("range", rf"{_SIGN}\s*({_EN}){_TO}{_SIGN}?\s*({_EN})(?:\s*{_COINS})?{_NO_UNIT}"),
        ("high", rf"{_MAY}{_ONE}{_MONEY}\s*{_HIGH}"),
        ("high", rf"{_MAY}{_ONE}(?:以下|以内|之内){_NO_UNIT}"),
        ("low", rf"{_MAY}{_ONE}{_MONEY}\s*{_LOW}"),
        ("low", rf"{_BUDGET}{_ONE}{_LOW}"),
        ("near", rf"(?:{_PRICED}|大概|大约)?{_SIGN}?{_ONE}{_MONEY}\s*{_NEAR}"),
        ("near", rf"{_BUDGET}{_ONE}{_NEAR}"),
        ("high", rf"(?:不超过|不高于|低于|少于|最多|小于|不到)\s*{_SIGN}?{_ONE}{_MONEY}"),
        ("low", rf"(?:不低于|不少于|超过|高于|大于|至少|最少)\s*{_SIGN}?{_ONE}{_MONEY}"),
        # English.
        (
            "range",
            rf"\b(?:between|from)\s+{_SIGN}?\s*({_EN}){_COIN}\s+(?:and|to)"
            rf"\s+{_SIGN}?\s*({_EN}){_COIN}{_NO_UNIT}",
        ),
        ("range", rf"{_SIGN}?({_EN})\s*(?:-|to)\s*{_SIGN}?({_EN})\s*{_COINS}\b"),
        ("range", rf"{_SIGN}({_EN})\s+to\s+{_SIGN}?({_EN}){_NO_UNIT}"),
        ("high", rf"{_UNDER}{_SIGN}?\s*({_EN}){_COIN}{_NO_UNIT}"),
        ("low", rf"{_OVER}{_SIGN}?\s*({_EN}){_COIN}{_NO_UNIT}"),
        ("near", rf"{_ABOUT}(?:{_SIGN}\s*({_EN})|({_EN})\s*{_COINS}\b)"),
        ("high", rf"{_SIGN}\s*({_EN})\s+(?:or less|or under|max)\b"),
        ("high", rf"(?<![\d.])({_EN})\s*{_MONEY}\s*(?:能买|买得|可以买)(?:到|起)?的?"),
        ("bare", rf"{_SIGN}\s*({_EN}){_NO_UNIT}|(?<![\d.])({_EN})\s*{_COINS}\b"),
        ("bare", rf"(?<![\d.])({_EN})\s*{_MONEY}(?=\s|的|$)"),
    )
)
_MIGHT = re.compile(r"\d|[十百千万]")


def find_price(text: str, currencies: Mapping[str, str]) -> PriceSpan | None:
    """Return the first price phrase of a text, ``None`` without one.

    "Around" means 20 % to either side. The currency is named only where the text does so.

    Args:
        text: Plain text in lower case, simplified.
        currencies: Signs and words to ISO codes.
    """
    if not _MIGHT.search(text):
        return None
    for kind, pattern in _PATTERNS:
        for found in pattern.finditer(text):
            numbers = [number(g) for g in found.groups() if g]
            if any(n is None for n in numbers):
                continue
            low, high = _ends(kind, [n for n in numbers if n is not None])
            currency = _currency(found[0], currencies)
            return PriceSpan(found.start(), found.end(), low, high, currency, kind != "bare")
    return None


def number(text: str) -> float | None:
    """Return the number that is written in digits or in Chinese, ``None`` when it is none."""
    plain = text.replace(",", "").strip()
    factor = 1.0
    if plain and plain[-1] in "kK千wW万" and plain[:1].isdigit():
        factor = {"k": 1e3, "千": 1e3}.get(plain[-1].lower(), 1e4)
        plain = plain[:-1].strip()
    try:
        return float(plain) * factor
    except ValueError:
        return _chinese(plain)


def _chinese(text: str) -> float | None:
    total, digit, last = 0, 0, 1
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in _UNITS:
            total, last, digit = total + (digit or 1) * _UNITS[c], _UNITS[c], 0
        else:
            return None
    # 三百五 is 350: a last digit without a unit counts in the next smaller one.
    return float(total + digit * (last // 10 or 1)) if text else None


def _ends(kind: str, numbers: list[float]) -> tuple[float | None, float | None]:
    match kind:
        case "range":
            return min(numbers), max(numbers)
        case "high":
            return None, numbers[0]
        case "low":
            return numbers[0], None
    return round(numbers[0] * (1 - AROUND), 2), round(numbers[0] * (1 + AROUND), 2)


def _currency(found: str, currencies: Mapping[str, str]) -> str:
    for form in sorted(currencies, key=len, reverse=True):
        if form in found:
            return currencies[form]
    return ""
