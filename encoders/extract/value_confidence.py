"""The probability that a known value in a title is meant: boosted trees over catalogue counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from encoders.extract.gazetteer import Entry, Gazetteer
from encoders.extract.similar_titles import NEAR, SimilarTitles
from encoders.extract.spans import Span

FEATURES = 17 + NEAR
"""Numbers that describe each value."""


@dataclass(frozen=True, slots=True, eq=False)
class ValueConfidence:
    """Boosted regression trees; every array is (trees, nodes), 0 where a tree has fewer nodes.

    Args:
        feature: int64, which number a node compares; -1 at a leaf.
        threshold: float64; a number up to it goes left.
        left: int64, node.
        right: int64, node.
        value: float64, what a leaf adds to the log-odds, learning rate included.
        prior: Log-odds before the first tree.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: NDArray[np.float64]
    prior: float

    @classmethod
    def none(cls) -> ValueConfidence:
        """Return the confidence before anything was learned: 0.5 in every value."""
        whole, real = np.zeros((0, 1), dtype=np.int64), np.zeros((0, 1))
        return cls(whole, real, whole, whole, real, 0.0)

    def of(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities, float64 (n,), in (0, 1).

        Args:
            features: float64 (n, 20) of ``value_features``.

        Source: Friedman, Greedy function approximation: a gradient boosting machine, 2001.
        """
        features = features.astype(np.float32).astype(np.float64)  # as in the fit
        trees, size = self.feature.shape
        feature, threshold = self.feature.ravel(), self.threshold.ravel()
        left, right, value = self.left.ravel(), self.right.ravel(), self.value.ravel()
        first = np.tile(np.arange(trees) * size, len(features))  # of each row every tree's root
        row, node = np.repeat(np.arange(len(features)), trees), first.copy()
        open_ = np.arange(len(node))
        while len(open_ := open_[feature[node[open_]] >= 0]):
            at = node[open_]
            goes = features[row[open_], feature[at]] <= threshold[at]
            node[open_] = first[open_] + np.where(goes, left[at], right[at])
        total = self.prior + value[node].reshape(len(features), trees).sum(axis=1)
        return np.asarray(1.0 / (1.0 + np.exp(-total)))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the trees by name, as ``from_arrays`` reads them."""
        return {
            "feature": self.feature, "threshold": self.threshold, "left": self.left,
            "right": self.right, "value": self.value, "prior": np.array([self.prior]),
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> ValueConfidence:
        """Return the trees that ``arrays`` gave.

        Raises:
            KeyError: One is missing.
        """
        whole = {k: arrays[k].astype(np.int64) for k in ("feature", "left", "right")}
        real = {k: arrays[k].astype(np.float64) for k in ("threshold", "value")}
        prior = float(arrays["prior"].astype(np.float64)[0])
        return cls(
            whole["feature"], real["threshold"], whole["left"], whole["right"], real["value"], prior
        )


def value_features(
    text: str, categories: Sequence[str], gazetteer: Gazetteer, titles: SimilarTitles
) -> tuple[list[Span], NDArray[np.float64]]:
    """Return the known values of a plain text, and the features of each, float64 (n, 20).

    Args:
        text: Plain text.
        categories: The product's widest and narrowest one, or none.
        gazetteer: What is known.
        titles: Similar titles, in which the same value is looked up.
    """
    found = list(gazetteer.matches(text))
    trusts = [entry.trust_within(categories) for _, entry in found]
    spans = [span for span, _ in found]
    near = titles.near(text)
    rows = [
        (
            *_features_of(n, spans, entry, trusts, gazetteer.habit(entry, categories), text),
            *near(text[span.start : span.end]),
        )
        for n, (span, entry) in enumerate(found)
    ]
    return spans, np.array(rows, dtype=np.float64).reshape(len(rows), FEATURES)


def _features_of(
    n: int, spans: Sequence[Span], entry: Entry, trusts: Sequence[float], habit: float, text: str
) -> tuple[float, ...]:
    span, trust = spans[n], trusts[n]
    size = span.end - span.start
    over = [trusts[k] for k, o in enumerate(spans) if o != span and _covers(o, span)]
    within = [trusts[k] for k, o in enumerate(spans) if o != span and _covers(span, o)]
    return (
        trust, habit, entry.trust, entry.occurrences, sum(entry.names.values()),
        len(entry.names), size,
        max(over, default=0.0), max(within, default=0.0), text[span.start : span.end].isdigit(),
        span.start, len(text) - span.end, len(text), trust * habit, len(over),
        len(spans), text[span.start].isascii(),
    )  # fmt: skip


def _covers(wide: Span, narrow: Span) -> bool:
    return wide.start <= narrow.start and narrow.end <= wide.end
