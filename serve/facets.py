"""Facets over HTTP: written as text or given as objects."""

from mappings.errors import InputError
from query.model.facets import (
    Facet,
    HistogramFacet,
    Range,
    RangesFacet,
    TermsFacet,
    parse_facet,
    terms_facet,
)
from query.model.filters import EXACT, RANGED
from serve.schemas import FacetGiven

USUAL = 20


def read_facet(given: str | FacetGiven) -> Facet:
    """Return the facet that was asked for.

    Raises:
        InputError: It names no column or two, or a limit is passed.
    """
    if isinstance(given, str):
        return parse_facet(given)
    if bool(given.column) == bool(given.attribute):
        raise InputError(
            f"A facet names column {given.column[:40]!r} and attribute {given.attribute[:40]!r}.",
            "Give one of the two.",
        )
    if not given.ranges and given.interval is None:
        return _terms(given)
    twice = bool(given.ranges) and given.interval is not None
    if given.column not in RANGED or given.size is not None or twice:
        raise InputError(
            f"Facet {(given.column or given.attribute)[:80]!r} cannot be counted this way.",
            f"Give ranges or an interval, and one of {', '.join(RANGED)}.",
        )
    column = RANGED[given.column]
    if given.interval is not None:
        return HistogramFacet(column, given.interval)
    return RangesFacet(column, tuple(Range(r.low, r.high) for r in given.ranges))


def _terms(given: FacetGiven) -> TermsFacet:
    size = USUAL if given.size is None else given.size
    if given.attribute:
        return TermsFacet(EXACT["tags"], given.attribute, size)
    if given.column not in EXACT:
        raise InputError(
            f"Column {given.column[:80]!r} holds no values to count.",
            f"Columns are {', '.join(EXACT)}; an attribute is counted by 'attribute'.",
        )
    return terms_facet(given.column, size)
