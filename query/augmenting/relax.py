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
            return _any_of(listed(inner.get("queries")), 1, types)
        case "nested":
            return _nested(inner, types)
        case "knn" | "neural":
            return _knn(inner)
    if types.asks_words(kind, spec):
        return None
    kept: Clause = copy_of(query)
    return kept


def _bool(spec: Mapping[str, Any], types: FieldTypes) -> Clause | None:
    kept = [copy_of(c) for c in listed(spec.get("filter"))]
    musts = listed(spec.get("must"))
    kept += [c for c in (relax(m, types) for m in musts) if c is not None]
    shoulds = listed(spec.get("should"))
    least = spec.get("minimum_should_match")
    if shoulds and (least is not None or not (musts or listed(spec.get("filter")))):
        found = _any_of(shoulds, 1 if least is None else least, types)
        kept += [found] if found else []
    without = [copy_of(c) for c in listed(spec.get("must_not"))]
    if not kept and not without:
        return None
    if len(kept) == 1 and not without:
        only: Clause = kept[0]
        return only
    return {"bool": ({"filter": kept} if kept else {}) | ({"must_not": without} if without else {})}


def _any_of(clauses: list[Any], least: object, types: FieldTypes) -> Clause | None:
    """Return what is left of alternatives of which ``least`` must hold."""
    relaxed = [relax(c, types) for c in clauses]
    if all(c is None for c in relaxed) or least in (0, "0", "0%"):
        return None
    if least in (1, "1"):
        if any(c is None for c in relaxed):
            return None
        return {"bool": {"should": relaxed, "minimum_should_match": 1}}
    # Counted or in percent: alternatives that became "anything" still count.
    return {
        "bool": {
            "should": [EVERYTHING if c is None else c for c in relaxed],
            "minimum_should_match": least,
        }
    }


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
