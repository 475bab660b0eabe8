"""Legs: one query for each signal, and the reading of its hits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from query.encode.query_vectors import QueryVectors
from query.fusion.combine import LegHits, by_score
from query.model.filters import Filter
from query.model.intent import Intent
from query.model.signals import BestPicture, Lexical, PseudoRelevanceFeedback, Stored, VectorSignal
from query.plan.candidates import filter_clause, near_filter, vector_params
from query.plan.script import Term, vector_param
from query.plan.understood_clauses import understood_query

EXPLORED = 100
"""How much larger the graph search's candidate list is than a leg's depth, for its recall."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One signal as a query of its own.

    Args:
        term: The signal; its weight, the legs' weights adding up to 1, and its scale.
        clause: The query without filters at the top; a neighbour clause has them inside.
    """

    term: Term
    clause: dict[str, Any]

    @property
    def name(self) -> str:
        """The signal's name."""
        return self.term.signal.name


def compile_legs(
    intent: Intent,
    vectors: QueryVectors,
    terms: Iterable[Term],
    filters: tuple[Filter, ...],
    depth: int,
) -> tuple[Leg, ...]:
    """Return the legs of a request, their weights brought to sum 1.

    A stored number does not depend on the query and finds nothing, so it is no leg; nor are words
    of which none can be looked up.

    Args:
        intent: The request understood.
        vectors: Its vectors, float32 (d,) or ``None``.
        terms: The request's signals and weights.
        filters: What every hit must satisfy.
        depth: Neighbours of each vector leg, on each shard.
    """
    params = vector_params(vectors)
    found: list[tuple[Term, dict[str, Any]]] = []
    for term in terms:
        match term.signal:
            case Stored() | PseudoRelevanceFeedback():
                continue
            case Lexical():
                words = understood_query(term.signal, intent, term.scale)
                if words is not None:
                    found.append((term, words))
            case VectorSignal() | BestPicture():
                vector = params[vector_param(term.signal)]
                found.append((term, _neighbours(term.signal, vector, depth, filters)))
    total = sum(term.weight for term, _ in found)
    return tuple(Leg(Term(t.signal, t.weight / total, t.scale), c) for t, c in found)


def filtered(clause: dict[str, Any], filters: tuple[Filter, ...]) -> dict[str, Any]:
    """Return the clause under the filters and without tombstones, its score unchanged."""
    return {"bool": {"must": [clause], **filter_clause(filters)["bool"]}}


def read_leg(leg: Leg, rows: Sequence[Mapping[str, Any]]) -> LegHits:
    """Return a leg's rows as hits, best first, equal scores by id.

    A neighbour's score is (1 + cosine) / 2 in the engine, and is read back as the cosine.

    Args:
        leg: What was asked.
        rows: The engine's hits.
    """
    scores = np.array([row["_score"] for row in rows], np.float64)
    ids, ordered = by_score([row["_id"] for row in rows], scores)
    lexical = isinstance(leg.term.signal, Lexical)
    own = ordered if lexical else 2.0 * ordered - 1.0
    return LegHits(leg.name, leg.term.weight, ids, own, ordered, 0.0 if lexical else -1.0)


def _neighbours(
    signal: VectorSignal | BestPicture,
    vector: list[float],
    depth: int,
    filters: tuple[Filter, ...],
) -> dict[str, Any]:
    nested = isinstance(signal, BestPicture)
    column = signal.field.vector if isinstance(signal, BestPicture) else signal.field.name
    knn = {
        column: {
            "vector": vector,
            "k": depth,
            **near_filter(filters),
            "method_parameters": {"ef_search": depth + EXPLORED},
        }
    }
    if not nested:
        return {"knn": knn}
    return {"nested": {"path": signal.field.name, "query": {"knn": knn}, "score_mode": "max"}}
