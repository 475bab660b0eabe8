"""What a query's words look like: the vector to ask pictures with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from encoders.adapter import QueryAdapter, with_parts
from encoders.kinds.kinds import Likeness
from encoders.kinds.reader import KindReader, Meant
from encoders.protocol import Vectors

TOLD = 0.5
"""Length of the kinds' part against the words' own from which on the kinds are told."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a query's words look like.

    Args:
        vector: float32 (d,), to ask pictures with; unit length.
        kinds: The kinds of things that it was moved towards, the likeliest first; none where it
            was moved by less than half of the words' own length.
    """

    vector: Vectors
    kinds: tuple[Likeness, ...] = ()


class Sight:
    """Moves a query's vector to where pictures of what it names lie.

    Towards the kinds of things that its words name, as dictionaries know them (``KindReader``);
    and as this catalogue's titles lie to its pictures (``QueryAdapter``).

    Args:
        reader: Knows the kinds.
        adapter: Of the head that pictures go through, ``None`` where it has none.
    """

    def __init__(self, reader: KindReader, adapter: QueryAdapter | None = None) -> None:
        self.reader, self.adapter = reader, adapter

    def warm(self) -> None:
        """Load what only some queries need, before the first of them."""
        self.reader.warm()

    def close(self) -> None:
        """End the reader's threads."""
        self.reader.close()

    def begin(self, text: str) -> Meant:
        """Look a text up, and begin to read what that takes encoding for, beside the caller.

        Args:
            text: The query's words.

        Returns:
            What gives the readings of the text's meanings, and waits for them.
        """
        return self.reader.begin(text)

    def look(self, text: str, vector: Vectors, meant: Meant | None = None) -> Look | None:
        """Return what to ask pictures with, ``None`` where the words' own vector is right.

        It is as far from what all texts share as ``vector`` is.

        Args:
            text: The query's words.
            vector: float32 (d,), the words as a query.
            meant: What ``begin`` gave for the text; looked up now where left out.
        """
        pull, part = self.reader.pull(text, vector, meant), self._adapted(vector)
        parts = [one for one in (pull.part if pull else None, part) if one is not None]
        if not parts:
            return None
        kinds = self.reader.kinds
        moved: Vectors = with_parts(vector[None], np.sum(parts, axis=0)[None], kinds.mean)[0]
        told = kinds.likenesses(pull.chances) if pull and pull.counts >= TOLD else ()
        return Look(moved, told)

    def seen(self, text: str, vector: Vectors, meant: Meant | None = None) -> Vectors | None:
        """Return the vector of ``look`` alone, float32 (d,)."""
        found = self.look(text, vector, meant)
        return None if found is None else found.vector

    def _adapted(self, vector: Vectors) -> Vectors | None:
        if self.adapter is None:
            return None
        found: Vectors = self.adapter.part(vector[None])[0]
        return found
