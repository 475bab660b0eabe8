"""Boosts: bounded points that are added to or subtracted from a score after fusion."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mappings.errors import InputError
from mappings.fields import Number
from mappings.schema import ADDED, MARGIN, PRICE, STOCK
from query.model.filters import AnyOf, Between, Filter, NotThese, milliseconds, parse_filter
from query.model.input_limits import MAX_NUMBER, expression
from query.model.result import Contribution
from query.model.window import Candidate, Values, Window

MAX_BOOSTS = 8
MAX_POINTS = 0.5
MAX_SUM = 1.0
DAY_MS = 86_400_000.0
RAMPED: dict[str, Number] = {f.name: f for f in (MARGIN, PRICE, STOCK)}
_CURE = (
    "Write POINTS and what they are for: '0.05 stock', '0.1 margin 0..0.5', '0.1 new 30' (days)"
    f" or '-0.2 where brand=X'; at most {MAX_POINTS:g} points each, {MAX_BOOSTS} boosts,"
    f" {MAX_SUM:g} together."
)


@dataclass(frozen=True, slots=True)
class StockBoost:
    """Points for what is in stock: at least ``least`` pieces.

    Raises:
        InputError: The points are none, or too many.
    """

    points: float
    least: float = 1.0

    def __post_init__(self) -> None:
        _require_points(self.points)
        _require(abs(self.least) <= MAX_NUMBER, f"{self.least} pieces are no number")

    @property
    def name(self) -> str:
        """How it is called in the explanation."""
        return "stock"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose doc values it reads."""
        return (STOCK.name,)

    def measure(self, values: Values) -> tuple[float, float] | None:
        """Return the pieces in stock and 0 or 1; ``None`` where the product has no stock."""
        pieces = _number(values, STOCK.name)
        return None if pieces is None else (pieces, float(pieces >= self.least))


@dataclass(frozen=True, slots=True)
class RampBoost:
    """Points that rise with a column's number, from 0 at ``low`` to all of them at ``high``.

    Raises:
        InputError: The points are none or too many, or the ends are no rising numbers.
    """

    points: float
    column: Number
    low: float
    high: float

    def __post_init__(self) -> None:
        _require_points(self.points)
        fits = -MAX_NUMBER <= self.low < self.high <= MAX_NUMBER
        _require(fits, f"{self.low} to {self.high} is no range of {self.column.name!r}")

    @property
    def name(self) -> str:
        """How it is called in the explanation."""
        return self.column.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose doc values it reads."""
        return (self.column.name,)

    def measure(self, values: Values) -> tuple[float, float] | None:
        """Return the number and its place between the ends, in [0, 1]."""
        number = _number(values, self.column.name)
        if number is None:
            return None
        return number, min(1.0, max(0.0, (number - self.low) / (self.high - self.low)))


@dataclass(frozen=True, slots=True)
class NewBoost:
    """Points for new products; they halve every ``days``.

    Args:
        points: For a product of today.
        days: Half-life, days.
        today: The day that ages are counted from; part of the boost, so that equal requests have
            equal orders.

    Raises:
        InputError: The points are none or too many, or the days are no positive number.
    """

    points: float
    days: float
    today: str

    def __post_init__(self) -> None:
        _require_points(self.points)
        _require(0 < self.days <= MAX_NUMBER, f"{self.days} days are no half-life")
        milliseconds(ADDED.name, self.today)

    @property
    def name(self) -> str:
        """How it is called in the explanation."""
        return "new"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose doc values it reads."""
        return (ADDED.name,)

    def measure(self, values: Values) -> tuple[float, float] | None:
        """Return the age in days, and 0.5 to the power of age / half-life."""
        added = _number(values, ADDED.name)
        if added is None:
            return None
        age = max(0.0, (milliseconds(ADDED.name, self.today) - added) / DAY_MS)
        return age, 0.5 ** (age / self.days)


@dataclass(frozen=True, slots=True)
class MatchBoost:
    """Points for products that satisfy a filter.

    Args:
        points: Added; negative points are subtracted.
        filter: What the product must satisfy.
        rule: The rule that it comes from; empty if it comes from the request.

    Raises:
        InputError: The points are none, or too many.
    """

    points: float
    filter: Filter
    rule: str = ""

    def __post_init__(self) -> None:
        _require_points(self.points)

    @property
    def name(self) -> str:
        """How it is called in the explanation."""
        return f"rule {self.rule}" if self.rule else f"where {_written(self.filter)}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose doc values it reads."""
        return (self.filter.field.name,)

    def measure(self, values: Values) -> tuple[float, float] | None:
        """Return 1 and 1 where the product satisfies the filter, else 0 and 0."""
        met = float(matches(self.filter, values))
        return met, met


Boost = StockBoost | RampBoost | NewBoost | MatchBoost


def parse_boost(text: str, today: str = "") -> Boost:
    """Return the boost that a person wrote.

    Args:
        text: ``0.05 stock``, ``0.05 stock 3`` (pieces), ``0.1 margin 0..0.5``, ``0.1 new 30``
            (days to half) or ``-0.2 where brand=X``.
        today: The day that newness is counted from, ISO 8601; today in UTC when left out.

    Raises:
        InputError: It cannot be read, or a limit is passed; it has at most 500 characters.
    """
    parts = expression(text, "Boost").split(maxsplit=2)
    _require(len(parts) > 1, f"{text[:80]!r} cannot be read")
    points, kind, rest = _float(parts[0], text), parts[1], "".join(parts[2:])
    if kind == "stock" and ".." not in rest:
        return StockBoost(points, _float(rest, text) if rest else 1.0)
    if kind == "new":
        day = today or datetime.now(UTC).date().isoformat()
        return NewBoost(points, _float(rest, text), day)
    if kind == "where":
        return MatchBoost(points, parse_filter(rest))
    _require(kind in RAMPED, f"{text[:80]!r}: there is no boost for {kind[:40]!r}")
    low, dots, high = rest.partition("..")
    _require(bool(dots), f"{text[:80]!r}: {rest[:40]!r} is no range")
    return RampBoost(points, RAMPED[kind], _float(low, text), _float(high, text))


def require_boosts(boosts: Sequence[Boost]) -> None:
    """Refuse too many boosts, and too many points in total.

    Raises:
        InputError: Naming what was given and what is allowed.
    """
    _require(len(boosts) <= MAX_BOOSTS, f"{len(boosts)} were given")
    total = math.fsum(abs(b.points) for b in boosts)
    _require(total <= MAX_SUM + 1e-9, f"{total:g} points were given together")


def boost(window: Window, boosts: Sequence[Boost]) -> Window:
    """Return the window with the boosts' points added to its scores.

    A boost's contribution is named ``boost: NAME``; its weight is its points, which may be below
    0, its calibrated value lies in [0, 1]. A product that lacks the column gets nothing.

    Args:
        window: Candidates whose ``values`` hold the boosts' columns.
        boosts: Each adds points x calibrated.
    """
    if not boosts:
        return window
    return replace(window, candidates=tuple(_boosted(c, boosts) for c in window.candidates))


def columns_of(boosts: Sequence[Boost]) -> tuple[str, ...]:
    """Return the columns that the boosts read, each once."""
    return tuple(dict.fromkeys(column for b in boosts for column in b.columns))


def matches(given: Filter, values: Values) -> bool:
    """Tell whether a product with these doc values satisfies the filter."""
    own = values.get(given.field.name, ())
    match given:
        case AnyOf():
            return any(value in given.values for value in own)
        case Between():
            return any(_within(given, float(value)) for value in own)
        case NotThese():
            return not any(value in given.ids for value in own)


def _within(given: Between, number: float) -> bool:
    above = given.low is None or number > given.low or (number == given.low and not given.low_open)
    below = (
        given.high is None or number < given.high or (number == given.high and not given.high_open)
    )
    return above and below


def _boosted(candidate: Candidate, boosts: Sequence[Boost]) -> Candidate:
    shares = tuple(_share(b, candidate.values) for b in boosts)
    score = candidate.score + math.fsum(s.points for s in shares)
    return replace(candidate, score=score, boosts=shares)


def _share(b: Boost, values: Values) -> Contribution:
    measured = b.measure(values)
    name = f"boost: {b.name}"
    if measured is None:
        return Contribution(name, 0.0, 0.0, b.points, 0.0, missing=True)
    raw, calibrated = measured
    return Contribution(name, raw, calibrated, b.points, b.points * calibrated)


def _number(values: Values, column: str) -> float | None:
    own = values.get(column)
    return float(own[0]) if own else None


def _written(given: Filter) -> str:
    if isinstance(given, AnyOf):
        return f"{given.field.name}={','.join(given.values)}"[:80]
    if isinstance(given, NotThese):
        return f"not {','.join(given.ids)}"[:80]
    low = "" if given.low is None else f"{given.low:g}"
    return f"{given.field.name}={low}..{'' if given.high is None else f'{given.high:g}'}"


def _require_points(points: float) -> None:
    _require(0 < abs(points) <= MAX_POINTS, f"{points} points were given")


def _require(met: bool, problem: str) -> None:
    if not met:
        raise InputError(f"Boosts: {problem}.", _CURE)


def _float(text: str, whole: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"Boosts: {whole[:80]!r}: {text[:40]!r} is no number.", _CURE) from None
