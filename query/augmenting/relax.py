"""Relaxing a query: its words taken away, everything that a product must be kept.

What is left matches all that the query matches, and nothing that one of its filters excludes. So
it is what products found by vectors must satisfy where they may come from outside the shop's own
match set.
"""

from collections.abc import Mapping
from typing import Any

from mappings.errors import InputError
from query.augmenting.clauses import Clause, FieldTypes, clause_of, copy_of, listed

EVERYTHING: Clause = {"match_all": {}}


def relax(query: object, types: FieldTypes) -> Clause | None:
    """Return the weakest query that keeps all of a query's filters; ``None`` for no restriction.

    Clauses that ask for words become "anything"; filters, exclusions and clauses over exact
    values stay. What is not known for sure to be words stays, too: that costs candidates, and
    never lets a product through that the shop excludes.

    Args:
        query: The shop's query.
        types: The index's fields.

    Raises:
        InputError: A clause cuts by score, and a product that has no words cannot be held to it.
    """
    kind, spec = clause_of(query, "The query")
    inner = spec if isinstance(spec, Mapping) else {}
    match kind:
        case "match_all":
            return None
        case "bool":
            return _bool(inner, types)
        case "function_score" | "script_score":
            _require_no_cut(kind, inner)
            return relax(inner.get("query", EVERYTHING), types)
        case "boosting":
            return relax(inner.get("positive", EVERYTHING), types)
        case "dis_max":
            either = _any_of(listed(inner.get("queries")), 1, types)
            return {"bool": either} if either else None
        case "nested":
            return _nested(inner, types)
        case "knn" | "neural":
            return _knn(inner)
    if types.asks_words(kind, spec):
        return None
    kept: Clause = copy_of(query)
    return kept


def _bool(spec: Mapping[str, Any], types: FieldTypes) -> Clause | None:
    filters, musts = listed(spec.get("filter")), listed(spec.get("must"))
    kept = [copy_of(c) for c in filters]
    kept += [c for c in (relax(m, types) for m in musts) if c is not None]
    shoulds = _shoulds(spec, types, bound=bool(filters or musts))
    without = [copy_of(c) for c in listed(spec.get("must_not"))]
    counted = str(shoulds.get("minimum_should_match", 1)).isdigit()
    if (filters or musts) and not kept and not counted:
        kept = [EVERYTHING]  # beside it a share of the alternatives may round down to none
    if len(kept) == 1 and not without and not shoulds:
        only: Clause = kept[0]
        return only
    left = {"filter": kept, "must_not": without, **shoulds}
    found = {name: value for name, value in left.items() if value}
    return {"bool": found} if found else None


def _shoulds(spec: Mapping[str, Any], types: FieldTypes, *, bound: bool) -> Clause:
    """Return the alternatives that must hold, as parts of a bool; empty where none must.

    Args:
        spec: The bool.
        types: The index's fields.
        bound: Whether other clauses of it must hold; only beside them may no alternative hold.
    """
    shoulds, least = listed(spec.get("should")), spec.get("minimum_should_match")
    if not shoulds or (bound and least in (None, 0, "0", "0%")):
        return {}
    return _any_of(shoulds, 1 if least in (None, 0, "0", "0%") else least, types)


def _any_of(clauses: list[Any], least: object, types: FieldTypes) -> Clause:
    """Return what is left of alternatives of which ``least`` must hold, as parts of a bool."""
    relaxed = [relax(c, types) for c in clauses]
    if all(c is None for c in relaxed) or (least in (1, "1") and None in relaxed):
        return {}
    # Counted or in percent: alternatives that became "anything" still count.
    counted = [EVERYTHING if c is None else c for c in relaxed]
    return {"should": counted, "minimum_should_match": least}


def _nested(spec: Mapping[str, Any], types: FieldTypes) -> Clause | None:
    inner = relax(spec.get("query", EVERYTHING), types)
    if inner is None:
        return None
    kept = {k: v for k, v in spec.items() if k in ("path", "ignore_unmapped")}
    return {"nested": kept | {"query": inner}}


def _knn(spec: Mapping[str, Any]) -> Clause | None:
    """A neighbour clause holds products by nearness; only its own filter is one."""
    filters = [s["filter"] for s in spec.values() if isinstance(s, Mapping) and "filter" in s]
    found: Clause | None = copy_of(filters[0]) if filters else None
    return found


def _require_no_cut(kind: str, spec: Mapping[str, Any]) -> None:
    if "min_score" in spec:
        raise InputError(
            f"The query's {kind} cuts by min_score, and a product that vectors found has no such"
            " score: it cannot be told whether the shop would exclude it.",
            'Use recall="keep", or say the cut as a filter.',
        )
