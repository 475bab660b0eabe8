"""The check: readers and their weights, fitted on pictures that are swapped on purpose."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learn.align.folds import product_folds
from learn.coherence.audit_dataset import AuditDataset
from learn.coherence.readers import (
    ClaimReader,
    ColourReader,
    Floats,
    Numbers,
    Reader,
    TitleReader,
)
from mappings.errors import InputError

SWAPS = 8
"""Other products whose pictures are paired with each product."""
INNER = 3
FEWEST = 20
SHRINK = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """Readers and a logistic combination of their agreements.

    Args:
        readers: At least one.
        middle: float64 (k,), the readers' mean over own and swapped pictures.
        scale: float64 (k,), their standard deviation.
        weights: float64 (k,), at least 0.
        bias: Such that 0.5 means even odds.
    """

    readers: tuple[Reader, ...]
    middle: Floats
    scale: Floats
    weights: Floats
    bias: float

    def probability(self, dataset: AuditDataset, claimed: Numbers, observed: Numbers) -> Floats:
        """Return float64 (p,): how probably the pictures of ``observed`` belong to ``claimed``.

        At even prior odds: as if half of all products had another's pictures. A reader that
        cannot judge a product has no influence.

        Args:
            dataset: Catalogue.
            claimed: int64 (p,), products whose claims are used.
            observed: int64 (p,), products whose pictures are used.
        """
        table = signals(self.readers, dataset, claimed, observed)
        z = np.nan_to_num((table - self.middle) / self.scale, nan=0.0)
        return np.asarray(1.0 / (1.0 + np.exp(-(z @ self.weights + self.bias))))

    def reader(self, kind: type[ClaimReader] | type[ColourReader]) -> Reader | None:
        """Return the reader of a kind, ``None`` where there is none."""
        return next((r for r in self.readers if isinstance(r, kind)), None)


def fit_check(
    dataset: AuditDataset,
    products: Numbers,
    contents: Sequence[Sequence[Hashable]],
    seed: int = 0,
) -> Check:
    """Return a check fitted on some of the products of a catalogue.

    Each of three parts is judged by readers fitted on the other two, with its own pictures and
    with those of others. So the readers' weights are fitted without labels.

    Args:
        dataset: Catalogue.
        products: int64 (p,), those to fit on.
        contents: The hashes of each product's pictures, for all products.
        seed: Of the parts and swaps.

    Raises:
        InputError: There are too few products with pictures, or they say nothing.
    """
    shown = np.intersect1d(products, dataset.owners)
    if len(shown) < FEWEST:
        raise InputError(
            f"{len(shown)} products have pictures; what their words look like cannot be learned"
            " from them.",
            f"Ingest at least {FEWEST} products with pictures.",
        )
    ready = fit_readers(dataset, shown)
    if not any(isinstance(r, ClaimReader | ColourReader) for r in ready):
        raise InputError(
            "The products say nothing that their pictures could be compared with.",
            "Ingest products with categories or attributes that several of them share.",
        )
    parts = product_folds([contents[p] for p in shown], INNER, seed)
    tables, truths = [], []
    for part in np.unique(parts):  # fewer than INNER where most products share a picture
        fitted = {r.name: r for r in fit_readers(dataset, shown[parts != part])}
        said, other = swapped(shown[parts == part], seed + part)
        tables.append(signals([fitted.get(r.name) for r in ready], dataset, said, other))
        truths.append(said == other)
    return _combined(ready, np.concatenate(tables), np.concatenate(truths))


def fit_readers(dataset: AuditDataset, products: Numbers) -> tuple[Reader, ...]:
    """Return the readers that these products can fit."""
    fitted: tuple[Reader | None, ...] = (
        ClaimReader.fit(dataset, products),
        TitleReader.fit(dataset, products),
        ColourReader.fit(dataset, products),
    )
    return tuple(reader for reader in fitted if reader is not None)


def signals(
    readers: Sequence[Reader | None], dataset: AuditDataset, claimed: Numbers, observed: Numbers
) -> Floats:
    """Return each reader's agreement for each pair, float64 (p, readers); NaN for no reader."""
    nothing = np.full(len(claimed), np.nan)
    found = [r.agreement(dataset, claimed, observed) if r else nothing for r in readers]
    return np.stack(found, axis=1)


def swapped(products: Numbers, seed: int, swaps: int = SWAPS) -> tuple[Numbers, Numbers]:
    """Return pairs (claimed, observed): each product with itself, then with other products.

    Args:
        products: int64 (p,).
        seed: Which others.
        swaps: How many others each.
    """
    draw = np.random.default_rng(seed)
    count = len(products)
    steps = [draw.permutation(count - 1)[: min(swaps, count - 1)] + 1 for _ in range(count)]
    said = np.concatenate([np.full(1 + len(s), i) for i, s in enumerate(steps)])
    shown = np.concatenate([np.append(i, (i + s) % count) for i, s in enumerate(steps)])
    return products[said], products[shown]


def _combined(readers: tuple[Reader, ...], table: Floats, own: NDArray[np.bool_]) -> Check:
    known = np.ma.masked_invalid(table)
    middle, scale = known.mean(axis=0).filled(0.0), known.std(axis=0).filled(1.0) + 1e-9
    z = np.nan_to_num((table - middle) / scale, nan=0.0)
    weights, bias = _logistic(z, own)
    return Check(readers, middle, scale, weights, bias)


def _logistic(z: Floats, own: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return weights, at least 0, and bias of a logistic regression, own and swapped balanced.

    Source: Cox, The regression analysis of binary sequences, 1958; solved by L-BFGS-B.
    """
    from scipy.optimize import minimize

    balance = np.where(own, 0.5 / own.sum(), 0.5 / (~own).sum())
    sign = np.where(own, 1.0, -1.0)
    wide = np.column_stack([z, np.ones(len(z))])

    def loss(theta: Floats) -> tuple[float, Floats]:
        margin = sign * (wide @ theta)
        slope = -balance * sign / (1.0 + np.exp(np.clip(margin, -50, 50)))
        shrunk = np.append(theta[:-1], 0.0)
        value = float(balance @ np.logaddexp(0.0, -margin) + SHRINK / 2 * (shrunk @ shrunk))
        return value, wide.T @ slope + SHRINK * shrunk

    bounds = [(0.0, None)] * z.shape[1] + [(None, None)]
    found = minimize(loss, np.zeros(wide.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B")
    return found.x[:-1], float(found.x[-1])
