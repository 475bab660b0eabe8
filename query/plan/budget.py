"""Budget: how many candidates the engine may look at for one request, and for how long."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Depth:
    """How many candidates a shard returns, and how thoroughly it searches for them.

    Args:
        k: Neighbours of each vector leg.
        lexical: Best lexical hits.
        explored: Size of the candidate list of the graph search (``ef_search``); a longer one has
            better recall.
    """

    k: int
    lexical: int
    explored: int


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits on the work of the engine for one request.

    The depths are those at which the top 24 agrees with brute force over 30,000 products
    (bench/fused_search.py): one leg over the blend needs fewer candidates than separate legs.

    Args:
        blend: Depth where one leg over the blend finds the neighbours.
        legs: Depth where each vector signal has its own leg.
        count_to: Matches are counted exactly up to here.
        seconds: Until the engine stops collecting and returns a partial result.
        bypass_cache: Whether the engine may not answer counts from its cache, as for measurements.
    """

    blend: Depth = Depth(100, 60, 160)
    legs: Depth = Depth(150, 100, 300)
    count_to: int = 1_000
    seconds: float = 1.0
    bypass_cache: bool = False


def deeper(budget: Budget, reach: int) -> Budget:
    """Return the budget with which at least ``reach`` hits can be paged to, if there are so many.

    Neighbours are as many as the hits wanted, best lexical hits too: twice ``reach`` candidates
    are scored at most for one leg of neighbours.
    """

    def depth(of: Depth) -> Depth:
        return replace(of, k=max(of.k, reach), lexical=max(of.lexical, reach))

    return replace(budget, blend=depth(budget.blend), legs=depth(budget.legs))
