"""The plan compiler: translates an intent and its vectors into the engine's JSON."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from mappings.calibration import Calibration
from mappings.schema import COHERENCE, Schema
from query.encode.query_vectors import QueryVectors
from query.explain.highlights import highlighting
from query.model.facets import owns
from query.model.intent import Intent
from query.model.profiles import Profile
from query.model.request import SearchRequest
from query.model.signals import (
    BestPicture,
    Lexical,
    PseudoRelevanceFeedback,
    Signal,
    Stored,
    VectorSignal,
    signals_of,
)
from query.plan.budget import Budget
from query.plan.candidates import Legs, candidate_query, find_legs, vector_params
from query.plan.facet_counts import aggregations, split
from query.plan.feedback import explain_feedback
from query.plan.formula import at_root, formula_query, raw_values, shift_of
from query.plan.plan import Plan, row_parts
from query.plan.scales import scale_of
from query.plan.script import Term
from query.plan.understood_clauses import understood_query
from query.plan.weights import QueryWeights, choose_weights


def compile_plan(
    intent: Intent,
    vectors: QueryVectors,
    profile: Profile,
    schema: Schema,
    calibration: Calibration,
    *,
    budget: Budget = Budget(),  # noqa: B008 - frozen
    without: Iterable[str] = (),
    pins: tuple[str, ...] = (),
    feedback: PseudoRelevanceFeedback | None = None,
    has_card_column: bool = False,
) -> Plan:
    """Return the plan of an intent: the ranking request, and the one that counts matches.

    Candidates are the nearest of every vector leg and the best lexical hits, all filtered; the
    rescore query then computes the formula for each of them.

    Args:
        intent: The request understood.
        vectors: Its vectors, float32 (d,) or ``None``.
        profile: Its weights and rules.
        schema: The index's columns.
        calibration: The signals' scales.
        budget: Candidates, counts and time.
        without: Names of signals that are unavailable.
        pins: Products that are candidates even if no leg finds them.
        feedback: What the best hits of a first search have in common.
        has_card_column: Whether rows are read from the index's card column.

    Raises:
        InputError: The profile weighs none of the signals that the request has.
    """
    request, unavailable = intent.request, frozenset(without)
    every = signals_of(
        schema, request.image_mode, request.similarity, has_visual=vectors.visual is not None
    )
    available = [
        s for s in every if _is_available(s, intent, vectors) and s.name not in unavailable
    ]
    available += [feedback] if feedback is not None else []
    chosen = _weights(profile, intent, available, unavailable)
    weights = chosen.weights
    terms = tuple(
        Term(s, weights[s.name], scale_of(s, calibration, profile, vectors, intent.text))
        for s in available
        if s.name in weights
    )
    weight_reasons = chosen.reasons + ((explain_feedback(feedback),) if feedback else ())
    return _assemble(intent, vectors, terms, schema, budget, pins, has_card_column, weight_reasons)


def _weights(
    profile: Profile, intent: Intent, available: list[Signal], unavailable: frozenset[str]
) -> QueryWeights:
    """Return the weights; if failures leave no weighted signal, the lexical one has all weight.

    Raises:
        InputError: The profile weighs none of the signals that the request has.
    """
    names, override = tuple(s.name for s in available), intent.request.weights or {}
    left = [n for n in names if n != COHERENCE.name and {**profile.weights, **override}.get(n)]
    if left or not unavailable:
        return choose_weights(profile, override, names, intent.understood)
    failed = "Nothing else that is weighed can be had: words count alone."
    return QueryWeights({"lexical": 1.0} if "lexical" in names else {}, (failed,))


def _is_available(signal: Signal, intent: Intent, vectors: QueryVectors) -> bool:
    match signal:
        case Lexical():
            return intent.script != "none"
        case Stored() | PseudoRelevanceFeedback():
            return True
        case VectorSignal() | BestPicture():
            return vectors.of(signal.side) is not None


def _assemble(
    intent: Intent,
    vectors: QueryVectors,
    terms: tuple[Term, ...],
    schema: Schema,
    budget: Budget,
    pins: tuple[str, ...],
    has_card_column: bool,
    weight_reasons: tuple[str, ...],
) -> Plan:
    request, params = intent.request, vector_params(vectors)
    lexical, found_by = _lexical(intent, terms), _lexical(intent, terms, summed=True)
    legs = find_legs(terms, vectors, schema, request.filters, budget)
    window = legs.window(lexical is not None) + len(pins)

    def query(reports_rows: bool) -> dict[str, Any]:
        return candidate_query(
            found_by, legs, request.filters, terms, params,
            pins=pins, reported_lexical=lexical if reports_rows else None,
            report_pictures=reports_rows,
        )  # fmt: skip

    def count() -> dict[str, Any]:
        wider = _wider(request, terms, vectors, schema, budget)
        return _counting(request, lexical, legs, pins, wider, budget)

    counts_apart = bool(request.facets) and request.facets_of != "window"
    highlights = _highlighting(request, lexical, terms)
    first = max(
        0, request.offset - 1
    )  # the row before the page shows whether equal scores cross its border
    body: dict[str, Any] = {
        "from": min(first, window),
        "size": max(0, min(request.offset + request.size + 1, window) - first),
        "timeout": f"{int(budget.seconds * 1000)}ms",
        "track_total_hits": False if counts_apart else budget.count_to,
        "query": query(reports_rows=True),
        "rescore": {
            "window_size": max(1, window),
            "query": {
                "rescore_query": formula_query(terms, lexical, params),
                "query_weight": 0.0,
                "rescore_query_weight": 1.0,
            },
        },
        "script_fields": {"raw": raw_values(at_root(terms), params)},
        **row_parts(
            has_card_column
            and not highlights
            and not any(isinstance(t.signal, BestPicture) for t in terms)
        ),
        **highlights,
    }
    depth = legs.depth
    return Plan(
        body, terms, tuple(legs.clauses), depth.k, depth.lexical, window, first, shift_of(terms),
        lexical, request.filters, params, partial(query, reports_rows=False), weight_reasons,
        count=count if counts_apart else None, count_to=budget.count_to,
    )  # fmt: skip


def _counting(
    request: SearchRequest,
    lexical: dict[str, Any] | None,
    legs: Legs,
    pins: tuple[str, ...],
    wider: list[dict[str, Any]],
    budget: Budget,
) -> dict[str, Any]:
    """Return the request that counts the match set and its facets.

    As it returns no hits, the engine computes no scores, and caches the answer until the index
    changes; other pages and orders of the same request use the cached answer.
    """
    kept, chosen = split(request.filters, request.facets)
    body: dict[str, Any] = {
        "size": 0,
        "timeout": f"{int(budget.seconds * 1000)}ms",
        "track_total_hits": budget.count_to,
        "query": candidate_query(
            lexical, legs, kept, (), {}, pins=pins, wider=wider, report_pictures=False
        ),
        "aggs": aggregations(request.facets, chosen),
    }
    if chosen:
        body["post_filter"] = {"bool": {"filter": [f.clause() for f in chosen]}}
    return body


def _highlighting(
    request: SearchRequest, lexical: dict[str, Any] | None, terms: tuple[Term, ...]
) -> dict[str, Any]:
    """Return the highlighting part of the request, if explanations are requested."""
    words = (t.signal.fields for t in terms if isinstance(t.signal, Lexical))
    columns = [name for fields in words for f, _ in fields for name in (f.zh, f.en)]
    return highlighting(lexical, columns) if request.explain else {}


def _wider(
    request: SearchRequest,
    terms: tuple[Term, ...],
    vectors: QueryVectors,
    schema: Schema,
    budget: Budget,
) -> list[dict[str, Any]]:
    """Return the neighbour clauses without a facet's own filters, for each filtered facet."""
    found: list[dict[str, Any]] = []
    for facet in request.facets:
        if any(owns(facet, f) for f in request.filters):
            free = tuple(f for f in request.filters if not owns(facet, f))
            found += find_legs(terms, vectors, schema, free, budget).clauses.values()
    return found


def _lexical(
    intent: Intent, terms: tuple[Term, ...], *, summed: bool = False
) -> dict[str, Any] | None:
    for term in terms:
        if isinstance(term.signal, Lexical):
            return understood_query(term.signal, intent, term.scale, summed=summed)
    return None
