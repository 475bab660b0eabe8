"""How titles lie to pictures, learned of a catalogue: what is added to a query for pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import Vectors, unit_rows

if TYPE_CHECKING:
    from encoders.head import Head


@dataclass(frozen=True, slots=True, eq=False)
class QueryAdapter:
    """What is added to a query's vector before it asks pictures: (x - mean) A.

    A head takes pictures to where their texts lie, as far as a picture tells. What it cannot tell
    it leaves out, and brings a part that texts lack (``AlignedHead``). The adapter comes the other
    way: from where titles lie to where pictures of such titles were found.
    ``learn.align.adapt`` fits it.

    Args:
        matrix: A, float32 (d, d).
        mean: float32 (d,), the mean of the titles.
    """

    matrix: Vectors
    mean: Vectors

    def part(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, d): what is to be added to queries.

        Args:
            rows: float (n, d), queries, unit length.
        """
        own = rows - self.mean
        # Not "@": BLAS's threads spin on after so small a product, in the way of the encoder.
        found: Vectors = np.einsum("nd,de->ne", own, self.matrix).astype(np.float32)
        return found

    def asked(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, d) unit rows: queries with their part, as far from the mean as before.

        Args:
            rows: float (n, d), queries, unit length.
        """
        return with_parts(rows, self.part(rows), self.mean)


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
