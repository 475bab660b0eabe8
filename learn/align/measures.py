"""Measures of an alignment: precision, recall, same-product rate, and intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import Vectors


def precision_at(
    queries: Vectors,
    wanted: NDArray[np.int64],
    pictures: Vectors,
    classes: NDArray[np.int64],
    k: int = 10,
) -> NDArray[np.float64]:
    """Return float64 (q,): the precision of each query's k nearest pictures by class.

    Args:
        queries: float32 (q, d).
        wanted: int64 (q,), the class that each query asks for.
        pictures: float32 (n, d).
        classes: int64 (n,).
        k: Cut-off.
    """
    best = np.argsort(-(queries @ pictures.T), axis=1, kind="stable")[:, :k]
    return np.asarray((classes[best] == wanted[:, None]).mean(axis=1), dtype=np.float64)


def neighbour_precision(
    pictures: Vectors, classes: NDArray[np.int64], k: int = 10
) -> NDArray[np.float64]:
    """Return float64 (n,): the precision of each picture's k nearest others by class."""
    scores = pictures @ pictures.T
    np.fill_diagonal(scores, -np.inf)
    best = np.argpartition(-scores, k, axis=1)[:, :k]
    return np.asarray((classes[best] == classes[:, None]).mean(axis=1), dtype=np.float64)


def own_pictures(
    queries: Vectors, pictures: Vectors, own: Sequence[Sequence[int]], k: int = 10
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return hit (at least one own picture in the top k) and recall (hits / min(k, own)), (q,).

    Args:
        queries: float32 (q, d).
        pictures: float32 (n, d).
        own: The rows of ``pictures`` that belong to each query; none may be empty.
        k: Cut-off.
    """
    best = np.argsort(-(queries @ pictures.T), axis=1, kind="stable")[:, :k]
    hits = [len(set(mine) & set(row.tolist())) for mine, row in zip(own, best, strict=True)]
    found = np.asarray(hits, dtype=np.float64)
    return (found > 0).astype(np.float64), found / [min(k, len(mine)) for mine in own]


def auc(right: NDArray[np.floating], wrong: NDArray[np.floating]) -> float:
    """Return the AUC: the probability that a right score is above a wrong one, ties half.

    Source: Mann & Whitney, On a test of whether one of two random variables is larger, 1947.
    """
    more = (right[:, None] > wrong[None]).mean()
    ties = (right[:, None] == wrong[None]).mean()
    return float(more + 0.5 * ties)


def interval(
    values: Sequence[float] | NDArray[np.float64], *, draws: int = 2000, seed: int = 0
) -> tuple[float, float, float]:
    """Return mean and the 95 % bootstrap interval over the values.

    Source: Efron, Bootstrap methods: another look at the jackknife, 1979 (percentile interval).
    """
    found = np.asarray(values, dtype=np.float64)
    rows = np.random.default_rng(seed).integers(0, len(found), (draws, len(found)))
    low, high = np.quantile(found[rows].mean(axis=1), (0.025, 0.975))
    return float(found.mean()), float(low), float(high)
