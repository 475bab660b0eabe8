"""Cross-validation folds: by class, or by product; products that share a picture stay together."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray


def class_folds(classes: NDArray[np.int64], n_folds: int, seed: int = 0) -> NDArray[np.int64]:
    """Return int64 (n,): a fold for each row, stratified by class."""
    draw = np.random.default_rng(seed)
    found = np.empty(len(classes), dtype=np.int64)
    for one in np.unique(classes):
        rows = draw.permutation(np.flatnonzero(classes == one))
        found[rows] = np.arange(len(rows)) % n_folds
    return found


def product_folds(
    contents: Sequence[Sequence[Hashable]], n_folds: int, seed: int = 0
) -> NDArray[np.int64]:
    """Return int64 (n,): a fold for each product.

    Args:
        contents: The hashes of each product's pictures: a picture never lies in two folds.
        n_folds: How many folds.
        seed: Of the order in which groups are assigned.
    """
    groups = _groups(contents)
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    fold = {int(name): i % n_folds for i, name in enumerate(names)}
    return np.asarray([fold[int(g)] for g in groups], dtype=np.int64)


def _groups(contents: Sequence[Sequence[Hashable]]) -> NDArray[np.int64]:
    """Return int64 (n,), group numbers: products that share a picture are in one group."""
    above = list(range(len(contents)))

    def top(one: int) -> int:
        while above[one] != one:
            one = above[one]
        return one

    first: dict[Hashable, int] = {}
    for i, hashes in enumerate(contents):
        for content in hashes:
            above[top(i)] = top(first.setdefault(content, i))
    return np.asarray([top(i) for i in range(len(contents))], dtype=np.int64)
