"""Candidate retrieval: the products that the formula is computed for, found by cheap legs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from mappings.blend import Blend
from mappings.calibration import Affine, Raw
from mappings.fields import vector_json
from mappings.schema import DELETED, KEY, Schema
from query.encode.directions import mixed
from query.encode.query_vectors import QueryVectors
from query.model.filters import Filter
from query.model.signals import BestPicture, VectorSignal
from query.plan.budget import Budget, Depth
from query.plan.formula import Params, raw_values, scored, with_vector
from query.plan.script import Term, nearest_script, vector_param

# The name under which the engine reports a hit's BM25.
LEXICAL = "lexical"
# Above any BM25 score, so that no neighbour is dropped from the window.
NEIGHBOUR = 1_000.0
BLEND = "blend"
# Sides that are encoded from words: one leg over the blend finds the neighbours of all of them.
WORDED = ("text", "visual")


@dataclass(frozen=True, slots=True)
class Legs:
    """The neighbour clauses by name, and how deep each goes."""

    clauses: Mapping[str, dict[str, Any]]
    depth: Depth

    def window(self, lexical: bool) -> int:
        """Return how many candidates a shard may bring, with or without words."""
        found = len(self.clauses) * self.depth.k
        return found + (self.depth.lexical if lexical or not found else 0)


def find_legs(
    terms: tuple[Term, ...],
    vectors: QueryVectors,
    schema: Schema,
    filters: tuple[Filter, ...],
    budget: Budget,
) -> Legs:
    """Return the legs that find a formula's neighbours.

    One leg over the blend stands for all vector signals of the words where the index has a blend
    and its weights are near enough; else every signal has its own.

    Args:
        terms: The formula's summands.
        vectors: The query's vectors.
        schema: The index's columns.
        filters: What every hit must satisfy; applied inside every leg.
        budget: How deep the legs go.
    """
    text = [t for t in terms if _side(t) in WORDED]
    column = schema.blend_vector
    clauses: dict[str, dict[str, Any]] = {}
    if column and schema.blend and vectors.text is not None and blends(schema.blend, terms):
        vector = _blended(schema.blend, text, vectors)
        clauses[BLEND] = _knn(column.name, vector, budget.blend, filters)
        own = [t for t in terms if _side(t) and t not in text]
    else:
        own = [t for t in terms if _side(t)]
    depth = budget.blend if BLEND in clauses and not own else budget.legs
    params = vector_params(vectors) if own else {}
    for term in own:
        clauses[term.signal.name] = _leg(term, params, depth, filters)
    return Legs(clauses, depth)


def blends(blend: Blend, terms: tuple[Term, ...]) -> bool:
    """Tell whether the blend's neighbours are good candidates for these terms.

    A weight over raw values counts as the weight that it would be on the blend's scale.
    """
    weights: dict[str, float] = {}
    for term in terms:
        if _side(term) not in WORDED and term.signal.name != "coherence":
            continue
        pooled = not isinstance(term.signal, BestPicture)
        if not pooled or getattr(term.signal, "similarity", "cosine") == "euclidean":
            return False
        scale = blend.scales.get(term.signal.name)
        if scale is None or not isinstance(term.scale, Affine | Raw):
            return False
        own = term.scale.high - term.scale.low if isinstance(term.scale, Affine) else 1.0
        weights[term.signal.name] = term.weight * (scale.high - scale.low) / own
    return any(n != "coherence" for n in weights) and blend.near(weights)


def filter_clause(filters: tuple[Filter, ...]) -> dict[str, Any]:
    """Return the clause of the filters that every hit satisfies; deleted products are excluded."""
    clause: dict[str, Any] = {"must_not": [{"term": {DELETED.name: True}}]}
    if filters:
        clause["filter"] = [f.clause() for f in filters]
    return {"bool": clause}


def near_filter(filters: tuple[Filter, ...]) -> dict[str, Any]:
    """Return the part of a neighbour leg that filters it before neighbours are sought.

    Deleted products have no vectors (``Schema.document``), so no leg has to exclude them; a
    filter that every product passes would still be evaluated for each.
    """
    return {"filter": {"bool": {"filter": [f.clause() for f in filters]}}} if filters else {}


def candidate_query(
    lexical: dict[str, Any] | None,
    legs: Legs,
    filters: tuple[Filter, ...],
    terms: tuple[Term, ...],
    params: Params,
    *,
    pins: tuple[str, ...] = (),
    wider: Iterable[dict[str, Any]] = (),
    reported_lexical: dict[str, Any] | None = None,
    report_pictures: bool = True,
) -> dict[str, Any]:
    """Return the query whose best hits are the candidates.

    Args:
        lexical: What finds the best lexical hits, ``None`` without words.
        legs: The neighbour clauses.
        filters: What every match must satisfy.
        terms: The formula's summands.
        params: The query vectors by parameter name.
        pins: Products that are candidates even if no leg finds them.
        wider: Neighbour clauses that matter to facet counts alone; they add nothing to a score.
        reported_lexical: The lexical clause of the formula, whose BM25 score each row reports.
        report_pictures: Whether each row reports its best picture, at a cost for each row.
    """
    should = [_constant(leg, NEIGHBOUR) for leg in legs.clauses.values()]
    should += [_constant({"ids": {"values": list(pins)}}, NEIGHBOUR)] if pins else []
    should += [_constant(leg, 0.0) for leg in wider]
    if lexical:
        should.insert(0, lexical)
    bool_clause = filter_clause(filters)["bool"]
    _report_lexical(bool_clause, reported_lexical)
    if report_pictures:
        _report_pictures(bool_clause, terms, params)
    return {
        "bool": bool_clause | {"should": should or [{"match_none": {}}], "minimum_should_match": 1}
    }


def query_by_ids(
    ids: tuple[str, ...],
    lexical: dict[str, Any] | None,
    filters: tuple[Filter, ...],
    terms: tuple[Term, ...],
    params: Params,
) -> dict[str, Any]:
    """Return the query for these products alone; rows report what ``candidate_query`` rows do.

    Args:
        ids: The products.
        lexical: The lexical clause, ``None`` without words.
        filters: What every hit must satisfy.
        terms: The formula's summands.
        params: The query vectors by parameter name.
    """
    bool_clause = filter_clause(filters)["bool"]
    bool_clause["filter"] = [*bool_clause.get("filter", []), {"ids": {"values": list(ids)}}]
    _report_lexical(bool_clause, lexical)
    _report_pictures(bool_clause, terms, params)
    return {"bool": bool_clause}


def vector_params(vectors: QueryVectors) -> dict[str, list[float]]:
    """Return the query vectors as JSON numbers, by script parameter name."""
    return {
        f"q_{side}": vectors.get_or_compute(side, partial(vector_json, vector))
        for side in ("text", "picture", "visual")
        if (vector := vectors.of(side)) is not None
    }


def _report_lexical(bool_clause: dict[str, Any], lexical: dict[str, Any] | None) -> None:
    """Make the rows of a ``bool`` clause report their BM25 score, if there are words.

    A row reports the score of every named clause, wherever it is: here it is in a clause that no
    product matches, so that it costs nothing while candidates are collected.
    """
    if lexical:
        named = [{kind: clause | {"_name": LEXICAL}} for kind, clause in lexical.items()]
        # No product has an empty id. A clause like ``match_none`` would be optimised away.
        never = {"bool": {"filter": [{"term": {KEY.name: ""}}, *named]}}
        bool_clause["must_not"] = [*bool_clause["must_not"], never]


def _offsets(terms: list[Term]) -> dict[str, float]:
    """Return the raw value at which each signal's scale is 0; 0 for unscaled values."""
    return {t.signal.name: t.scale.low if isinstance(t.scale, Affine) else 0.0 for t in terms}


def _blended(blend: Blend, terms: list[Term], vectors: QueryVectors) -> list[float]:
    """Return the query vector for the blend column, d + 4 JSON numbers.

    Where the words have a visual vector too, both are weighted by the slopes of their signals.
    """
    assert vectors.text is not None
    text, visual, offsets = vectors.text, vectors.visual, _offsets(terms)
    slopes = {"text": 0.0, "visual": 0.0}
    for term in terms:
        width = term.scale.high - term.scale.low if isinstance(term.scale, Affine) else 1.0
        slopes[str(_side(term))] += term.weight / width
    shares = (slopes["text"], slopes["visual"])

    def make() -> list[float]:
        asked = text if visual is None else mixed([text, visual], shares)
        return vector_json(blend.query(asked, offsets))

    return vectors.get_or_compute((BLEND, shares, blend.down(offsets)), make)


def _side(term: Term) -> str | None:
    return term.signal.side if isinstance(term.signal, VectorSignal | BestPicture) else None


def _leg(term: Term, params: Params, depth: Depth, filters: tuple[Filter, ...]) -> dict[str, Any]:
    signal = term.signal
    if isinstance(signal, BestPicture):
        knn = _knn(signal.field.vector, params[vector_param(signal)], depth, filters)
        return {"nested": {"path": signal.field.name, "query": knn, "score_mode": "max"}}
    assert isinstance(signal, VectorSignal)
    return _knn(signal.field.name, params[vector_param(signal)], depth, filters)


def _constant(clause: dict[str, Any], score: float) -> dict[str, Any]:
    return {"constant_score": {"filter": clause, "boost": score}}


def _report_pictures(bool_clause: dict[str, Any], terms: tuple[Term, ...], params: Params) -> None:
    """Make the rows of a ``bool`` clause report their best picture."""
    if shown := [_nearest_picture(t, params) for t in terms if isinstance(t.signal, BestPicture)]:
        bool_clause["filter"] = [*bool_clause.get("filter", []), *shown]


def _knn(
    column: str, vector: list[float], depth: Depth, filters: tuple[Filter, ...]
) -> dict[str, Any]:
    leg = {
        "vector": vector,
        "k": depth.k,
        **near_filter(filters),
        "method_parameters": {"ef_search": max(depth.k, depth.explored)},
    }
    return {"knn": {column: leg}}


def _nearest_picture(term: Term, params: Params) -> dict[str, Any]:
    """Return a filter that every product passes and that reports each hit's best picture.

    Inner hits need a nested clause in the query itself, and are computed for the hits of the page
    alone; next to ``match_all`` the clause costs nothing while candidates are collected.
    """
    assert isinstance(term.signal, BestPicture)
    path = term.signal.field.name
    nested = {
        "path": path,
        "query": scored(with_vector(term.signal), nearest_script(term), params),
        "inner_hits": {
            "name": term.signal.name,
            "size": 1,
            "_source": [f"{path}.path", f"{path}.role"],
            "script_fields": {"raw": raw_values((term,), params)},
        },
    }
    return {"bool": {"should": [{"match_all": {}}, {"nested": nested}]}}
