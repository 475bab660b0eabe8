"""Facets: which values of the matches are counted, and their text syntax."""

from collections.abc import Sequence
from dataclasses import dataclass

from mappings.errors import InputError
from mappings.fields import Keyword, Number, Text
from mappings.product import MAX_VALUE
from mappings.schema import TAGS
from query.model.facet_results import CountedSet
from query.model.filters import (
    EXACT,
    LARGEST,
    RANGED,
    AnyOf,
    Filter,
    is_comparable,
    milliseconds,
    parse_filter,
)
from query.model.input_limits import MAX_NUMBER, expression

COUNTED_SETS: tuple[CountedSet, ...] = ("match_set", "window")
MAX_FACETS = 16
MAX_VALUES = 100
MAX_RANGES = 50
MAX_BUCKETS = 200
MIN_STEP = 1e-6
# Each needs its own neighbour clauses, to count as a search without its filter would.
MAX_OWN = 4
_CURE = (
    "Write brand, brand:50, an attribute's name, price=0..50,50..100,100.. or price/25;"
    f" a facet has at most {MAX_VALUES} values, {MAX_RANGES} ranges or {MAX_BUCKETS} steps."
)


@dataclass(frozen=True, slots=True)
class TermsFacet:
    """The most frequent values of a column, or of an attribute.

    Args:
        column: The keyword column.
        attribute: Only the values of this attribute, where the column holds ``name=value`` tags.
        size: How many values, at most 100.

    Raises:
        InputError: Too many values are asked for, or none; the attribute's name is too long.
    """

    column: Text | Keyword
    attribute: str = ""
    size: int = 20

    def __post_init__(self) -> None:
        if not 1 <= self.size <= MAX_VALUES:
            raise InputError(
                f"Facet {self.name[:80]!r} asks for {self.size} values; 1 to {MAX_VALUES} are"
                " allowed.",
                _CURE,
            )
        if len(self.attribute) > MAX_VALUE:
            raise InputError(
                f"Facet {self.name[:40]!r}… has {len(self.attribute)} characters; {MAX_VALUE} are"
                " allowed.",
                "Give an attribute's name.",
            )

    @property
    def name(self) -> str:
        """The facet's name in the answer."""
        return self.attribute or self.column.name


@dataclass(frozen=True, slots=True)
class Range:
    """From ``low``, itself included, to ``high``, itself excluded; ``None`` leaves an end open."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class RangesFacet:
    """How many products lie in each of several ranges of a number or a date (milliseconds).

    Raises:
        InputError: No range, more than 50, or one that is empty.
    """

    column: Number
    ranges: tuple[Range, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.ranges) <= MAX_RANGES:
            raise InputError(
                f"Facet {self.name!r} has {len(self.ranges)} ranges; 1 to {MAX_RANGES} are"
                " allowed.",
                _CURE,
            )
        for part in self.ranges:
            ends = [end for end in (part.low, part.high) if end is not None]
            rising = len(ends) < 2 or ends[0] < ends[1]
            if not ends or not rising or not all(is_comparable(self.column, end) for end in ends):
                raise InputError(
                    f"Facet {self.name!r}: {part.low} to {part.high} is no range of"
                    f" {LARGEST[self.column.kind]}.",
                    _CURE,
                )

    @property
    def name(self) -> str:
        """The facet's name in the answer."""
        return self.column.name


@dataclass(frozen=True, slots=True)
class HistogramFacet:
    """How many products lie in each step of a number, 200 steps at most.

    Args:
        column: The column.
        interval: Width of a step.
        low: Where the first step begins; what lies below it or above the last step is not counted.

    Raises:
        InputError: The interval is not within 1e-6 to 1e15.
    """

    column: Number
    interval: float
    low: float = 0.0

    def __post_init__(self) -> None:
        if not (MIN_STEP <= self.interval <= MAX_NUMBER and abs(self.low) <= MAX_NUMBER):
            raise InputError(
                f"Facet {self.name!r} steps by {self.interval} from {self.low}; {MIN_STEP:g} to"
                f" {MAX_NUMBER:g} are allowed.",
                _CURE,
            )

    @property
    def name(self) -> str:
        """The facet's name in the answer."""
        return self.column.name

    @property
    def high(self) -> float:
        """Where the last step ends."""
        return self.low + self.interval * MAX_BUCKETS


Facet = TermsFacet | RangesFacet | HistogramFacet


def parse_facet(text: str) -> Facet:
    """Parse a facet.

    ``brand`` and ``brand:50`` count values, any name that is no column those of the attribute of
    that name, ``price=0..50,50..`` ranges, ``price/25`` steps.

    Raises:
        InputError: It cannot be read, or a limit is passed; it has at most 500 characters.
    """
    plain = expression(text, "Facet")
    if "=" in plain:
        name, _, written = plain.partition("=")
        column = _numbers(name, text)
        return RangesFacet(column, tuple(_range(column, r) for r in written.split(",") if r))
    name, slash, step = plain.rpartition("/")
    if slash and name in RANGED:
        return HistogramFacet(_numbers(name, text), _float(step, text))
    name, colon, size = plain.rpartition(":")
    if not colon or not size.isdecimal():
        name, size = plain, ""
    return terms_facet(name, int(size[:6]) if size else 20)


def terms_facet(name: str, size: int = 20) -> TermsFacet:
    """Return the facet over a column's values, or an attribute's where no column has the name.

    Raises:
        InputError: The column holds no values to count, or too many are asked for.
    """
    if name in EXACT:
        return TermsFacet(EXACT[name], size=size)
    if name in RANGED or not name or any(sign in name for sign in "<>="):
        raise InputError(f"Facet {name[:80]!r} cannot be read as values to count.", _CURE)
    parse_filter(f"{name}=x")  # refuses columns that hold no values to count, by name
    return TermsFacet(EXACT[TAGS.name], name, size)


def require_facets(facets: Sequence[Facet], filters: Sequence[Filter], counted: str) -> None:
    """Refuse too many facets, two of one name, and an unknown set.

    Raises:
        InputError: Naming what was given and what is allowed.
    """
    if counted not in COUNTED_SETS:
        raise InputError(
            f"Facets of {str(counted)[:40]!r} are not known.",
            f"Choose one of {', '.join(COUNTED_SETS)}.",
        )
    if len(facets) > MAX_FACETS:
        raise InputError(
            f"facets is {len(facets)}; 0 to {MAX_FACETS} are allowed.", "Ask for less."
        )
    names = [f.name for f in facets]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise InputError(f"Facet {twice[0][:80]!r} is given twice.", "Give it once.")
    filtered = [f.name for f in facets if any(owns(f, g) for g in filters)]
    if counted == "match_set" and len(filtered) > MAX_OWN:
        raise InputError(
            f"{len(filtered)} facets count a column that is filtered; {MAX_OWN} are allowed.",
            "Count fewer of the filtered columns, or count the window.",
        )


def owns(facet: Facet, given: Filter) -> bool:
    """Return True if the filter selects among the values that the facet counts."""
    if given.field.name != facet.column.name:
        return False
    if not isinstance(facet, TermsFacet) or not facet.attribute:
        return True
    begins = f"{facet.attribute}="
    return isinstance(given, AnyOf) and all(value.startswith(begins) for value in given.values)


def _numbers(name: str, text: str) -> Number:
    column = RANGED.get(name.strip())
    if column is None:
        raise InputError(
            f"Facet {text[:80]!r}: {name[:40]!r} holds no numbers.",
            f"Columns with numbers are {', '.join(RANGED)}.",
        )
    return column


def _range(column: Number, written: str) -> Range:
    low, dots, high = written.strip().partition("..")
    if not dots:
        raise InputError(f"Facet {column.name!r}: {written[:40]!r} is no range.", _CURE)
    return Range(_end(column, low), _end(column, high))


def _end(column: Number, text: str) -> float | None:
    if not text.strip():
        return None
    if column.kind == "date":
        return milliseconds(column.name, text.strip())
    return _float(text, f"{column.name} {text}")


def _float(text: str, whole: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"Facet {whole[:80]!r}: {text[:40]!r} is no number.", _CURE) from None
