"""The lexicon's concepts in a text encoder's space: which concepts a text is near."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from encoders.concepts.lexicon import Concept
from encoders.protocol import Vectors, unit_rows

SHARP = 20.0
"""Sharpness of the kernel exp(SHARP * cosine): a term that is 0.1 nearer counts seven times."""
MOST, LEAST = 3, 0.15
"""How many likely concepts are returned at most, and the share that each has at least."""


@dataclass(frozen=True, slots=True)
class LikelyConcept:
    """A concept that a query probably names.

    Args:
        en: The first of the lexicon's English terms for it.
        zh: The first of its Chinese terms.
        share: Its probability, in (0, 1].
    """

    en: str
    zh: str
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class ConceptSpace:
    """The lexicon's terms in a text encoder's space.

    Args:
        names: The concepts, such as ``shoes``.
        terms: Their terms, in both languages.
        concept_index: int64 (t,), the concept of each term.
        vectors: float32 (t, d), each term encoded as a query and centred, unit length.
        mean: float32 (d,), the mean of all texts.
    """

    names: tuple[str, ...]
    terms: tuple[str, ...]
    concept_index: NDArray[np.int64]
    vectors: Vectors
    mean: Vectors
    _roots: NDArray[np.float64] = field(init=False, repr=False)
    _first_terms: tuple[tuple[str, str], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = np.bincount(self.concept_index, minlength=len(self.names)).clip(1)
        first = (self._first_terms_of(concept) for concept in range(len(self.names)))
        object.__setattr__(self, "_roots", np.sqrt(sizes))
        object.__setattr__(self, "_first_terms", tuple(first))

    @classmethod
    def of(
        cls, encode_query: Callable[[Sequence[str]], Vectors], concepts: Sequence[Concept]
    ) -> ConceptSpace:
        """Return the space of a lexicon, without the concepts that have no shape of their own.

        Args:
            encode_query: Encodes the terms as queries, float32 (t, d).
            concepts: The lexicon.
        """
        wide = shapeless(concepts)
        concepts = [c for c in concepts if c.name not in wide]
        placed = [(term, place) for place, c in enumerate(concepts) for term in c.terms]
        terms = tuple(term for term, _ in placed)
        rows = encode_query(terms)
        is_latin = np.array([term.isascii() for term in terms])
        halves = [rows[side].mean(axis=0) for side in (is_latin, ~is_latin) if side.any()]
        mean = np.mean(halves, axis=0).astype(np.float32)
        places = np.array([place for _, place in placed])
        return cls(tuple(c.name for c in concepts), terms, places, unit_rows(rows - mean), mean)

    @property
    def centres(self) -> Vectors:
        """Return float32 (k, d) unit rows: the mean of each concept's terms."""
        sums = np.zeros((len(self.names), self.vectors.shape[1]), dtype=np.float32)
        np.add.at(sums, self.concept_index, self.vectors)
        return unit_rows(sums)

    def likely_concepts(self, chances: Vectors) -> tuple[LikelyConcept, ...]:
        """Return the few likeliest concepts, the likeliest first.

        Args:
            chances: float32 (k,), the probability of each concept.
        """
        likely = []
        for concept in np.argsort(-chances, kind="stable")[:MOST]:
            share = float(chances[concept])
            if share >= LEAST:
                likely.append(LikelyConcept(*self._first_terms[int(concept)], round(share, 3)))
        return tuple(likely)

    def _first_terms_of(self, concept: int) -> tuple[str, str]:
        own = [self.terms[int(t)] for t in np.flatnonzero(self.concept_index == concept)]
        en = next((term for term in own if term.isascii()), self.names[concept])
        return en, next((term for term in own if not term.isascii()), "")

    def attend(self, rows: Vectors) -> tuple[Vectors, Vectors]:
        """Return the probability of each concept, and the cosine of the nearest term.

        A kernel density estimate over the terms, as in nearest-neighbour classification. The sum
        over a concept's terms is divided by the square root of their number, which lies between
        the sum (large concepts win) and the mean (small ones do).

        Source: Nadaraya, On estimating regression, 1964; Watson, Smooth regression analysis, 1964.

        Args:
            rows: float32 (n, d), texts encoded as queries and centred, unit length.

        Returns:
            float32 (n, k), each row adding up to 1, and float32 (n,) cosines.
        """
        # Not "@": BLAS's threads spin on after so small a product, in the way of the encoder.
        near = np.einsum("nd,td->nt", rows, self.vectors)
        best = near.max(axis=1)
        kernel = np.exp(SHARP * (near - best[:, None]))
        count = len(self.names)
        sums = np.array([np.bincount(self.concept_index, row, minlength=count) for row in kernel])
        sums /= self._roots
        sums /= sums.sum(axis=1, keepdims=True)
        return sums.astype(np.float32), best.astype(np.float32)


def shapeless(concepts: Sequence[Concept]) -> frozenset[str]:
    """Return the widest concepts, such as clothing: those whose narrower ones have narrower ones.

    A dictionary calls many things a garment, which says nothing about their shape.

    Args:
        concepts: The lexicon.
    """
    groups = {c.broader for c in concepts if c.broader}
    above = {c.broader for c in concepts if c.name in groups}
    return frozenset(c.name for c in concepts if not c.broader and c.name in above)
