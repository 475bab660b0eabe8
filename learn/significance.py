"""Confidence intervals of means, and significance of differences between two systems."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
DRAWS = 10_000
_ROWS = 500


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Paired:
    """Two systems compared on the same queries.

    Args:
        difference: Mean of second less first, with its 95 % interval.
        ratio: Mean of the second by mean of the first, with its 95 % interval; infinite where the
            first is 0.
        p: Probability of a difference at least this large if the systems are equally good.
        wins: Queries where the second is better.
        losses: Queries where it is worse.
    """

    difference: Interval
    ratio: Interval
    p: float
    wins: int
    losses: int


def interval(values: Values, *, draws: int = DRAWS, seed: int = 0) -> Interval:
    """Return the mean over queries and its 95 % bootstrap interval.

    Source: Efron, Bootstrap methods: another look at the jackknife, 1979 (percentile interval).

    Args:
        values: One value a query, float64 (q,), at least one.
        draws: Samples drawn with replacement.
        seed: Of the samples.
    """
    means = np.concatenate([values[rows].mean(axis=1) for rows in _samples(values, draws, seed)])
    return _interval(float(values.mean()), means)


def paired(first: Values, second: Values, *, draws: int = DRAWS, seed: int = 0) -> Paired:
    """Compare two systems on the same queries: the second against the first.

    The p value is that of the two-sided sign-flip permutation test of the mean difference, with
    the observed one counted among the draws.

    Source: Smucker, Allan, Carterette, A comparison of statistical significance tests for
    information retrieval evaluation, 2007 (randomization test).

    Args:
        first: One value a query, float64 (q,).
        second: Of the same queries in the same order, float64 (q,).
        draws: Of the bootstrap and of the permutations.
        seed: Of both.
    """
    assert first.shape == second.shape
    gaps = second - first
    rng = np.random.default_rng(seed)
    observed, extreme = abs(float(gaps.mean())), 0
    for count in _chunks(draws):
        signs = rng.integers(0, 2, size=(count, len(gaps))) * 2 - 1
        extreme += int((np.abs((signs * gaps).mean(axis=1)) >= observed - 1e-12).sum())
    ones, twos = [], []
    for rows in _samples(gaps, draws, seed):
        ones.append(first[rows].mean(axis=1))
        twos.append(second[rows].mean(axis=1))
    one, two = np.concatenate(ones), np.concatenate(twos)
    return Paired(
        _interval(float(gaps.mean()), two - one),
        _interval(_ratio(float(second.mean()), float(first.mean())), _ratios(two, one)),
        (extreme + 1) / (draws + 1),
        int((gaps > 0).sum()),
        int((gaps < 0).sum()),
    )


def _samples(values: Values, draws: int, seed: int) -> Iterator[NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    for count in _chunks(draws):
        yield rng.integers(0, len(values), size=(count, len(values)))


def _chunks(draws: int) -> list[int]:
    """Return batch sizes that add up to ``draws``, small enough for memory."""
    whole, rest = divmod(draws, _ROWS)
    return [_ROWS] * whole + ([rest] if rest else [])


def _interval(mean: float, drawn: Values) -> Interval:
    low, high = np.quantile(drawn, (0.025, 0.975), method="nearest")
    return Interval(mean, float(low), float(high))


def _ratio(above: float, below: float) -> float:
    if below > 0:
        return above / below
    return 1.0 if above == 0 else float("inf")


def _ratios(above: Values, below: Values) -> Values:
    return np.array([_ratio(float(a), float(b)) for a, b in zip(above, below, strict=True)])
