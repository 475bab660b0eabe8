"""Normalisations of one leg's scores: pure functions, float64 (n,) in, float64 (n,) out."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOWEST = 0.001
"""What the engine gives the last hit of a leg instead of 0."""


def reciprocal_rank(scores: Floats, rank_constant: int) -> Floats:
    """Return 1 / (rank_constant + rank) of scores that stand best first; rank is from 1."""
    return np.asarray(1.0 / (rank_constant + 1.0 + np.arange(len(scores), dtype=np.float64)))


def min_max(scores: Floats) -> Floats:
    """Return (s - min) / (max - min) in [0, 1]; 1 for all where they are equal."""
    if not len(scores):
        return scores
    low, high = scores.min(), scores.max()
    return np.ones_like(scores) if high == low else np.asarray((scores - low) / (high - low))


def engine_min_max(scores: Floats) -> Floats:
    """Return the engine's ``min_max``: as ``min_max``, but 0.001 in place of 0.

    Source: neural-search 3.6, MinMaxScoreNormalizationTechnique.
    """
    scaled = min_max(scores)
    return np.asarray(np.where(scaled == 0.0, LOWEST, scaled))
