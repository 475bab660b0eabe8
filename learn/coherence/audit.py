"""Audits a catalogue: each product by models fitted on the others, the least plausible first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from encoders.protocol import Vectors, unit_rows
from learn.align.folds import product_folds
from learn.coherence.audit_dataset import AuditDataset
from learn.coherence.check import FEWEST, Check, fit_check
from learn.coherence.readers import ClaimReader, Numbers
from learn.coherence.reasons import Reason, reasons
from mappings.errors import InputError

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """The result for one product.

    Args:
        product: Its number.
        probability: That the pictures are its own, at even prior odds, in [0, 1].
        reasons: Why they may not be, the strongest first.
        resembles: The other product whose pictures are the nearest to these.
    """

    product: int
    probability: float
    reasons: tuple[Reason, ...]
    resembles: int


def audit(
    dataset: AuditDataset,
    contents: Sequence[Sequence[Hashable]],
    *,
    limit: int = 50,
    seed: int = 0,
    on_fold: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Finding, ...]:
    """Return the products whose pictures agree least with their words, the worst first.

    The catalogue is split into folds; each is checked by models fitted on the others. Products that
    share a picture are in one fold.

    Args:
        dataset: The catalogue.
        contents: The hashes of each product's pictures.
        limit: How many to return.
        seed: Of folds and swaps.
        on_fold: Called with the numbers of folds done and in all.

    Raises:
        InputError: The catalogue is too small, or claims nothing that pictures could show.
    """
    folds = product_folds(contents, FOLDS, seed)
    pictured = np.unique(dataset.owners)
    if min(np.count_nonzero(folds[pictured] != fold) for fold in range(FOLDS)) < FEWEST:
        raise InputError(
            f"{len(pictured)} products have pictures; to learn what their words look like, at least"
            f" {FEWEST * FOLDS // (FOLDS - 1)} must show pictures that no other product shows.",
            "Ingest more products with pictures of their own.",
        )
    scored: list[tuple[float, int, int]] = []
    checks: list[Check] = []
    for fold in range(FOLDS):
        checks.append(fit_check(dataset, np.flatnonzero(folds != fold), contents, seed))
        held = pictured[folds[pictured] == fold]
        chances = checks[-1].probability(dataset, held, held)
        scored += [(float(c), int(p), fold) for c, p in zip(chances, held, strict=True)]
        on_fold(fold + 1, FOLDS)
    scored.sort()
    told = visible(checks, dataset, [pictured[folds[pictured] == f] for f in range(FOLDS)])
    listed = [(chance, p, reasons(checks[f], dataset, p, told)) for chance, p, f in scored[:limit]]
    near = _nearest(dataset, np.array([p for _, p, _ in listed], dtype=np.int64))
    return tuple(
        Finding(p, chance, why, other) for (chance, p, why), other in zip(listed, near, strict=True)
    )


def visible(
    checks: Sequence[Check], dataset: AuditDataset, held: Sequence[Numbers]
) -> dict[str, float]:
    """Return how well pictures predict each claim: the correlation over held-out products.

    Args:
        checks: One a fold.
        dataset: The catalogue.
        held: The held-out products of each check.

    Returns:
        Claim to a number in [-1, 1]; absent where no check knows the claim.
    """
    pairs: dict[str, list[tuple[float, float]]] = {}
    for check, products in zip(checks, held, strict=True):
        for reader in check.readers:
            if isinstance(reader, ClaimReader) and len(products):
                true, _ = reader.claimed(dataset, products)
                seen = reader.observed(dataset, products)
                for n, name in enumerate(reader.names):
                    pairs.setdefault(name, []).extend(zip(seen[:, n], true[:, n], strict=True))
    found = {}
    for name, rows in pairs.items():
        seen_, true_ = np.array(rows).T
        spread = seen_.std() * true_.std()
        covariance = ((seen_ - seen_.mean()) * (true_ - true_.mean())).mean()
        found[name] = float(covariance / spread) if spread > 0 else 0.0
    return found


def _nearest(dataset: AuditDataset, products: Numbers) -> list[int]:
    """Return for each of the products the other whose pictures are the nearest on average."""
    every = np.unique(dataset.owners)
    means: Vectors = np.zeros((dataset.products, dataset.features.shape[1]), dtype=np.float32)
    np.add.at(means, dataset.owners, dataset.features)
    rows = unit_rows(means[every])
    rows = unit_rows(rows - rows.mean(axis=0))
    found = []
    for product in products.tolist():
        mine = int(np.searchsorted(every, product))
        likeness = rows @ rows[mine]
        likeness[mine] = -np.inf
        found.append(int(every[int(np.argmax(likeness))]))
    return found
