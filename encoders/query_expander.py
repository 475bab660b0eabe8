"""Expands a text query for picture search: the vector that pictures are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from encoders.adapter import QueryAdapter, with_parts
from encoders.concepts.concept_expander import ConceptExpander, PendingMeanings
from encoders.concepts.concept_space import LikelyConcept
from encoders.protocol import Vectors

REPORTED = 0.5
"""Relative length of the concept part from which on the concepts are reported to the user."""


@dataclass(frozen=True, slots=True, eq=False)
class ExpandedQuery:
    """A query expanded for picture search.

    Args:
        vector: float32 (d,), to compare pictures with; unit length.
        concepts: The concepts that it was moved towards, the likeliest first; none where the
            concept part is shorter than ``REPORTED``.
    """

    vector: Vectors
    concepts: tuple[LikelyConcept, ...] = ()


class VisualQueryExpander:
    """Moves a query's vector to where pictures of what it names lie.

    Towards the concepts that its words name, according to dictionaries (``ConceptExpander``); and
    along the map from this catalogue's titles to its pictures (``QueryAdapter``).

    Args:
        concepts: Finds the concepts.
        adapter: Of the head that pictures go through, ``None`` where it has none.
    """

    def __init__(self, concepts: ConceptExpander, adapter: QueryAdapter | None = None) -> None:
        self.concepts, self.adapter = concepts, adapter

    def warm(self) -> None:
        """Load what only some queries need, before the first of them."""
        self.concepts.warm()

    def close(self) -> None:
        """End the threads of the concept expander."""
        self.concepts.close()

    def start_lookup(self, text: str) -> PendingMeanings:
        """Look a text up, and start to encode its meanings in another thread where that is needed.

        Args:
            text: The query's words.

        Returns:
            What waits for the text's meanings and returns them.
        """
        return self.concepts.start_lookup(text)

    def expand(
        self, text: str, vector: Vectors, meanings: PendingMeanings | None = None
    ) -> ExpandedQuery | None:
        """Return the expanded query, ``None`` where the words' own vector is right.

        It is as far from the mean of all texts as ``vector`` is.

        Args:
            text: The query's words.
            vector: float32 (d,), the words encoded as a query.
            meanings: What ``start_lookup`` gave for the text; looked up now where left out.
        """
        shift, adapted = self.concepts.shift(text, vector, meanings), self._adapted(vector)
        parts = [one for one in (shift.part if shift else None, adapted) if one is not None]
        if not parts:
            return None
        space = self.concepts.space
        moved: Vectors = with_parts(vector[None], np.sum(parts, axis=0)[None], space.mean)[0]
        likely = space.likely_concepts(shift.chances) if shift and shift.length >= REPORTED else ()
        return ExpandedQuery(moved, likely)

    def expanded_vector(
        self, text: str, vector: Vectors, meanings: PendingMeanings | None = None
    ) -> Vectors | None:
        """Return the vector of ``expand`` alone, float32 (d,)."""
        expanded = self.expand(text, vector, meanings)
        return None if expanded is None else expanded.vector

    def _adapted(self, vector: Vectors) -> Vectors | None:
        if self.adapter is None:
            return None
        part: Vectors = self.adapter.part(vector[None])[0]
        return part
