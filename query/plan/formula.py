"""The formula as the engine's rescore query: sum_k w_k n_k(S_k) for every candidate."""

from collections.abc import Mapping
from typing import Any

from query.model.signals import BestPicture, PseudoRelevanceFeedback, Stored, VectorSignal
from query.plan.script import Term, nested_script, raw_script, root_script

Params = Mapping[str, list[float]]


def shift_of(terms: tuple[Term, ...]) -> float:
    """Return what is added to every score in the engine, where scores may not be negative."""
    return sum(t.weight * t.floor for t in terms)


def at_root(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return the terms whose raw value is read from the product itself, in the script's order."""
    return tuple(
        t for t in terms if isinstance(t.signal, VectorSignal | Stored | PseudoRelevanceFeedback)
    )


def formula_query(
    terms: tuple[Term, ...], lexical: dict[str, Any] | None, params: Params
) -> dict[str, Any]:
    """Return the query whose score is the formula plus its shift.

    The script sees BM25 as ``_score`` of the query that it wraps, which beside the words matches
    everything, so that candidates without a matching word are kept. It cannot read nested
    pictures: their best score is added beside it.

    Args:
        terms: The formula's summands.
        lexical: The lexical clause, ``None`` without words.
        params: The query vectors by parameter name.
    """
    every: dict[str, Any] = {"match_all": {"boost": 0.0}}
    inner = {"bool": {"should": [lexical, every]}} if lexical else every
    best = tuple(t for t in terms if isinstance(t.signal, BestPicture))
    root = scored(inner, root_script(terms, shift_of(terms) - shift_of(best)), params)
    if not best:
        return root
    return {"bool": {"should": [root, *(c for t in best for c in _best_picture(t, params))]}}


def _best_picture(term: Term, params: Params) -> list[dict[str, Any]]:
    """Return the clauses that add a product's best picture, or the shift where it has none."""
    assert isinstance(term.signal, BestPicture)
    path, found = term.signal.field.name, with_vector(term.signal)
    scored_pictures = scored(found, nested_script(term), params)
    clauses: list[dict[str, Any]] = [
        {"nested": {"path": path, "query": scored_pictures, "score_mode": "max"}}
    ]
    if term.floor:
        lacks = {"bool": {"must_not": [{"nested": {"path": path, "query": found}}]}}
        share = term.weight * term.floor
        clauses.append({"constant_score": {"filter": lacks, "boost": share}})
    return clauses


def with_vector(signal: BestPicture) -> dict[str, Any]:
    """Return the clause that pictures with a vector satisfy."""
    return {"exists": {"field": signal.field.vector}}


def scored(query: dict[str, Any], script: dict[str, Any], params: Params) -> dict[str, Any]:
    """Return the query with its score replaced by a script's."""
    return {"script_score": {"query": query, "script": with_vectors(script, params)}}


def raw_values(terms: tuple[Term, ...], params: Params) -> dict[str, Any]:
    """Return the script field that reads the terms' raw values of a hit, in order."""
    return {"script": with_vectors(raw_script(terms), params)}


def with_vectors(script: dict[str, Any], params: Params) -> dict[str, Any]:
    """Return the script with those query vectors that it reads."""
    used = {name: value for name, value in params.items() if f"params.{name}" in script["source"]}
    return {"lang": "painless", **script, "params": {**script["params"], **used}}
