"""Maximal marginal relevance: the first cards ordered so that neighbours are less alike."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from query.model.diversity import Diversity
from query.model.window import Candidate, Window

Floats = NDArray[np.float64]


def pool_of(window: Window, diversity: Diversity) -> tuple[Candidate, ...]:
    """Return the cards to reorder: the first ones that no placement has fixed."""
    free = (c for c in window.candidates if not c.placed)
    return tuple(c for _, c in zip(range(diversity.pool), free, strict=False))


def diversify(
    window: Window, vectors: dict[str, NDArray[np.float32]], diversity: Diversity
) -> Window:
    """Return the window with its pool in the order of maximal marginal relevance.

    Args:
        window: The cards, in order of relevance.
        vectors: Product id to unit vector, float32 (d,), for those of the pool that have one.
        diversity: Lambda, and the pool's size.
    """
    pool = pool_of(window, diversity)
    if len(pool) < 2:
        return window
    scores = np.array([c.score for c in pool])
    order = marginal_order(scores, likeness([vectors.get(c.id) for c in pool]), diversity.relevance)
    anew = iter([pool[i] for i in order])
    chosen = {c.id for c in pool}
    cards = tuple(next(anew) if c.id in chosen else c for c in window.candidates)
    return replace(window, candidates=cards)


def likeness(vectors: list[NDArray[np.float32] | None]) -> Floats:
    """Return the similarity of each pair in the pool, float64 (n, n) in [0, 1].

    Cosines, stretched so that the least alike pair is 0 and the most alike 1: raw ones crowd. A
    product without the vector is like none.
    """
    having = [v for v in vectors if v is not None]
    found = np.zeros((len(vectors), len(vectors)))
    if len(having) < 2:
        return found
    places = np.array([n for n, v in enumerate(vectors) if v is not None])
    rows = np.stack(having).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found[np.ix_(places, places)] = _stretched(rows @ rows.T)
    return found


def marginal_order(scores: Floats, alike: Floats, relevance: float) -> list[int]:
    """Return the places in the order of maximal marginal relevance; equals keep their order.

    next = argmax_d lambda r(d) - (1 - lambda) max_{s chosen} alike(d, s), with r the score
    stretched to [0, 1] within the pool.

    Source: Carbonell & Goldstein 1998, "The use of MMR, diversity-based reranking".

    Args:
        scores: Float64 (n,), falling.
        alike: Float64 (n, n) in [0, 1].
        relevance: Lambda, in [0, 1].
    """
    worth = _stretched(scores)
    nearest = np.zeros(len(scores))
    left = np.ones(len(scores), dtype=bool)
    order: list[int] = []
    for _ in scores:
        marginal = np.where(left, relevance * worth - (1.0 - relevance) * nearest, -np.inf)
        best = int(marginal.argmax())
        order.append(best)
        left[best] = False
        nearest = np.maximum(nearest, alike[best])
    return order


def _stretched(values: Floats) -> Floats:
    low, high = float(values.min()), float(values.max())
    # All equal, apart from rounding.
    return (values - low) / (high - low) if high - low > 1e-9 else np.ones_like(values)
