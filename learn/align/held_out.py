"""Measures an alignment by cross-validation over products."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from encoders.adapter import QueryAdapter, adapter_of
from encoders.head import Head
from encoders.protocol import Vectors
from learn.align.measures import interval, own_pictures, precision_at
from learn.align.pairs import Pairs
from mappings.errors import InputError

FOLDS = 4
CUT = 10
DECIDING = ("title finds own picture", "recall@10 of own pictures", "precision@10 of category")
"""The measures whose mean selects the form, as far as they exist for the catalogue."""
Values = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """The queries of a catalogue by which an alignment is judged.

    Args:
        titles: float32 (products, d), each product's title as a query, zeros for none.
        titled: bool (products,), whether it has one.
        categories: float32 (c, d), each category's name as a query.
        category_index: int64 (products,), the category of each product, -1 for none.
    """

    titles: Vectors
    titled: NDArray[np.bool_]
    categories: Vectors
    category_index: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure's mean and its 95 % bootstrap interval over ``count`` questions."""

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Measured:
        """Return the summary of values, one a question."""
        return cls(*interval(values), len(values))


def measure_held_out(
    pairs: Pairs,
    folds: NDArray[np.int64],
    questions: Questions,
    fit: Callable[[Pairs, NDArray[np.int64]], Head],
    advance: Callable[[int, int], None] = lambda *_: None,
) -> Values:
    """Return measure to values, one for each question about held-out products.

    Args:
        pairs: Everything.
        folds: int64 (products,), the fold of each product; ``pairs.products`` are its places.
        questions: The queries.
        fit: Fits a head on some pairs; the second argument is their rows in ``pairs``.
        advance: Called with the numbers of folds done and in all.
    """
    found: dict[str, list[NDArray[np.float64]]] = {}
    kept = np.unique(folds)
    for done, fold in enumerate(kept):
        advance(done, len(kept))
        of_row = folds[pairs.products]
        train, test = np.flatnonzero(of_row != fold), np.flatnonzero(of_row == fold)
        if len(train) < 2 or not len(test):
            continue
        head = fit(part(pairs, train), train)
        vectors = head.apply(pairs.features[test])
        asked = _adapted(questions, adapter_of(head))
        for name, values in _ask(vectors, pairs.products[test], asked).items():
            found.setdefault(name, []).append(values)
    advance(len(kept), len(kept))
    return {name: np.concatenate(values) for name, values in found.items()}


def part(pairs: Pairs, rows: NDArray[np.int64]) -> Pairs:
    """Return some of the pictures, with their texts."""
    weights = pairs.weights[rows]
    used = np.flatnonzero(weights.any(axis=0))
    return Pairs(pairs.features[rows], pairs.vectors[used], weights[:, used], pairs.products[rows])


def score(values: Values) -> float:
    """Return the mean of the deciding measures that exist.

    Raises:
        InputError: None is.
    """
    found = [values[name].mean() for name in DECIDING if name in values]
    if not found:
        raise InputError(
            f"Nothing can be measured: of the products, a part in {FOLDS} is left out in turn, and"
            f" it must show more than {CUT} pictures that no other product shows.",
            "Until there are more, `shelfsight ingest` fits a projection that is not measured.",
        )
    return float(np.mean(found))


def _adapted(questions: Questions, adapter: QueryAdapter | None) -> Questions:
    """Return the questions after the query adapter, as in a search."""
    if adapter is None:
        return questions
    return replace(
        questions,
        titles=adapter.adapt(questions.titles),
        categories=adapter.adapt(questions.categories),
    )


def _ask(vectors: Vectors, owners: NDArray[np.int64], questions: Questions) -> Values:
    products = np.unique(owners)
    titled = products[questions.titled[products]]
    found: dict[str, NDArray[np.float64]] = {}
    if len(titled) > 1 and len(owners) > CUT:  # among fewer, ten results would contain everything
        own: list[Sequence[int]] = [np.flatnonzero(owners == p).tolist() for p in titled]
        hit, recall = own_pictures(questions.titles[titled], vectors, own, CUT)
        found |= {DECIDING[0]: hit, DECIDING[1]: recall}
    kinds = questions.category_index[owners]
    asked = np.array([k for k in np.unique(kinds[kinds >= 0]) if (kinds == k).sum() >= CUT])
    if len(asked) > 1:
        found[DECIDING[2]] = precision_at(
            questions.categories[asked], asked, vectors, kinds, min(CUT, len(kinds))
        )
    several = np.flatnonzero([(owners == owners[i]).sum() > 1 for i in range(len(owners))])
    if len(several) > 2:
        table = vectors[several] @ vectors[several].T
        np.fill_diagonal(table, -np.inf)
        near = owners[several][table.argmax(axis=1)]
        found["nearest other picture is the same product's"] = (near == owners[several]).astype(
            np.float64
        )
    return found
