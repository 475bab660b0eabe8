"""The plan: one request to the engine that computes the whole formula over good candidates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mappings.calibration import Calibration, Raw
from mappings.fields import vector_json
from mappings.schema import (
    BRAND,
    CATEGORIES,
    COHERENCE,
    CURRENCY,
    DELETED,
    GROUP,
    PRICE,
    STOCK,
    TITLE,
    Schema,
)
from query.calibrate import DEFAULT_SCALES, for_euclidean
from query.intent import Intent
from query.lexical import lexical_query
from query.profiles import Profile, weigh
from query.script import Scale, Term, nested_script, raw_script, root_script, vector_param
from query.signals import BestPicture, Lexical, Signal, Stored, VectorSignal, signals_of
from query.vectors import QueryVectors

SHOWN = (TITLE, BRAND, CATEGORIES, PRICE, CURRENCY, STOCK, GROUP)
# The name under which the engine reports a hit's BM25.
LEXICAL = "lexical"
# Above any BM25, so that no neighbour falls out of the window.
NEIGHBOUR = 1_000.0


@dataclass(frozen=True, slots=True)
class Budget:
    """How much the engine may do for one request.

    Args:
        k: Nearest neighbours of each vector leg, on each shard.
        lexical: Best lexical hits beside them, on each shard.
        count_to: Matches are counted exactly up to here.
        seconds: Until the engine stops collecting and answers with what it has.
    """

    k: int = 100
    lexical: int = 100
    count_to: int = 1_000
    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One compiled request: what is sent, and how its answer is to be read.

    ``window`` is the number of candidates that the formula is computed for on each shard;
    ``first`` the rank of the first row asked for; ``shift`` is taken off every score.
    """

    body: dict[str, Any]
    terms: tuple[Term, ...]
    legs: tuple[str, ...]
    k: int
    lexical: int
    window: int
    first: int
    shift: float

    @property
    def weights(self) -> dict[str, float]:
        """The weights used, by signal name; they add up to 1."""
        return {t.signal.name: t.weight for t in self.terms}

    def whole(self) -> dict[str, Any]:
        """Return the body that asks for the whole window of one shard instead of a page."""
        return {**self.body, "from": 0, "size": self.window}


def compile_plan(
    intent: Intent,
    vectors: QueryVectors,
    profile: Profile,
    schema: Schema,
    calibration: Calibration,
    *,
    budget: Budget = Budget(),
    without: Iterable[str] = (),
) -> Plan:
    """Return the one request that answers an intent.

    Candidates are the k nearest of every vector leg and the best lexical hits, all filtered; the
    rescore query then computes the formula for each of them.

    Args:
        intent: The request understood.
        vectors: Its vectors, float32 (d,) or ``None``.
        profile: Where its weights come from.
        schema: The index's columns.
        calibration: The signals' scales.
        budget: Candidates, counts and time.
        without: Names of signals that cannot be had now.

    Raises:
        InputError: The profile weighs none of the signals that the request has.
    """
    request = intent.request
    every = signals_of(schema, request.image_mode, request.similarity)
    missed = frozenset(without)
    had = [s for s in every if _is_had(s, intent, vectors) and s.name not in missed]
    weights = _weights(profile, request.weights or {}, had, missed)
    terms = tuple(
        Term(s, weights[s.name], scale_of(s, calibration, profile))
        for s in had
        if s.name in weights
    )
    return _assemble(intent, vectors, terms, budget)


def _weights(
    profile: Profile, override: Mapping[str, float], had: list[Signal], missed: frozenset[str]
) -> dict[str, float]:
    """Return the weights; where a failure leaves none of the weighted signals, words count alone.

    Raises:
        InputError: The profile weighs none of the signals that the request has.
    """
    names = tuple(s.name for s in had)
    left = [n for n in names if n != COHERENCE.name and {**profile.weights, **override}.get(n)]
    if left or not missed:
        return weigh(profile, override, names)
    return {"lexical": 1.0} if "lexical" in names else {}


def scale_of(signal: Signal, calibration: Calibration, profile: Profile) -> Scale:
    """Return the signal's scale: the index's, a default before it is measured, or none at all."""
    if not profile.calibrated:
        return Raw()
    scale = calibration.scales.get(signal.name, DEFAULT_SCALES[signal.name])
    if isinstance(signal, VectorSignal | BestPicture) and signal.similarity == "euclidean":
        return for_euclidean(scale)
    return scale


def _is_had(signal: Signal, intent: Intent, vectors: QueryVectors) -> bool:
    match signal:
        case Lexical():
            return intent.script != "none"
        case Stored():
            return True
        case VectorSignal() | BestPicture():
            return vectors.of(signal.side) is not None


def _assemble(
    intent: Intent, vectors: QueryVectors, terms: tuple[Term, ...], budget: Budget
) -> Plan:
    request = intent.request
    params = {
        f"q_{side}": vector_json(vector)
        for side in ("text", "picture")
        if (vector := vectors.of(side)) is not None
    }
    lexical = _lexical(intent, terms)
    legs = _legs(terms, params, budget.k, _filter(request.filters))
    window = len(legs) * budget.k + (budget.lexical if lexical or not legs else 0)
    shift = sum(t.weight * t.floor for t in terms)
    first = max(0, request.offset - 1)  # the row before the page shows whether a tie is cut
    best = [t for t in terms if isinstance(t.signal, BestPicture)]
    query = _candidates(lexical, legs, request.filters, best, params)
    body: dict[str, Any] = {
        "from": min(first, window),
        "size": max(0, min(request.offset + request.size + 1, window) - first),
        "timeout": f"{int(budget.seconds * 1000)}ms",
        "track_total_hits": budget.count_to,
        "_source": [f.name for f in SHOWN],
        "query": query,
        "rescore": {
            "window_size": window,
            "query": {
                "rescore_query": _formula(terms, lexical, params, shift),
                "query_weight": 0.0,
                "rescore_query_weight": 1.0,
            },
        },
        "script_fields": {"raw": {"script": _with(raw_script(at_root(terms)), params)}},
    }
    return Plan(body, terms, tuple(legs), budget.k, budget.lexical, window, first, shift)


def at_root(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return the terms whose raw value is read from the product itself, in the script's order."""
    return tuple(t for t in terms if isinstance(t.signal, VectorSignal | Stored))


def _lexical(intent: Intent, terms: tuple[Term, ...]) -> dict[str, Any] | None:
    for term in terms:
        if isinstance(term.signal, Lexical):
            return lexical_query(term.signal, intent.text, intent.script)
    return None


def _filter(filters: tuple[Any, ...]) -> dict[str, Any]:
    """Return the clause that every leg is filtered by: what was asked, and no tombstones."""
    clause: dict[str, Any] = {"must_not": [{"term": {DELETED.name: True}}]}
    if filters:
        clause["filter"] = [f.clause() for f in filters]
    return {"bool": clause}


def _legs(
    terms: tuple[Term, ...], params: Mapping[str, list[float]], k: int, keep: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the nearest-neighbour clauses by signal name."""
    legs: dict[str, dict[str, Any]] = {}
    for term in terms:
        signal = term.signal
        if isinstance(signal, VectorSignal):
            legs[signal.name] = _knn(signal.field.name, params[vector_param(signal)], k, keep)
        elif isinstance(signal, BestPicture):
            knn = _knn(signal.field.vector, params[vector_param(signal)], k, keep)
            legs[signal.name] = {
                "nested": {"path": signal.field.name, "query": knn, "score_mode": "max"}
            }
    return legs


def _knn(column: str, vector: list[float], k: int, keep: dict[str, Any]) -> dict[str, Any]:
    return {"knn": {column: {"vector": vector, "k": k, "filter": keep}}}


def _candidates(
    lexical: dict[str, Any] | None,
    legs: Mapping[str, dict[str, Any]],
    filters: tuple[Any, ...],
    best: list[Term],
    params: Mapping[str, list[float]],
) -> dict[str, Any]:
    should = [{"constant_score": {"filter": leg, "boost": NEIGHBOUR}} for leg in legs.values()]
    for kind, clause in (lexical or {}).items():
        should.insert(0, {kind: clause | {"_name": LEXICAL}})
    kept = _filter(filters)["bool"]
    if best:
        kept["filter"] = [*kept.get("filter", []), *(_which_picture(t, params) for t in best)]
    return {"bool": kept | {"should": should or [{"match_none": {}}], "minimum_should_match": 1}}


def _which_picture(term: Term, params: Mapping[str, list[float]]) -> dict[str, Any]:
    """Return a filter that lets everything through and asks for each hit's best picture.

    Inner hits are only had from a nested clause of the query itself, and are computed for the
    page's hits alone; beside ``match_all`` the clause costs the candidates nothing.
    """
    assert isinstance(term.signal, BestPicture)
    path = term.signal.field.name
    nested = {
        "path": path,
        "query": _scored(_with_vector(term.signal), nested_script(term), params),
        "inner_hits": {
            "name": term.signal.name,
            "size": 1,
            "_source": [f"{path}.path", f"{path}.role"],
            "script_fields": {"raw": {"script": _with(raw_script((term,)), params)}},
        },
    }
    return {"bool": {"should": [{"match_all": {}}, {"nested": nested}]}}


def _with_vector(signal: BestPicture) -> dict[str, Any]:
    return {"exists": {"field": signal.field.vector}}


def _formula(
    terms: tuple[Term, ...],
    lexical: dict[str, Any] | None,
    params: Mapping[str, list[float]],
    shift: float,
) -> dict[str, Any]:
    every = {"match_all": {"boost": 0.0}}
    inner = {"bool": {"should": [lexical, every]}} if lexical else every
    best = [t for t in terms if isinstance(t.signal, BestPicture)]
    nested_shift = sum(t.weight * t.floor for t in best)
    root = _scored(inner, root_script(terms, shift - nested_shift), params)
    if not best:
        return root
    should = [root]
    for term in best:
        assert isinstance(term.signal, BestPicture)
        path = term.signal.field.name
        scored = _scored(_with_vector(term.signal), nested_script(term), params)
        should.append({"nested": {"path": path, "query": scored, "score_mode": "max"}})
        if term.floor:
            none = {"nested": {"path": path, "query": _with_vector(term.signal)}}
            lacks = {"bool": {"must_not": [none]}}
            share = term.weight * term.floor
            should.append({"constant_score": {"filter": lacks, "boost": share}})
    return {"bool": {"should": should}}


def _scored(
    query: dict[str, Any], script: dict[str, Any], params: Mapping[str, list[float]]
) -> dict[str, Any]:
    return {"script_score": {"query": query, "script": _with(script, params)}}


def _with(script: dict[str, Any], params: Mapping[str, list[float]]) -> dict[str, Any]:
    """Return the script with those query vectors that it reads."""
    used = {name: value for name, value in params.items() if name in script["source"]}
    return {"lang": "painless", **script, "params": {**script["params"], **used}}
