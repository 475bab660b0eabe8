"""The formula in NumPy: the reference that every returned score is tested against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from query.plan.script import Scale

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Products best first, equal scores by id, and their scores, float64 (n,)."""

    ids: tuple[str, ...]
    scores: Floats


def similarity(query: NDArray[np.float32], rows: NDArray[np.float32], kind: str) -> Floats:
    """Return the similarity of one vector to each row, float64 (n,); NaN for a row of NaN.

    Args:
        query: Float32 (d,).
        rows: Float32 (n, d); a row of NaN is a product that has no such vector.
        kind: ``cosine``, ``dot``, or ``euclidean`` (the negative distance).
    """
    q, v = query.astype(np.float64), rows.astype(np.float64)
    if kind == "euclidean":
        return np.asarray(-np.linalg.norm(v - q, axis=1))
    dots = v @ q
    if kind == "dot":
        return np.asarray(dots)
    return np.asarray(dots / (np.linalg.norm(v, axis=1) * np.linalg.norm(q)))


def best_similarity(
    query: NDArray[np.float32], pictures: Sequence[NDArray[np.float32]], kind: str
) -> Floats:
    """Return each product's best picture's similarity, float64 (n,); NaN without pictures.

    Args:
        query: Float32 (d,).
        pictures: For each product, float32 (pictures, d).
        kind: As in ``similarity``.
    """
    return np.array(
        [similarity(query, p, kind).max() if len(p) else np.nan for p in pictures], np.float64
    )


def score(
    raw: Mapping[str, Floats], weights: Mapping[str, float], scales: Mapping[str, Scale]
) -> Floats:
    """Return sum_k w_k n_k(S_k) for each product, float64 (n,).

    A product that lacks a signal (NaN) counts 0 for it, and the weight stays.

    Source: the issue's formula, score = sum_k w_k * n_k(S_k) with sum_k w_k = 1.

    Args:
        raw: Signal name to raw values, float64 (n,), NaN where missing.
        weights: Signal name to weight, adding up to 1.
        scales: Signal name to scale.
    """
    total = np.zeros(len(next(iter(raw.values()))))
    for name, weight in weights.items():
        scaled = weight * scales[name](np.nan_to_num(raw[name], nan=0.0))
        total += np.where(np.isnan(raw[name]), 0.0, scaled)
    return total


def rank(ids: Sequence[str], scores: Floats, size: int) -> Ranking:
    """Return the ``size`` best products; equal scores are ordered by id.

    Args:
        ids: The products' ids.
        scores: Float64 (n,).
        size: How many to return.
    """
    order = sorted(range(len(ids)), key=lambda i: (-scores[i], ids[i]))[:size]
    return Ranking(tuple(ids[i] for i in order), scores[order])
