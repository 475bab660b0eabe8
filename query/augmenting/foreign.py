"""A foreign body: how large it may be, and which of its sections can be kept."""

import json
from collections.abc import Mapping
from typing import Any

from mappings.errors import InputError
from query.augmenting.grammar import require_known

MAX_BYTES = 64 * 1024
MAX_CLAUSES_DEEP = 20
# A clause is two objects: {"bool": {...}}; the list between them adds none.
MAX_OBJECTS_DEEP = 2 * MAX_CLAUSES_DEEP

# Sections that the engine applies to the augmented request just as it did to the shop's.
KEPT = frozenset(
    {
        "from", "size", "aggs", "aggregations", "post_filter", "_source", "fields",
        "docvalue_fields", "stored_fields", "script_fields", "highlight", "suggest", "explain",
        "profile", "version", "seq_no_primary_term", "stats", "timeout", "terminate_after",
        "track_total_hits", "track_scores", "include_named_queries_score", "pit", "slice",
        "search_pipeline", "ext", "derived",
    }
)  # fmt: skip
# Sections that are written anew, so that they mean what they meant.
REWRITTEN = frozenset({"query", "min_score", "rescore", "sort", "collapse", "search_after"})
REFUSED = {
    "knn": "is Elasticsearch's; OpenSearch has it as a query clause",
    "retriever": "is Elasticsearch's own kind of request",
    "rank": "is Elasticsearch's own kind of request",
    "sub_searches": "is Elasticsearch's own kind of request",
    "runtime_mappings": "is Elasticsearch's; OpenSearch has `derived`",
    "indices_boost": "weighs several indices, and vectors are attached to one",
    "point_in_time": "is called `pit`",
}


def require_body(body: object, *, scripts: bool) -> dict[str, Any]:
    """Return a body that is small, shallow and of known sections only.

    Args:
        body: The shop's request.
        scripts: Whether it may hold scripts, and whatever else the grammar does not know; over
            HTTP it may not.

    Raises:
        InputError: It is none, or larger than 64 KB, or deeper than 20 clauses, or holds a
            section that cannot be kept; says which, and why.
    """
    if not isinstance(body, Mapping) or not all(isinstance(k, str) for k in body):
        raise InputError(
            f"The body is no JSON object (given {type(body).__name__}).",
            "Give the request that the shop sends to _search.",
        )
    body = dict(body)
    _require_depth(body)
    _require_size(body)
    for section in body:
        if section not in KEPT | REWRITTEN:
            why = REFUSED.get(section, "is not known, so it cannot be told whether it is kept")
            raise InputError(
                f"The body's {section[:60]!r} {why}.",
                f"Sections are {', '.join(sorted(KEPT | REWRITTEN))}.",
            )
    if {"aggs", "aggregations"} <= body.keys():
        raise InputError("The body holds both 'aggs' and 'aggregations'.", "Put them into one.")
    require_known(body, closed=not scripts)
    return body


def _require_size(body: Mapping[str, Any]) -> None:
    try:
        size = len(json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))
    except (TypeError, ValueError) as error:
        raise InputError(f"The body is no JSON: {error}.", "Give plain JSON values.") from None
    if size > MAX_BYTES:
        raise InputError(
            f"The body has {size:,} bytes; {MAX_BYTES:,} are allowed.",
            "Shorten it.",
        )


def _require_depth(body: Mapping[str, Any]) -> None:
    """Refuse what would cost the node its stack; without recursion, which would cost ours."""
    left: list[tuple[Any, int, int]] = [(body, 1, 1)]
    while left:
        value, objects, levels = left.pop()
        if objects > MAX_OBJECTS_DEEP or levels > 2 * MAX_OBJECTS_DEEP:  # of lists, too
            raise InputError(
                f"The body is more than {MAX_CLAUSES_DEEP} clauses ({MAX_OBJECTS_DEEP} objects)"
                " deep.",
                "Flatten it: deep trees of clauses can end the engine's process.",
            )
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, dict | list):
                left.append((inner, objects + isinstance(inner, dict), levels + 1))
