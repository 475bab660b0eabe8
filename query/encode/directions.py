"""Vector arithmetic: weighted means, and moves towards some words and away from others."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import unit_rows

Vector = NDArray[np.float32]

STEP = 0.3
"""How far a direction of strength 1 moves a vector of length 1: best on the first half of the
questions of bench/compose.py, where its words are searched for as well."""


def mixed(rows: Sequence[Vector], weights: Sequence[float] = ()) -> Vector:
    """Return the weighted mean of unit vectors, float32 (d,), unit length.

    Args:
        rows: At least one float32 (d,).
        weights: One for each; equal ones where left out.
    """
    if len(rows) == 1:
        return rows[0]
    shares = np.array(weights or [1.0] * len(rows), np.float64)
    shares /= shares.max()  # very small weights would underflow
    mean: Vector = unit_rows((shares @ np.stack(rows).astype(np.float64))[None])[0]
    return mean


def direction(towards: Vector | None, away: Vector | None, neutral: Vector) -> Vector | None:
    """Return the unit vector from ``away`` to ``towards``, float32 (d,), ``None`` for none.

    What is left out is taken to be the neutral text: all texts of an encoder share much of their
    vectors, and only what is their own is to be added or taken away.

    Args:
        towards: Words that are wanted, float32 (d,).
        away: Words that are not.
        neutral: The vector of a neutral text.
    """
    if towards is None and away is None:
        return None
    end = neutral if towards is None else towards
    start = neutral if away is None else away
    difference = end.astype(np.float64) - start.astype(np.float64)
    length = float(np.linalg.norm(difference))
    return None if length < 1e-6 else (difference / length).astype(np.float32)


def moved(vector: Vector, along: Vector | None, strength: float) -> Vector:
    """Return the vector moved along a direction, float32 (d,), unit length.

    Args:
        vector: Float32 (d,), unit length.
        along: Float32 (d,), unit length, or ``None`` to stay.
        strength: In units of ``STEP``.
    """
    if along is None or strength == 0.0:
        return vector
    there = vector.astype(np.float64) + STEP * strength * along.astype(np.float64)
    found: Vector = unit_rows(there[None])[0]
    return found
