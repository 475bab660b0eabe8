"""What bodies ask for that decides how they are executed, or that no execution can keep."""

from collections.abc import Mapping
from typing import Any

from mappings.errors import InputError


def require_countable(body: Mapping[str, Any]) -> None:
    """Refuse what the engine itself answers wrongly, and rightly in our request.

    Beside a rescore it gives completions the scores of hits (seen in 3.6 on one shard). Beside
    min_score its cardinality aggregation counts the values of all matches, those that are
    cut off too (seen in 3.6).

    Raises:
        InputError: It is there.
    """
    if "rescore" in body and completes(body):
        raise InputError(
            "Beside a rescore the engine may show completions with the scores of hits, which the"
            " augmented request does not: the two would differ.",
            "Ask for completions in a request of their own.",
        )
    aggs = body.get("aggs", body.get("aggregations", {}))
    for name, agg in aggs.items() if "min_score" in body and isinstance(aggs, Mapping) else ():
        if isinstance(agg, Mapping) and "cardinality" in agg:
            raise InputError(
                f"Beside min_score the engine counts in {name!r} also what is cut off, and the"
                " augmented request counts only what is left: the two would differ.",
                "Say the cut inside the query (function_score with min_score): then both are"
                " right.",
            )


def completes(body: Mapping[str, Any]) -> bool:
    """Tell whether a body asks for completions.

    Beside a rescored query the engine shows them with the scores of hits (seen on one shard).
    """
    suggest = body.get("suggest")
    every = suggest.values() if isinstance(suggest, Mapping) else ()
    return any(isinstance(s, Mapping) and "completion" in s for s in every)


def require_no_best(aggregation: str | None) -> None:
    """Refuse an aggregation that shows the best by score, by its name.

    Raises:
        InputError: There is one.
    """
    if aggregation is not None:
        raise InputError(
            f"The aggregation {aggregation!r} shows or samples the best by the shop's score, and"
            " one request has one score, here the formula's.",
            "Give it a sort by fields, or ask for it in a request of its own.",
        )


def suggests_only(body: Mapping[str, Any]) -> bool:
    """Tell whether the engine answers with suggestions and looks for no hits."""
    return "suggest" in body and not {"query", "aggs", "aggregations"} & body.keys()


def require_first_page(body: Mapping[str, Any]) -> None:
    """Refuse a cursor, where one window is all there is.

    Raises:
        InputError: The body goes on after one.
    """
    if "search_after" in body:
        raise InputError(
            "The body goes on after a cursor, and the best candidates are one window.",
            'Page with from and size, or use sorted="all".',
        )
