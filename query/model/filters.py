"""Filters: what every hit must satisfy; a person writes ``brand=X`` or ``price<500``."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mappings.errors import InputError
from mappings.fields import Keyword, Number, Text
from mappings.product import MAX_VALUE
from mappings.schema import (
    ADDED,
    BRAND,
    CATEGORIES,
    CURRENCY,
    FOUND,
    FOUND_IN,
    GROUP,
    KEY,
    PICTURE_COLOURS,
    PRICE,
    STOCK,
    TAGS,
)
from query.model.input_limits import MAX_NUMBER, expression

MAX_FILTERS = 32
MAX_TERMS = 256

EXACT: dict[str, Text | Keyword] = {
    f.name: f
    for f in (BRAND, CATEGORIES, GROUP, CURRENCY, TAGS, FOUND, FOUND_IN, PICTURE_COLOURS)
    if not isinstance(f, Number)
}
RANGED: dict[str, Number] = {f.name: f for f in (PRICE, STOCK, ADDED)}
_CURE = (
    "Write brand=X, categories=A,B, an attribute as 颜色=红色, price<500, price=100..500 or"
    " added>=2026-01-31."
)


# The years 1 to 9999, which is what ISO 8601 can say.
_DATES = (-62_135_596_800_000, 253_402_300_799_999)
LARGEST = dict.fromkeys(("double", "long", "boolean"), f"numbers up to {MAX_NUMBER:g}") | {
    "date": "days of the years 1 to 9999"
}


def is_comparable(field: Number, number: float) -> bool:
    """Return True if the number is in a column's range; dates are milliseconds since 1970."""
    low, high = _DATES if field.kind == "date" else (-MAX_NUMBER, MAX_NUMBER)
    return low <= number <= high


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The column holds at least one of the values.

    Raises:
        InputError: No value, more than 256, or one that is empty or too long.
    """

    field: Text | Keyword
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.values) <= MAX_TERMS:
            raise InputError(
                f"Filter on {self.field.name!r} has {len(self.values)} values; 1 to {MAX_TERMS} are"
                " allowed.",
                _CURE,
            )
        # A tag is name=value, so a term may be about twice as long as a value.
        if bad := [v for v in self.values if not v or len(v) > 2 * MAX_VALUE + 1]:
            raise InputError(f"Filter value {bad[0][:40]!r} is empty or too long.", _CURE)

    def clause(self) -> dict[str, Any]:
        """Return the engine's clause; a filter never adds to a score."""
        return {"terms": {self.field.name: list(self.values)}}


@dataclass(frozen=True, slots=True)
class Between:
    """The column's number lies between two ends; ``None`` leaves an end open.

    A date's ends are milliseconds since 1970.

    Raises:
        InputError: Both ends open, an end that is no number up to 1e15, or low above high.
    """

    field: Number
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    def __post_init__(self) -> None:
        ends = [e for e in (self.low, self.high) if e is not None]
        if not ends or not all(is_comparable(self.field, e) for e in ends) or ends != sorted(ends):
            raise InputError(
                f"Filter on {self.field.name!r} from {self.low} to {self.high} is no range of"
                f" {LARGEST[self.field.kind]}.",
                _CURE,
            )

    def clause(self) -> dict[str, Any]:
        """Return the engine's clause; a filter never adds to a score."""
        ends: dict[str, float] = {}
        if self.low is not None:
            ends["gt" if self.low_open else "gte"] = self.low
        if self.high is not None:
            ends["lt" if self.high_open else "lte"] = self.high
        if self.field.kind == "date":
            days = {end: int(value) for end, value in ends.items()}
            return {"range": {self.field.name: days | {"format": "epoch_millis"}}}
        return {"range": {self.field.name: ends}}


@dataclass(frozen=True, slots=True)
class NotThese:
    """The product is none of these ids; excludes the examples of a request from its hits."""

    ids: tuple[str, ...]
    field: Keyword = KEY

    def clause(self) -> dict[str, Any]:
        """Return the engine's clause; a filter never adds to a score."""
        return {"bool": {"must_not": [{"ids": {"values": list(self.ids)}}]}}


Filter = AnyOf | Between | NotThese


def parse_filter(text: str) -> Filter:
    """Parse a filter.

    A name that is no column of ours is an attribute: ``颜色=红色`` asks for the tag of that name.
    Commas separate values of which any will do. Full-width signs count as plain ones.

    Raises:
        InputError: It cannot be read, has more than 500 characters, the column is not one for
            filters, or the numbers are none.
    """
    name, sign, value = _parts(expression(text, "Filter"))
    if not name or not value:
        raise InputError(f"Filter {text[:80]!r} cannot be read.", _CURE)
    if name in RANGED:
        return _between(RANGED[name], sign, value)
    if name in _not_for_filters():
        raise InputError(
            f"Column {name!r} cannot be filtered.",
            f"Columns for filters are {', '.join([*EXACT, *RANGED])}, and every attribute's name.",
        )
    if sign != "=":
        raise InputError(
            f"Filter {text[:80]!r}: {name!r} holds no numbers.",
            f"Columns with numbers are {', '.join(RANGED)}.",
        )
    values = tuple(v.strip() for v in value.split(",") if v.strip())
    if name in EXACT:
        return AnyOf(EXACT[name], values)
    return AnyOf(TAGS, tuple(f"{name}={v}" for v in values))


def _parts(plain: str) -> tuple[str, str, str]:
    """Split at the first comparison sign: name, sign, value."""
    at = next((n for n, c in enumerate(plain) if c in "<>="), len(plain))
    sign = plain[at : at + 2] if plain[at : at + 2] in ("<=", ">=") else plain[at : at + 1]
    return plain[:at].strip(), sign, plain[at + len(sign) :].strip()


def _not_for_filters() -> frozenset[str]:
    from mappings.schema import Schema

    return frozenset(f.name for f in Schema(1).fields) - EXACT.keys() - RANGED.keys()


def _between(field: Number, sign: str, value: str) -> Between:
    if sign == "<" or sign == "<=":
        return Between(field, high=_number(field, value), high_open=sign == "<")
    if sign == ">" or sign == ">=":
        return Between(field, low=_number(field, value), low_open=sign == ">")
    low, dots, high = value.partition("..")
    if not dots:
        return Between(field, _number(field, value), _number(field, value))
    return Between(
        field, _number(field, low) if low else None, _number(field, high) if high else None
    )


def _number(field: Number, text: str) -> float:
    if field.kind == "date":
        return milliseconds(field.name, text)
    try:
        return float(text)
    except ValueError:
        raise InputError(f"Filter on {field.name!r}: {text[:40]!r} is no number.", _CURE) from None


def milliseconds(column: str, text: str) -> float:
    """Return an ISO 8601 day or instant as milliseconds since 1970; without a zone it is in UTC.

    Raises:
        InputError: It is none.
    """
    try:
        found = datetime.fromisoformat(text)
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.timestamp() * 1_000
    except (ValueError, OverflowError):
        raise InputError(
            f"Filter on {column!r}: {text[:40]!r} is no day.", "Write a day as 2026-01-31."
        ) from None
