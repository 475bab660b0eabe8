"""Normalisations of one leg's scores: pure functions, float64 (n,) in, float64 (n,) out."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOWEST = 0.001
"""What the engine gives the last hit of a leg instead of 0, so that it counts as found."""


def reciprocal_rank(scores: Floats, rank_constant: int) -> Floats:
    """Return 1 / (rank_constant + rank) of scores that stand best first; rank is from 1."""
    return np.asarray(1.0 / (rank_constant + 1.0 + np.arange(len(scores), dtype=np.float64)))


def min_max(scores: Floats) -> Floats:
    """Return (s - min) / (max - min) in [0, 1]; 1 for all where they are equal."""
    if not len(scores):
        return scores
    low, high = scores.min(), scores.max()
    return np.ones_like(scores) if high == low else np.asarray((scores - low) / (high - low))


def theoretical_min_max(scores: Floats, floor: float) -> Floats:
    """Return (s - floor) / (max - floor) in [0, 1]; 1 for all where max is the floor.

    Source: TM2C2 of Bruch, Gai and Ingber, 2023.

    Args:
        scores: The leg's scores.
        floor: The least that the scoring function can give: 0 for BM25, -1 for a cosine.
    """
    if not len(scores):
        return scores
    span = scores.max() - floor
    return np.ones_like(scores) if span <= 0 else np.asarray(np.maximum(scores - floor, 0.0) / span)


def engine_min_max(scores: Floats) -> Floats:
    """Return the engine's ``min_max``: as ``min_max``, but 0.001 in place of 0.

    Source: neural-search 3.6, MinMaxScoreNormalizationTechnique.
    """
    scaled = min_max(scores)
    return np.asarray(np.where(scaled == 0.0, LOWEST, scaled))


def engine_l2(scores: Floats) -> Floats:
    """Return the engine's ``l2``: s / sqrt(sum s^2), 0 where the norm is 0.

    Source: neural-search 3.6, L2ScoreNormalizationTechnique.
    """
    norm = float(np.sqrt(np.sum(scores**2)))
    return np.zeros_like(scores) if norm == 0.0 else np.asarray(scores / norm)


def engine_z_score(scores: Floats) -> Floats:
    """Return the engine's ``z_score`` without its leak: (s - mean) / sd, 0.001 where that is <= 0.

    sd is the sample's, over n - 1, as seen on a node.

    The engine gives the raw maximum to a score that equals the mean, and the raw minimum to all
    where they are equal, so that one lexical hit of BM25 12.7 counts 12.7. Here the first is
    0.001, as for every score at or below the mean, and the second 1.

    Source: neural-search 3.6, ZScoreNormalizationTechnique, repaired.
    """
    if not len(scores):
        return scores
    if scores.max() == scores.min():
        return np.ones_like(scores)
    z = (scores - scores.mean()) / scores.std(ddof=1)
    return np.asarray(np.where(z <= 0.0, LOWEST, z))


def leaks_raw(scores: Floats) -> bool:
    """Tell whether the engine's ``z_score`` would let raw scores of this leg through."""
    if not len(scores):
        return False
    single = np.float32(scores.mean())
    return bool(scores.max() == scores.min() or np.any(scores.astype(np.float32) == single))
