"""The engine's hybrid query: its request, and the check of its ranking against its legs."""

from collections.abc import Sequence
from typing import Any

from mappings.errors import InputError
from query.fusion.combine import Fused, rescored
from query.fusion.legs import Leg, filtered
from query.model.filters import Filter
from query.model.fusions import Hybrid

MAX_LEGS = 5
"""The engine refuses more sub-queries of one ``hybrid``."""
AGREES = 1e-4
"""Largest difference of the engine's score from the sum of its legs; both are float32."""


def require_legs(fusion: Hybrid, legs: Sequence[Leg]) -> None:
    """Refuse more legs than the engine takes, naming the one that weighs least.

    Raises:
        InputError: There are more than 5.
    """
    if len(legs) <= MAX_LEGS:
        return
    names = ", ".join(leg.name for leg in legs)
    lightest = min(legs, key=lambda leg: leg.term.weight).name
    raise InputError(
        f"Fusion {fusion.name!r} takes at most {MAX_LEGS} legs; this request has {len(legs)}"
        f" ({names}).",
        f"Give one of them weight 0, such as {lightest!r}, or choose another fusion.",
    )


def hybrid_body(
    fusion: Hybrid, legs: Sequence[Leg], filters: tuple[Filter, ...], size: int
) -> dict[str, Any]:
    """Return the request: legs, depth and the pipeline, which the engine needs for valid scores.

    The depth is the fusion's own on every page, as statistics move with it; every hit is asked
    for at once, as ``from`` beyond the last is an error and collapsing loses groups.

    Args:
        fusion: The normalisation and the depth.
        legs: At most 5; their weights add up to 1, as the engine demands.
        filters: What every hit must satisfy; inside every leg, so that statistics know of it.
        size: Hits asked for.
    """
    weights = [leg.term.weight for leg in legs]
    combination = {"technique": "arithmetic_mean", "parameters": {"weights": weights}}
    normalisation = {
        "normalization": {"technique": fusion.technique},
        "combination": combination,
    }
    return {
        "size": size,
        "_source": False,
        "query": {
            "hybrid": {
                "queries": [filtered(leg.clause, filters) for leg in legs],
                "pagination_depth": fusion.depth,
            }
        },
        "search_pipeline": {
            "phase_results_processors": [{"normalization-processor": normalisation}]
        },
    }


def as_engine(fused: Sequence[Fused], engine: dict[str, float]) -> tuple[Fused, ...] | None:
    """Return the products with the engine's scores, ``None`` if these contradict its legs.

    They can, as approximate neighbour search may return other hits the second time.

    Args:
        fused: The products as fused from the legs, in any order.
        engine: Product id to the engine's own score.
    """
    if engine.keys() != {f.id for f in fused}:
        return None
    if any(abs(engine[f.id] - f.score) > AGREES for f in fused):
        return None
    return tuple(rescored(f, engine[f.id]) for f in fused)
