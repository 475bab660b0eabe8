"""Fusions that are only compared with: theoretical min-max, and the engine's l2 and z-score."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from query.model.fusions import Hybrid, LegScores, OverLegs
from query.model.normalise import LOWEST, Floats


@dataclass(frozen=True, slots=True)
class TheoreticalConvex(OverLegs):
    """sum_k w_k (s - inf_k) / (max_k - inf_k): inf_k is 0 for BM25 and -1 for a cosine.

    Source: Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023.
    """

    name: ClassVar[str] = "theoretical"

    def normalise(self, leg: LegScores) -> Floats:
        """Return (s - floor) / (max - floor)."""
        return theoretical_min_max(leg.scores, leg.floor)


@dataclass(frozen=True, slots=True)
class HybridL2(Hybrid):
    """The engine's ``hybrid`` query with its ``l2`` normalisation and arithmetic mean."""

    name: ClassVar[str] = "hybrid-l2"
    technique: ClassVar[str] = "l2"

    def normalise(self, leg: LegScores) -> Floats:
        """Return s / sqrt(sum s^2)."""
        return engine_l2(leg.engine_scores)


@dataclass(frozen=True, slots=True)
class RepairedZScore(OverLegs):
    """What the engine's ``hybrid`` query with ``z_score`` computes, without its leak of raw scores.

    The layer adds the legs up: the engine's own sum is not used, as one hit of a leg can count its
    raw score in it. The sum has no upper end.
    """

    name: ClassVar[str] = "hybrid-z-score"

    def normalise(self, leg: LegScores) -> Floats:
        """Return (s - mean) / sd, at least 0.001."""
        return engine_z_score(leg.engine_scores)


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
