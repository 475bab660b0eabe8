"""Facet counts: by the engine over the match set, or here over the window."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mappings.fields import Number
from query.model.facet_results import Bucket, End, FacetCount
from query.model.facets import (
    MAX_BUCKETS,
    Facet,
    HistogramFacet,
    Range,
    RangesFacet,
    TermsFacet,
    owns,
)
from query.model.filters import AnyOf, Between, Filter
from query.model.window import Candidate, Value, Values


def split(
    filters: Sequence[Filter], facets: Sequence[Facet]
) -> tuple[tuple[Filter, ...], tuple[Filter, ...]]:
    """Return the filters that no facet owns, and those that a facet owns."""
    chosen = tuple(f for f in filters if any(owns(facet, f) for facet in facets))
    return tuple(f for f in filters if f not in chosen), chosen


def aggregations(facets: Sequence[Facet], chosen: Sequence[Filter]) -> dict[str, Any]:
    """Return one aggregation for each facet.

    Args:
        facets: What is counted.
        chosen: Filters owned by a facet, which the query does not apply; each is applied to the
            facets that do not own it.
    """
    requests: dict[str, Any] = {}
    for number, facet in enumerate(facets):
        counted = _aggregation(facet)
        if others := [f.clause() for f in chosen if not owns(facet, f)]:
            counted = {"filter": {"bool": {"filter": others}}, "aggs": {"counted": counted}}
        requests[f"facet{number}"] = counted
    return requests


def read_facets(
    reply: Mapping[str, Any], facets: Sequence[Facet], filters: Sequence[Filter]
) -> tuple[FacetCount, ...]:
    """Return the counts that the engine answered.

    Args:
        reply: The reply's ``aggregations``.
        facets: The facets, as they were asked.
        filters: The request's filters, which say what is chosen.
    """
    counted_facets = []
    for number, facet in enumerate(facets):
        counted = reply.get(f"facet{number}", {})
        rows = counted.get("counted", counted)
        buckets = _buckets(facet, rows.get("buckets", ()), _filters_of(facet, filters))
        other = int(rows.get("sum_other_doc_count", 0))
        counted_facets.append(FacetCount(facet.name, kind_of(facet), "match_set", buckets, other))
    return tuple(counted_facets)


def count_window(
    facets: Sequence[Facet], candidates: Sequence[Candidate], filters: Sequence[Filter]
) -> tuple[FacetCount, ...]:
    """Return the facets counted over candidates; every filter narrows them, their own too."""
    return tuple(_count(facet, [c.values for c in candidates], filters) for facet in facets)


def kind_of(facet: Facet) -> str:
    """Return ``terms``, ``ranges`` or ``histogram``."""
    match facet:
        case TermsFacet():
            return "terms"
        case RangesFacet():
            return "ranges"
        case HistogramFacet():
            return "histogram"


def _aggregation(facet: Facet) -> dict[str, Any]:
    column = facet.column.name
    match facet:
        case TermsFacet():
            terms: dict[str, Any] = {"field": column, "size": facet.size}
            if facet.attribute:
                terms["include"] = _escaped(f"{facet.attribute}=") + ".*"
            return {"terms": terms}
        case RangesFacet():
            ranges = [_engine_range(r) for r in facet.ranges]
            return {"range": {"field": column, "ranges": ranges}}
        case HistogramFacet():
            steps: dict[str, Any] = {
                "field": column,
                "interval": facet.interval,
                "offset": facet.low % facet.interval,
                "min_doc_count": 1,
                "hard_bounds": {"min": facet.low, "max": facet.high - facet.interval},
            }
            return {"histogram": steps}


def _engine_range(part: Range) -> dict[str, float]:
    ends = {"from": part.low, "to": part.high}
    return {name: end for name, end in ends.items() if end is not None}


def _escaped(text: str) -> str:
    """Return the text escaped as a regular expression of the engine."""
    return "".join(c if c.isalnum() else f"\\{c}" for c in text)


def _filters_of(facet: Facet, filters: Sequence[Filter]) -> list[Filter]:
    return [f for f in filters if owns(facet, f)]


def _buckets(
    facet: Facet, rows: Sequence[Mapping[str, Any]], own: Sequence[Filter]
) -> tuple[Bucket, ...]:
    match facet:
        case TermsFacet():
            return _value_buckets(facet, ((str(row["key"]), row["doc_count"]) for row in rows), own)
        case RangesFacet():
            ends = [(Range(row.get("from"), row.get("to")), row["doc_count"]) for row in rows]
        case HistogramFacet():
            lows = [(float(row["key"]), row["doc_count"]) for row in rows[:MAX_BUCKETS]]
            ends = [(Range(low, low + facet.interval), count) for low, count in lows]
    return tuple(_range_bucket(facet, part, count, own) for part, count in ends)


def _count(facet: Facet, rows: Sequence[Values], filters: Sequence[Filter]) -> FacetCount:
    kind, own = kind_of(facet), _filters_of(facet, filters)
    if isinstance(facet, TermsFacet):
        terms = _terms(facet, rows)
        listed = sorted(terms.items(), key=lambda pair: (-pair[1], pair[0]))
        buckets = _value_buckets(facet, listed[: facet.size], own)
        other = sum(n for _, n in listed[facet.size :])
        return FacetCount(facet.name, kind, "window", buckets, other)
    numbers = [_numbers(values.get(facet.column.name, ())) for values in rows]
    ranges = facet.ranges if isinstance(facet, RangesFacet) else _steps(facet, numbers)
    counted = [(r, sum(any(_inside(r, x) for x in xs) for xs in numbers)) for r in ranges]
    ranged = tuple(_range_bucket(facet, r, n, own) for r, n in counted)
    return FacetCount(facet.name, kind, "window", ranged)


def _terms(facet: TermsFacet, rows: Sequence[Values]) -> Counter[str]:
    begins = f"{facet.attribute}=" if facet.attribute else ""
    counts: Counter[str] = Counter()
    for values in rows:
        own = {str(v) for v in values.get(facet.column.name, ())}
        counts.update(v for v in own if v.startswith(begins))
    return counts


def _steps(facet: HistogramFacet, numbers: Iterable[Sequence[float]]) -> list[Range]:
    steps = {(x - facet.low) // facet.interval for xs in numbers for x in xs}
    lows = [facet.low + n * facet.interval for n in sorted(steps) if 0 <= n < MAX_BUCKETS]
    return [Range(low, low + facet.interval) for low in lows]


def _numbers(values: Sequence[Value]) -> list[float]:
    return [float(v) for v in values]


def _inside(part: Range, number: float) -> bool:
    return (part.low is None or part.low <= number) and (part.high is None or number < part.high)


def _value_buckets(
    facet: TermsFacet, counted: Iterable[tuple[str, int]], own: Sequence[Filter]
) -> tuple[Bucket, ...]:
    """Return the buckets of values; an attribute's are stored as ``attribute=value``."""
    begins = len(facet.attribute) + 1 if facet.attribute else 0
    chosen = {value for f in own if isinstance(f, AnyOf) for value in f.values}
    return tuple(Bucket(key[begins:], count, chosen=key in chosen) for key, count in counted)


def _range_bucket(
    facet: RangesFacet | HistogramFacet, part: Range, count: int, own: Sequence[Filter]
) -> Bucket:
    chosen = any(isinstance(f, Between) and (f.low, f.high) == (part.low, part.high) for f in own)
    low, high = _range_end(facet.column, part.low), _range_end(facet.column, part.high)
    return Bucket(None, count, low, high, chosen)


def _range_end(column: Number, end: float | None) -> End:
    if end is None or column.kind != "date":
        return end
    return datetime.fromtimestamp(end / 1_000, UTC).isoformat().replace("+00:00", "Z")
