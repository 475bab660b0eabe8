"""Fits the confidence in known values on titles of products that list their values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoders.extract.plain import plain
from encoders.extract.similar_titles import SimilarTitles
from encoders.extract.value_confidence import FEATURES, ValueConfidence, value_features
from learn.tagger.examples import Example

TREES, RATE, LEAVES, FEWEST = 150, 0.06, 12, 30
PARTS = 4


def fit_confidence(
    given: Sequence[Example], titles: SimilarTitles, seed: int
) -> tuple[ValueConfidence, list[ValueConfidence]]:
    """Return the confidence fitted on all examples, and for each one that of the other parts.

    What the network is trained on must not have been seen by the trees, or it would learn to
    trust them more than it may.

    Args:
        given: Titles, their spans, and the gazetteer of other products for each.
        titles: The same titles; each is looked at without itself, as a new title will be.
        seed: Of the parts and of the trees.
    """
    measured = [_rows_of(example, titles.without(n)) for n, example in enumerate(given)]
    part_of = np.random.default_rng(seed).permutation(len(given)) % PARTS
    every = _fit(measured, seed)
    others = [
        _fit([s for s, own in zip(measured, part_of, strict=True) if own != part], seed)
        for part in range(PARTS)
    ]
    return every, [others[int(part)] for part in part_of]


def _rows_of(
    example: Example, titles: SimilarTitles
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    spans, rows = value_features(plain(example.text), example.categories, example.gazetteer, titles)
    gold = {(s.start, s.end) for s in example.spans}
    return rows, np.array([(s.start, s.end) in gold for s in spans], dtype=bool)


def _fit(
    measured: Sequence[tuple[NDArray[np.float64], NDArray[np.bool_]]], seed: int
) -> ValueConfidence:
    from sklearn.ensemble import GradientBoostingClassifier

    rows = np.concatenate([np.zeros((0, FEATURES)), *(x for x, _ in measured)])
    right = np.concatenate([np.zeros(0, dtype=bool), *(y for _, y in measured)])
    if len(set(right.tolist())) < 2 or len(rows) < 2 * FEWEST:
        return ValueConfidence.none()
    model = GradientBoostingClassifier(
        n_estimators=TREES, learning_rate=RATE, max_leaf_nodes=LEAVES, max_depth=None,
        min_samples_leaf=FEWEST, subsample=0.5, max_features=6, random_state=seed,
    ).fit(rows, right)  # fmt: skip
    trees = [one.tree_ for one in model.estimators_[:, 0]]
    size = max(tree.node_count for tree in trees)
    feature = np.full((len(trees), size), -1, dtype=np.int64)
    threshold, value = np.zeros((len(trees), size)), np.zeros((len(trees), size))
    left, right_ = np.zeros_like(feature), np.zeros_like(feature)
    for n, tree in enumerate(trees):
        count = tree.node_count
        feature[n, :count] = np.where(tree.children_left < 0, -1, tree.feature)
        threshold[n, :count] = tree.threshold
        left[n, :count], right_[n, :count] = tree.children_left, tree.children_right
        value[n, :count] = RATE * tree.value[:, 0, 0]
    rate = float(right.mean())
    prior = float(np.log(rate / (1 - rate)))
    return ValueConfidence(feature, threshold, left, right_, value, prior)
