"""The vector legs that stand beside a shop's query, each held to what the shop lets through."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from query.augmenting.clauses import Clause
from query.augmenting.scoring import SIGNALS

# Above any score that a shop's own functions make of a product, yet far from what a float holds.
ABOVE = 1e18
WIDEST = 10_000
"""The engine's own limit of a rescore window (index.max_rescore_window, unless changed)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How many candidates a shard brings; none of it depends on the page.

    Args:
        k: Neighbours of each vector leg.
        lexical: Best hits by the shop's own score beside them.
        explored: Nodes of the graph kept in sight while neighbours are sought.
    """

    k: int = 150
    lexical: int = 150
    explored: int = 300


def neighbour_legs(
    weights: Mapping[str, float],
    vectors: Mapping[str, list[float]],
    restriction: Clause,
    reach: Reach,
) -> list[Clause]:
    """Return one neighbour clause for every vector signal that has a weight.

    Args:
        weights: Weight by signal.
        vectors: Query vector by parameter name, floats (d,).
        restriction: What every neighbour must satisfy; applied while they are sought.
        reach: How deep the legs go.
    """
    return [
        {
            "knn": {
                column: {
                    "vector": vectors[vector],
                    "k": reach.k,
                    "filter": restriction,
                    "method_parameters": {"ef_search": max(reach.k, reach.explored)},
                }
            }
        }
        for name, vector, column in SIGNALS
        if weights.get(name, 0.0) > 0 and vector in vectors
    ]


def boosted(legs: list[Clause], boost: float) -> list[dict[str, Any]]:
    """Return the legs as clauses that add the same number to each of their products' scores."""
    return [{"constant_score": {"filter": leg, "boost": boost}} for leg in legs]
