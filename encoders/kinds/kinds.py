"""Kinds of things in a text encoder's space: which kinds a text is near, and where they lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from encoders.kinds.lexicon import Concept
from encoders.protocol import Vectors, unit_rows

SHARP = 20.0
"""Of the kernel exp(SHARP * cosine): a term at 0.1 more counts seven times as much."""
MOST, LEAST = 3, 0.15
"""Kinds that a text is said to look like, and the share below which none is."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A kind of thing that a query's words look like.

    Args:
        en: The first of the lexicon's English terms for it.
        zh: The first of its Chinese terms.
        share: How much of what they look like it is, in (0, 1].
    """

    en: str
    zh: str
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """The lexicon's terms in a text encoder's space.

    Args:
        names: The kinds, such as ``shoes``.
        terms: What they are called, in both languages.
        kind_of: int64 (t,), the kind of each term.
        vectors: float32 (t, d), each term as a query without the mean, unit length.
        mean: float32 (d,), what the vectors of all texts share.
    """

    names: tuple[str, ...]
    terms: tuple[str, ...]
    kind_of: NDArray[np.int64]
    vectors: Vectors
    mean: Vectors
    _roots: NDArray[np.float64] = field(init=False, repr=False)
    _called: tuple[tuple[str, str], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = np.bincount(self.kind_of, minlength=len(self.names)).clip(1)
        called = (self._first_terms(kind) for kind in range(len(self.names)))
        object.__setattr__(self, "_roots", np.sqrt(sizes))
        object.__setattr__(self, "_called", tuple(called))

    @classmethod
    def of(
        cls, encode_query: Callable[[Sequence[str]], Vectors], concepts: Sequence[Concept]
    ) -> Kinds:
        """Return the kinds of a lexicon, without those that look like nothing in particular.

        Args:
            encode_query: Gives the terms' vectors as queries, float32 (t, d).
            concepts: The lexicon.
        """
        wide = shapeless(concepts)
        concepts = [c for c in concepts if c.name not in wide]
        told = [(term, place) for place, c in enumerate(concepts) for term in c.terms]
        terms = tuple(term for term, _ in told)
        rows = encode_query(terms)
        is_latin = np.array([term.isascii() for term in terms])
        halves = [rows[side].mean(axis=0) for side in (is_latin, ~is_latin) if side.any()]
        mean = np.mean(halves, axis=0).astype(np.float32)
        places = np.array([place for _, place in told])
        return cls(tuple(c.name for c in concepts), terms, places, unit_rows(rows - mean), mean)

    @property
    def centres(self) -> Vectors:
        """Return float32 (k, d) unit rows: the mean of each kind's terms."""
        found = np.zeros((len(self.names), self.vectors.shape[1]), dtype=np.float32)
        np.add.at(found, self.kind_of, self.vectors)
        return unit_rows(found)

    def likenesses(self, chances: Vectors) -> tuple[Likeness, ...]:
        """Return the few likeliest kinds, the first first.

        Args:
            chances: float32 (k,), how much a text is of each kind.
        """
        found = []
        for kind in np.argsort(-chances, kind="stable")[:MOST]:
            share = float(chances[kind])
            if share >= LEAST:
                found.append(Likeness(*self._called[int(kind)], round(share, 3)))
        return tuple(found)

    def _first_terms(self, kind: int) -> tuple[str, str]:
        own = [self.terms[int(t)] for t in np.flatnonzero(self.kind_of == kind)]
        en = next((term for term in own if term.isascii()), self.names[kind])
        return en, next((term for term in own if not term.isascii()), "")

    def attend(self, rows: Vectors) -> tuple[Vectors, Vectors]:
        """Return how much a text is of each kind, and how near its nearest term is.

        A kernel density estimate over the terms, as in nearest-neighbour classification. A kind
        counts by the square root of its number of terms: neither its sum nor its mean.

        Source: Nadaraya, On estimating regression, 1964; Watson, Smooth regression analysis, 1964.

        Args:
            rows: float32 (n, d), texts as queries without the mean, unit length.

        Returns:
            float32 (n, k), each row adding up to 1, and float32 (n,) cosines.
        """
        # Not "@": BLAS's threads spin on after so small a product, in the way of the encoder.
        near = np.einsum("nd,td->nt", rows, self.vectors)
        best = near.max(axis=1)
        kernel = np.exp(SHARP * (near - best[:, None]))
        count = len(self.names)
        found = np.array([np.bincount(self.kind_of, row, minlength=count) for row in kernel])
        found /= self._roots
        found /= found.sum(axis=1, keepdims=True)
        return found.astype(np.float32), best.astype(np.float32)


def shapeless(concepts: Sequence[Concept]) -> frozenset[str]:
    """Return the widest kinds, such as clothing: those whose narrower kinds have narrower ones.

    A dictionary calls many a thing a garment; that says nothing of what it looks like.

    Args:
        concepts: The lexicon.
    """
    groups = {c.broader for c in concepts if c.broader}
    above = {c.broader for c in concepts if c.name in groups}
    return frozenset(c.name for c in concepts if not c.broader and c.name in above)
