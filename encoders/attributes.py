"""A product's attributes as one vector: TF-IDF-weighted, in the text encoder's space.

a = unit(sum over values t of tf(t) idf(t) W e(t)). Every value is encoded as a *query*, because it
is compared with queries. W decorrelates the catalogue's values (``encoders.decorrelation``):
without it a sum of 100 values hardly reveals any one of them, as cosines of e5 lie in 0.77-0.91.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from encoders.atomic_io import read_record, write_atomically
from encoders.cache import content_key
from encoders.card import digest_of
from encoders.decorrelation import Decorrelation
from encoders.protocol import TextEncoder, Vectors, unit_rows
from mappings.errors import InputError

if TYPE_CHECKING:
    from mappings.product import Product


_FORM = "attribute as query, 2"
"""Version of a value's encoding: part of the spool's keys and of the digest."""


def attribute_terms(product: Product) -> tuple[str, ...]:
    """Return the product's attributes as ``name=value``: the shop's own, then extracted ones."""
    return product.tags + product.found_tags


def attribute_text(term: str) -> str:
    """Return the text that is embedded for a term: ``neck_line=V neck`` is ``neck line: V neck``.

    Args:
        term: ``name=value``.
    """
    name, _, value = term.partition("=")
    return f"{name.replace('_', ' ').strip()}: {value.strip()}" if value else name


def attribute_key(term: str) -> str:
    """Return the spool's key of a term's vector, distinct from that of an equal product text.

    Args:
        term: ``name=value``.
    """
    return content_key(f"{_FORM}\n{attribute_text(term)}")


def encode_terms(encoder: TextEncoder, terms: Sequence[str]) -> Vectors:
    """Return float32 (n, d) unit rows, the vectors of ``attribute_text`` of each term.

    Args:
        encoder: Of the shared space.
        terms: ``name=value`` each.
    """
    return encoder.encode_query([attribute_text(term) for term in terms])


@dataclass(frozen=True, slots=True)
class AttributeWeights:
    """IDF weights of attributes, from a catalogue.

    Args:
        n_products: Products counted.
        document_frequency: ``name=value`` to the number of products that have it.
        decorrelation: Decorrelates the catalogue's values; ``None`` for the identity.
    """

    n_products: int
    document_frequency: Mapping[str, int]
    decorrelation: Decorrelation | None = None

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with any count and with the decorrelation."""
        apart = self.decorrelation.digest if self.decorrelation else ""
        return digest_of([_FORM, self.n_products, dict(self.document_frequency), apart])

    def decorrelated(self, embeddings: Vectors) -> AttributeWeights:
        """Return the same counts with the decorrelation of a sample of the catalogue's values.

        Args:
            embeddings: float32 (n, d) unit rows of ``encode_terms``, each value once. With fewer
                than two different ones there is no decorrelation.
        """
        return replace(self, decorrelation=Decorrelation.fit(embeddings))

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
        """Return ln((1 + N) / (1 + df)) + 1, at least 1; an unknown term has the largest weight.

        Source: Salton & Buckley, Term-weighting approaches in automatic text retrieval, 1988, in
        the smoothed form of scikit-learn's ``TfidfTransformer``.
        """
        seen = min(self.document_frequency.get(term, 0), self.n_products)
        return math.log((1 + self.n_products) / (1 + seen)) + 1.0

    def save(self, path: Path) -> None:
        """Write the counts as JSON, the decorrelation as safetensors beside it."""
        if self.decorrelation is not None:
            self.decorrelation.save(path.with_suffix(".safetensors"))
        record = {
            "n_products": self.n_products,
            "document_frequency": dict(self.document_frequency),
            "decorrelated": self.decorrelation is not None,
        }
        write_atomically(path, json.dumps(record, ensure_ascii=False, indent=1))

    @classmethod
    def load(cls, path: Path) -> AttributeWeights:
        """Return the counts that ``save`` wrote.

        Raises:
            InputError: The file is missing, or holds something else.
        """
        cure = "Fit them again, or restore the space folder from where it was made."
        with read_record(path, "attribute weights", cure) as record:
            frequency = {str(k): int(v) for k, v in record["document_frequency"].items()}
            beside = path.with_suffix(".safetensors") if record.get("decorrelated") else None
            found = cls(
                int(record["n_products"]), frequency, Decorrelation.load(beside) if beside else None
            )
        return found


def attribute_vector(
    terms: Sequence[str], embeddings: Vectors, weights: AttributeWeights
) -> Vectors:
    """Return unit(sum over terms of tf(t) idf(t) W e(t)): the vector *a* of a product.

    tf is how often a term occurs in ``terms``: once in a product. Without a decorrelation
    W is the identity.
    Source: the TF-IDF weighting of Salton & Buckley, 1988, over term embeddings; for W see
    ``Decorrelation``.

    Args:
        terms: ``name=value``, at least one.
        embeddings: float32 (n, d) unit rows of ``encode_terms``.
        weights: The catalogue's counts and decorrelation.

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
    apart = weights.decorrelation
    summed = (idf[:, None] * embeddings).sum(axis=0)
    if apart is not None:
        summed = apart.matrix.astype(np.float64) @ summed
    return np.asarray(unit_rows(summed[None])[0])
