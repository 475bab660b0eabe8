"""The plan: one request to the engine that computes the whole formula over good candidates."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mappings.calibration import Calibration, Raw
from mappings.schema import CARD, COHERENCE, KEY, SHOWN, Schema
from query.agreement import told
from query.calibrate import DEFAULT_SCALES, for_euclidean, for_query
from query.candidates import (
    Budget,
    Legs,
    candidate_query,
    chosen_query,
    find_legs,
    vector_params,
)
from query.explain import highlighting
from query.facet_counts import aggregations, split
from query.facets import owns
from query.filters import Filter
from query.formula import Params, at_root, formula_query, raw_values, shift_of
from query.intent import Intent
from query.profiles import Profile
from query.request import SearchRequest
from query.script import Scale, Term
from query.signals import Agreed, BestPicture, Lexical, Signal, Stored, VectorSignal, signals_of
from query.understand.clauses import understood_query
from query.vectors import QueryVectors
from query.weights import Chosen, choose
from query.window import docvalues

ROW_PARTS = (
    "script_fields", "_source", "stored_fields", "docvalue_fields", "highlight",
)  # fmt: skip
"""Parts of a body that cost something for every row."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One compiled request: what is sent, and how its answer is to be read.

    Args:
        body: The request that ranks.
        terms: The formula's summands, in the order in which they are explained.
        legs: Names of the neighbour legs; ``blend`` stands for all signals of the words.
        k: Neighbours of each leg, on each shard.
        lexical: Best lexical hits beside them, on each shard.
        window: Candidates that the formula is computed for, on each shard.
        first: Rank of the first row asked for.
        shift: Taken off every score of the engine's.
        lexical_clause: The words' clause, ``None`` without words.
        filters: What every hit satisfies.
        params: The query vectors by the name that scripts know them under.
        find: Makes the candidate query without what a row shows; only a window needs it.
        because: Why the weights are what they are.
        count: Makes the request that counts the match set and its facets, while the other is on
            its way; ``None`` where that one counts, as no facet asks for the whole match set.
        count_to: Matches are counted exactly up to here.
    """

    body: dict[str, Any]
    terms: tuple[Term, ...]
    legs: tuple[str, ...]
    k: int
    lexical: int
    window: int
    first: int
    shift: float
    lexical_clause: dict[str, Any] | None = None
    filters: tuple[Filter, ...] = ()
    params: Params = field(default_factory=dict)
    find: Callable[[], dict[str, Any]] = dict
    because: tuple[str, ...] = ()
    count: Callable[[], dict[str, Any]] | None = None
    count_to: int = 1_000

    @property
    def weights(self) -> dict[str, float]:
        """The weights used, by signal name; they add up to 1."""
        return {t.signal.name: t.weight for t in self.terms}

    def whole(self) -> dict[str, Any]:
        """Return the body that asks for the whole window instead of a page."""
        return {**self.body, "from": 0, "size": self.window}

    def window_body(self, columns: Sequence[str], keyed: bool) -> dict[str, Any]:
        """Return the body that asks for the whole window: scores and doc values, no documents.

        Args:
            columns: Whose doc values each row brings.
            keyed: Whether the rows' ids are read from doc values too, which is cheaper.
        """
        rows = {"stored_fields": "_none_"} if keyed else {"_source": False}
        read = [KEY.name, *columns] if keyed else columns
        kept = {k: v for k, v in self.body.items() if k not in ROW_PARTS}
        body = kept | {"from": 0, "size": self.window, "query": self.find()} | rows
        return body | ({"docvalue_fields": docvalues(read)} if read else {})

    def page_body(self, ids: Sequence[str]) -> dict[str, Any]:
        """Return the body that reads just these products and their raw values, in no order.

        It computes no score: that is the sum of the contributions.
        """
        query = chosen_query(tuple(ids), self.lexical_clause, self.filters, self.terms, self.params)
        kept = {k: v for k, v in self.body.items() if k != "rescore"}
        return kept | {"from": 0, "size": len(ids), "query": query, "track_total_hits": False}


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
    agreed: Agreed | None = None,
    carded: bool = False,
) -> Plan:
    """Return the one request that ranks what answers an intent, and what counts it.

    Candidates are the nearest of every vector leg and the best lexical hits, all filtered; the
    rescore query then computes the formula for each of them.

    Args:
        intent: The request understood.
        vectors: Its vectors, float32 (d,) or ``None``.
        profile: Where its weights come from.
        schema: The index's columns.
        calibration: The signals' scales.
        budget: Candidates, counts and time.
        without: Names of signals that cannot be had now.
        pins: Products that are candidates whatever finds them.
        agreed: What the best hits of a first look have in common.
        carded: Whether the index has a column of cards, from which rows are read.

    Raises:
        InputError: The profile weighs none of the signals that the request has.
    """
    request, missed = intent.request, frozenset(without)
    every = signals_of(
        schema, request.image_mode, request.similarity, is_seen=vectors.seen is not None
    )
    had = [s for s in every if _is_had(s, intent, vectors) and s.name not in missed]
    had += [agreed] if agreed is not None else []
    chosen = _weights(profile, intent, had, missed)
    weights = chosen.weights
    terms = tuple(
        Term(s, weights[s.name], scale_of(s, calibration, profile, vectors, intent.text))
        for s in had
        if s.name in weights
    )
    because = chosen.because + ((told(agreed),) if agreed else ())
    return _assemble(intent, vectors, terms, schema, budget, pins, carded, because)


def scale_of(
    signal: Signal,
    calibration: Calibration,
    profile: Profile,
    vectors: QueryVectors = QueryVectors(),  # noqa: B008 - frozen
    text: str = "",
) -> Scale:
    """Return the signal's scale for one query: the index's, a default if none is measured, or none.

    Args:
        signal: Whose scale.
        calibration: The index's.
        profile: Whether it counts calibrated values.
        vectors: The query's, float32 (d,) or ``None``.
        text: Its words.
    """
    if not profile.calibrated:
        return Raw()
    known = calibration.scales.get(signal.name, DEFAULT_SCALES[signal.name])
    vector = vectors.of(signal.side) if isinstance(signal, VectorSignal | BestPicture) else None
    if vector is None:
        scale = for_query(known, None, text)
    else:
        asked = (getattr(signal, "side", ""), known, text)
        scale = vectors.once(asked, lambda: for_query(known, vector, text))
    if isinstance(signal, VectorSignal | BestPicture) and signal.similarity == "euclidean":
        return for_euclidean(scale)
    return scale


def _weights(profile: Profile, intent: Intent, had: list[Signal], missed: frozenset[str]) -> Chosen:
    """Return the weights; where a failure leaves none of the weighted signals, words count alone.

    Raises:
        InputError: The profile weighs none of the signals that the request has.
    """
    names, override = tuple(s.name for s in had), intent.request.weights or {}
    left = [n for n in names if n != COHERENCE.name and {**profile.weights, **override}.get(n)]
    if left or not missed:
        return choose(profile, override, names, intent.understood)
    failed = "Nothing else that is weighed can be had: words count alone."
    return Chosen({"lexical": 1.0} if "lexical" in names else {}, (failed,))


def _is_had(signal: Signal, intent: Intent, vectors: QueryVectors) -> bool:
    match signal:
        case Lexical():
            return intent.script != "none"
        case Stored() | Agreed():
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
    carded: bool,
    because: tuple[str, ...],
) -> Plan:
    request, params = intent.request, vector_params(vectors)
    lexical, found_by = _lexical(intent, terms), _lexical(intent, terms, summed=True)
    legs = find_legs(terms, vectors, schema, request.filters, budget)
    window = legs.window(lexical is not None) + len(pins)

    def query(shown: bool) -> dict[str, Any]:
        return candidate_query(
            found_by, legs, request.filters, terms, params,
            pins=pins, told=lexical if shown else None, shown=shown,
        )  # fmt: skip

    def count() -> dict[str, Any]:
        wider = _wider(request, terms, vectors, schema, budget)
        return _counting(request, lexical, legs, pins, wider, budget)

    counted = bool(request.facets) and request.facets_of != "window"
    marks = _marking(request, lexical, terms)
    first = max(0, request.offset - 1)  # the row before the page shows whether a tie is cut
    body: dict[str, Any] = {
        "from": min(first, window),
        "size": max(0, min(request.offset + request.size + 1, window) - first),
        "timeout": f"{int(budget.seconds * 1000)}ms",
        "track_total_hits": False if counted else budget.count_to,
        "query": query(shown=True),
        "rescore": {
            "window_size": max(1, window),
            "query": {
                "rescore_query": formula_query(terms, lexical, params),
                "query_weight": 0.0,
                "rescore_query_weight": 1.0,
            },
        },
        "script_fields": {"raw": raw_values(at_root(terms), params)},
        **_rows(carded and not marks and not any(isinstance(t.signal, BestPicture) for t in terms)),
        **marks,
    }
    depth = legs.depth
    return Plan(
        body, terms, tuple(legs.clauses), depth.k, depth.lexical, window, first, shift_of(terms),
        lexical, request.filters, params, partial(query, shown=False), because,
        count=count if counted else None, count_to=budget.count_to,
    )  # fmt: skip


def opened(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body whose rows are read from documents, for those written without a card."""
    kept = {k: v for k, v in body.items() if k not in ("stored_fields", "docvalue_fields")}
    return kept | _rows(carded=False)


def _rows(carded: bool) -> dict[str, Any]:
    """Return what a row brings: its id and what is shown of it, from doc values or the document."""
    if carded:
        return {"stored_fields": "_none_", "docvalue_fields": [KEY.name, CARD.name]}
    return {"_source": [f.name for f in SHOWN]}


def _counting(
    request: SearchRequest,
    lexical: dict[str, Any] | None,
    legs: Legs,
    pins: tuple[str, ...],
    wider: list[dict[str, Any]],
    budget: Budget,
) -> dict[str, Any]:
    """Return the request that counts the match set and its facets.

    Without hits of its own the engine scores nothing for it, and keeps its answer until the index
    changes, whichever page or order is asked for next.
    """
    kept, chosen = split(request.filters, request.facets)
    body: dict[str, Any] = {
        "size": 0,
        "timeout": f"{int(budget.seconds * 1000)}ms",
        "track_total_hits": budget.count_to,
        "query": candidate_query(lexical, legs, kept, (), {}, pins=pins, wider=wider, shown=False),
        "aggs": aggregations(request.facets, chosen),
    }
    if chosen:
        body["post_filter"] = {"bool": {"filter": [f.clause() for f in chosen]}}
    return body


def _marking(
    request: SearchRequest, lexical: dict[str, Any] | None, terms: tuple[Term, ...]
) -> dict[str, Any]:
    """Return what marks the matched words, where explanations are asked for."""
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
    """Return the neighbours without a facet's own filters, for each facet that has some."""
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
