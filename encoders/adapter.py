"""How titles lie to pictures, learned of a catalogue: what is added to a query for pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import Vectors, unit_rows

if TYPE_CHECKING:
    from encoders.head import Head


@dataclass(frozen=True, slots=True, eq=False)
class QueryAdapter:
    """What is added to a query's vector before it asks pictures: (x - mean) A + g |x - mean| n.

    g is 1 for a text that begins with a woman's first name, -1 for a man's, else 0
    (``encoders.kinds.names``).

    A head takes pictures to where their texts lie, as far as a picture tells. What it cannot tell
    it leaves out, and brings a part that texts lack (``AlignedHead``). The adapter comes the other
    way: from where titles lie to where pictures of such titles were found.
    ``learn.align.adapt`` fits it.

    Args:
        matrix: A, float32 (d, d).
        mean: float32 (d,), the mean of the titles.
        named: n, float32 (d,), where products lie whose titles begin with a woman's name, opposite
            to a man's; empty where names say nothing here.
    """

    matrix: Vectors
    mean: Vectors
    named: Vectors = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    def part(self, rows: NDArray[np.floating], genders: Vectors) -> Vectors:
        """Return float32 (n, d): what is to be added to queries.

        Args:
            rows: float (n, d), queries, unit length.
            genders: g, float32 (n,), of the queries' texts.
        """
        own = rows - self.mean
        # Not "@": BLAS's threads spin on after so small a product, in the way of the encoder.
        found: Vectors = np.einsum("nd,de->ne", own, self.matrix).astype(np.float32)
        if len(self.named) and genders.any():
            found += np.outer(genders * np.linalg.norm(own, axis=1), self.named)
        return found

    def asked(self, rows: NDArray[np.floating], genders: Vectors) -> Vectors:
        """Return float32 (n, d) unit rows: queries with their part, as far from the mean as before.

        Args:
            rows: float (n, d), queries, unit length.
            genders: g, float32 (n,), of the queries' texts.
        """
        return with_parts(rows, self.part(rows, genders), self.mean)


def with_parts(rows: NDArray[np.floating], parts: NDArray[np.floating], mean: Vectors) -> Vectors:
    """Return rows with parts added that are as far from the mean as they were, float32 (n, d).

    So a signal's scale, measured by how far apart texts lie, stays right for them.

    Args:
        rows: float (n, d), unit length.
        parts: float (n, d).
        mean: float32 (d,), what all texts share.
    """
    own = rows - mean
    lengths = np.linalg.norm(own, axis=1, keepdims=True)
    return unit_rows(mean + lengths * unit_rows(own + parts))


def adapter_of(head: Head | None) -> QueryAdapter | None:
    """Return the adapter that a head was fitted with, ``None`` where it has none."""
    found: QueryAdapter | None = getattr(head, "adapter", None)
    return found
