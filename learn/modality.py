"""How much each modality counts, by how well it tells a product from the others.

A watch and its picture say more than its title "Bolo Sport Watch"; of a training video the title
says everything and the cover nothing. Weights that a product or its category keeps for itself can
follow that, where one weight for all cannot. Whether it pays is measured (``bench/pictures.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import softmax_rows
from mappings.errors import InputError

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
TEMPERATURE = 1.0
"""Of the softmax over margins, which are in standard deviations."""
PRIOR = 8.0
"""Queries that the wider level counts as: a product leans on its category, that on all."""


@dataclass(frozen=True, slots=True, eq=False)
class ModalityWeights:
    """Weights of k modalities for every product.

    Args:
        everywhere: float64 (k,), for products that nothing is known of; adds up to 1.
        products: float64 (p, k), rows add up to 1.
    """

    everywhere: Floats
    products: Floats

    def fuse(self, similarities: Floats) -> Floats:
        """Return the weighted sum, float64 (q, p), of similarities (q, p, k) on a common scale."""
        found: Floats = np.einsum("qpk,pk->qp", similarities, self.products)
        return found


def standardised(similarities: Floats) -> Floats:
    """Return each modality's similarities in its own standard deviations over all products.

    Args:
        similarities: float64 (q, p, k); NaN where a product lacks a modality.

    Returns:
        float64 (q, p, k); 0, the mean, where it is lacking.
    """
    middle = np.nanmean(similarities, axis=(0, 1))
    spread = np.nanstd(similarities, axis=(0, 1)) + 1e-12
    return np.asarray(np.nan_to_num((similarities - middle) / spread, nan=0.0))


def margins(similarities: Floats, own: Numbers) -> Floats:
    """Return how far each query's own product stands above the others, float64 (q, k).

    In standard deviations of the others' similarities, by each modality alone.

    Args:
        similarities: float64 (q, p, k).
        own: int64 (q,), the product that each query is of.
    """
    rows = np.arange(len(own))
    mine = similarities[rows, own]
    others = similarities.copy()
    others[rows, own] = np.nan
    return np.asarray((mine - np.nanmean(others, axis=1)) / (np.nanstd(others, axis=1) + 1e-12))


def learn_weights(
    similarities: Floats,
    own: Numbers,
    categories: Sequence[str],
    *,
    temperature: float = TEMPERATURE,
    prior: float = PRIOR,
    by_product: bool = True,
) -> ModalityWeights:
    """Return weights by how well each modality identifies its own product.

    w = softmax(m / temperature), m a product's mean margins, shrunk towards its category's, these
    towards all products': (n m_own + prior m_wider) / (n + prior). The softmax over modalities is
    the attention of Vaswani et al., Attention Is All You Need, 2017, with margins as its scores.

    Args:
        similarities: float64 (q, p, k) on a common scale (``standardised``), of queries that
            each belong to one product, such as sentences of descriptions.
        own: int64 (q,), the product of each query.
        categories: The category of each product.
        temperature: Above 0; the higher, the more alike are the weights.
        prior: At least 0.
        by_product: Whether a product has weights of its own, or only its category.

    Raises:
        InputError: There is no query.
    """
    if not len(own):
        raise InputError(
            "Modality weights cannot be learned without a query.",
            "Give at least one sentence for some of the products.",
        )
    found = margins(similarities, own)
    count, k = similarities.shape[1], similarities.shape[2]
    _, group = np.unique(np.array(categories), return_inverse=True)
    everywhere = found.mean(axis=0)
    of_group = _shrunk(found, group[own], int(group.max()) + 1, everywhere[None], prior)[group]
    scores = of_group
    if by_product:
        scores = _shrunk(found, own, count, of_group, prior)
    assert scores.shape == (count, k)
    return ModalityWeights(
        softmax_rows(everywhere[None] / temperature)[0], softmax_rows(scores / temperature)
    )


def attended(similarities: Floats, temperature: float = TEMPERATURE) -> Floats:
    """Return sum_k softmax_k(s_k / temperature) s_k, float64 (q, p): the query decides.

    Nothing is learned or stored: what a product answers best counts most.

    Args:
        similarities: float64 (q, p, k) on a common scale.
        temperature: Above 0.
    """
    return np.asarray((softmax_rows(similarities / temperature) * similarities).sum(axis=-1))


def _shrunk(rows: Floats, groups: Numbers, count: int, wider: Floats, prior: float) -> Floats:
    """Return each group's mean of rows, shrunk towards what is known more widely, (count, k)."""
    total = np.zeros((count, rows.shape[1]))
    np.add.at(total, groups, rows)
    sizes = np.bincount(groups, minlength=count)[:, None]
    return np.asarray((total + prior * wider) / (sizes + prior))
