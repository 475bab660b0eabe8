"""The shop's own score as one clause: its query, its cut by score, its rescoring."""

from collections.abc import Mapping
from typing import Any

from mappings.errors import InputError
from query.augmenting.clauses import Clause, copy_of, listed
from query.augmenting.relax import EVERYTHING


def own_query(body: Mapping[str, Any]) -> Clause:
    """Return the query that matches just what the body matches, a cut by score included.

    ``min_score`` beside a query cuts by the first score of the request, which beside our legs is
    another one; inside ``function_score`` it cuts by the shop's.

    Raises:
        InputError: ``min_score`` is no number.
    """
    query: Clause = body.get("query", EVERYTHING)
    least = body.get("min_score")
    if least is None:
        return query
    if isinstance(least, bool) or not isinstance(least, int | float):
        raise InputError(f"min_score is {least!r}.", "Give a number.")
    return {"function_score": {"query": query, "min_score": least}}


def lexical_clause(body: Mapping[str, Any], query: Clause) -> Clause:
    """Return the clause whose score is the shop's, its rescoring added.

    Rescoring by the sum (the default) is a sum of clauses: query_weight x query +
    rescore_query_weight x rescore_query where that matches. It counts for every candidate, not
    only for the shop's first ``window_size``.

    Args:
        body: The shop's.
        query: Its query.

    Raises:
        InputError: It rescores by anything but the sum.
    """
    for rescore in listed(body.get("rescore")):
        rescore_query = rescore.get("query") if isinstance(rescore, Mapping) else None
        if not isinstance(rescore_query, Mapping) or "rescore_query" not in rescore_query:
            raise InputError(
                f"The body rescores by {', '.join(map(str, rescore))[:60]}, which is no query.",
                "Leave that rescoring out, or put its result into the query.",
            )
        mode = rescore_query.get("score_mode", "total")
        if mode != "total":
            raise InputError(
                f"The body rescores with score_mode {mode!r}, which cannot be said as one clause.",
                "Use score_mode total, or leave the rescoring out.",
            )
        query = _sum(query, rescore_query)
    return query


def _sum(query: Clause, rescore_query: Mapping[str, Any]) -> Clause:
    weights = [float(rescore_query.get(n, 1.0)) for n in ("query_weight", "rescore_query_weight")]
    first, then = (
        {"bool": {"must": [clause], "boost": weight}}
        for clause, weight in zip(
            (query, copy_of(rescore_query["rescore_query"])), weights, strict=True
        )
    )
    return {"bool": {"must": [first], "should": [then]}}
