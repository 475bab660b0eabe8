"""Combining legs: every product of any leg, its score, and the contribution of each leg."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from query.model.fusions import OverLegs
from query.model.normalise import Floats


@dataclass(frozen=True, slots=True)
class LegHits:
    """What one leg found, best first, equal scores by id.

    Args:
        name: The signal's name.
        weight: Its weight; the legs' weights add up to 1.
        ids: Product ids, each once.
        scores: As the leg measures them, float64 (n,): BM25, a cosine.
        engine_scores: As the engine returned them, float64 (n,): BM25, (1 + cosine) / 2.
        floor: The least that ``scores`` can be: 0 for BM25, -1 for a cosine.
    """

    name: str
    weight: float
    ids: tuple[str, ...]
    scores: Floats
    engine_scores: Floats
    floor: float


@dataclass(frozen=True, slots=True)
class Share:
    """The contribution of one leg to one product: points = weight x value."""

    leg: str
    raw: float
    value: float
    weight: float
    points: float
    missing: bool


@dataclass(frozen=True, slots=True)
class Fused:
    """One product: its score, in [0, 1], is the sum of its shares' points."""

    id: str
    score: float
    shares: tuple[Share, ...]


def fuse(fusion: OverLegs, legs: Sequence[LegHits]) -> tuple[Fused, ...]:
    """Return every product that a leg found, best first, equal scores by id.

    A leg that did not find a product counts 0 for it, and its weight stays: the arithmetic mean,
    as geometric and harmonic ones reward a product for being missed.

    Args:
        fusion: How scores are normalised.
        legs: The legs, their weights adding up to 1.
    """
    values = {leg.name: fusion.normalise(leg) for leg in legs}
    places = {leg.name: {key: at for at, key in enumerate(leg.ids)} for leg in legs}
    found = []
    for key in {key for leg in legs for key in leg.ids}:
        shares = tuple(_share(leg, values[leg.name], places[leg.name].get(key)) for leg in legs)
        found.append(Fused(key, float(np.sum([s.points for s in shares])), shares))
    return tuple(sorted(found, key=lambda f: (-f.score, f.id)))


def unfound(legs: Sequence[LegHits], ids: Iterable[str]) -> tuple[Fused, ...]:
    """Return products that no leg found, such as pinned ones, each scoring 0; by id."""
    shares = tuple(_share(leg, leg.scores, None) for leg in legs)
    return tuple(Fused(key, 0.0, shares) for key in sorted(ids))


def rescored(fused: Fused, score: float) -> Fused:
    """Return the product with another score, every share changed in proportion."""
    by = score / fused.score if fused.score else 0.0
    shares = tuple(
        Share(s.leg, s.raw, s.value * by, s.weight, s.points * by, s.missing) for s in fused.shares
    )
    return Fused(fused.id, score, shares)


def _share(leg: LegHits, values: Floats, at: int | None) -> Share:
    if at is None:
        return Share(leg.name, 0.0, 0.0, leg.weight, 0.0, missing=True)
    value = float(values[at])
    return Share(leg.name, float(leg.scores[at]), value, leg.weight, leg.weight * value, False)


def by_score(ids: Sequence[str], scores: Floats) -> tuple[tuple[str, ...], Floats]:
    """Return ids and scores best first, equal scores by id, so that ranks never depend on shards.

    Args:
        ids: Product ids.
        scores: Float64 (n,), in their order.
    """
    order = sorted(range(len(ids)), key=lambda i: (-scores[i], ids[i]))
    return tuple(ids[i] for i in order), scores[order]
