"""Adapts queries to a catalogue's pictures, by a linear map fitted on its titles."""

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
    """Adds (x - mean) A to a query's vector x before it is compared with pictures.

    A head maps pictures to their texts, but lacks what pictures do not show, and has a visual part
    that texts lack (``AlignedHead``). The adapter maps in the other direction: from titles to the
    vectors of their pictures. ``learn.align.adapt`` fits it.

    Args:
        matrix: A, float32 (d, d).
        mean: float32 (d,), the mean of the titles.
    """

    matrix: Vectors
    mean: Vectors

    def part(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, d): what is added to the queries.

        Args:
            rows: float (n, d), queries, unit length.
        """
        own = rows - self.mean
        # Not "@": BLAS's threads spin on after so small a product, in the way of the encoder.
        found: Vectors = np.einsum("nd,de->ne", own, self.matrix).astype(np.float32)
        return found

    def adapt(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, d) unit rows: adapted queries, as far from the mean as before.

        Args:
            rows: float (n, d), queries, unit length.
        """
        return with_parts(rows, self.part(rows), self.mean)


def with_parts(rows: NDArray[np.floating], parts: NDArray[np.floating], mean: Vectors) -> Vectors:
    """Add parts to rows and keep the rows' distances from the mean; float32 (n, d) unit rows.

    So the scale of a signal, which depends on these distances, stays valid.

    Args:
        rows: float (n, d), unit length.
        parts: float (n, d).
        mean: float32 (d,), the mean of all texts.
    """
    own = rows - mean
    lengths = np.linalg.norm(own, axis=1, keepdims=True)
    return unit_rows(mean + lengths * unit_rows(own + parts))


def adapter_of(head: Head | None) -> QueryAdapter | None:
    """Return the adapter that a head was fitted with, ``None`` where it has none."""
    found: QueryAdapter | None = getattr(head, "adapter", None)
    return found
