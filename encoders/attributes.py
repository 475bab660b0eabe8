"""A product's attributes as one vector: TF-IDF-weighted, in the text encoder's space."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from encoders.card import digest_of
from encoders.protocol import Vectors, unit_rows
from mappings.errors import InputError

if TYPE_CHECKING:
    from mappings.product import Product


def attribute_terms(product: Product) -> tuple[str, ...]:
    """Return the product's attributes as ``name=value``, in the order given."""
    return product.tags


def attribute_text(term: str) -> str:
    """Return the text that is embedded for a term: ``neck_line=V neck`` is ``neck line: V neck``.

    Args:
        term: ``name=value``.
    """
    name, _, value = term.partition("=")
    return f"{name.replace('_', ' ').strip()}: {value.strip()}" if value else name


@dataclass(frozen=True, slots=True)
class AttributeWeights:
    """How telling each attribute is, from a catalogue.

    Args:
        n_products: Products counted.
        document_frequency: ``name=value`` to the number of products that have it.
    """

    n_products: int
    document_frequency: Mapping[str, int]

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with any count."""
        return digest_of([self.n_products, dict(self.document_frequency)])

    @classmethod
    def fit(cls, products: Iterable[Product]) -> AttributeWeights:
        """Return the counts over a catalogue; the products are read once and not kept."""
        count = 0
        frequency: Counter[str] = Counter()
        for product in products:
            count += 1
            frequency.update(set(attribute_terms(product)))
        return cls(count, dict(sorted(frequency.items())))

    def idf(self, term: str) -> float:
        """Return ln((1 + N) / (1 + df)) + 1, at least 1; a term never seen weighs most.

        Source: Salton & Buckley, Term-weighting approaches in automatic text retrieval, 1988, in
        the smoothed form of scikit-learn's ``TfidfTransformer``.
        """
        seen = min(self.document_frequency.get(term, 0), self.n_products)
        return math.log((1 + self.n_products) / (1 + seen)) + 1.0

    def save(self, path: Path) -> None:
        """Write the counts as JSON, whole or not at all."""
        record = {
            "n_products": self.n_products,
            "document_frequency": dict(self.document_frequency),
        }
        writing = path.with_name(f".{path.name}-{os.getpid()}")
        writing.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(writing, path)

    @classmethod
    def load(cls, path: Path) -> AttributeWeights:
        """Return the counts that ``save`` wrote.

        Raises:
            InputError: The file is missing, or holds something else.
        """
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            frequency = {str(k): int(v) for k, v in record["document_frequency"].items()}
            return cls(int(record["n_products"]), frequency)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"No attribute weights can be read from {str(path)!r}: {error}.",
                "Fit them again, or restore the space folder from where it was made.",
            ) from None


def attribute_vector(
    terms: Sequence[str], embeddings: Vectors, weights: AttributeWeights
) -> Vectors:
    """Return unit(sum over terms of tf(t) idf(t) e(t)): the vector *a* of a product.

    tf is how often a term stands in ``terms``: once, in a product's own.
    Source: the TF-IDF weighting of Salton & Buckley, 1988, over term embeddings.

    Args:
        terms: ``name=value``, at least one.
        embeddings: float32 (n, d) unit rows, of ``attribute_text`` of each term.
        weights: The catalogue's counts.

    Returns:
        float32 (d,), unit length.

    Raises:
        InputError: Terms and rows do not pair, or there are none.
    """
    if not terms or len(terms) != len(embeddings):
        raise InputError(
            f"{len(terms)} attribute terms and {len(embeddings)} embeddings do not pair.",
            "Give one row for each term, and leave out products without attributes.",
        )
    idf = np.array([weights.idf(term) for term in terms])
    return np.asarray(unit_rows((idf[:, None] * embeddings).sum(axis=0)[None])[0])
