"""Pools the vectors of several pictures, and compares them with the attributes."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

from encoders.protocol import Vectors, unit_rows
from mappings.errors import InputError


class HasRole(Protocol):
    """Anything with the role of a picture."""

    @property
    def role(self) -> str:
        """``main``, ``alternative``, ``detail`` or ``swatch``."""
        ...


S = TypeVar("S", bound=HasRole)


def telling(pictures: Sequence[S]) -> Sequence[S]:
    """Return the pictures that show the product: all but swatches, where there are others.

    Args:
        pictures: A product's pictures, or their vectors, each with its role.
    """
    return [p for p in pictures if p.role != "swatch"] or pictures


def pooled(vectors: Vectors) -> Vectors:
    """Return the mean of unit vectors, of unit length again.

    Args:
        vectors: float32 (n, d), n at least 1.

    Returns:
        float32 (d,), unit length.

    Raises:
        InputError: There is nothing to pool.
    """
    if vectors.ndim != 2 or not len(vectors):
        raise InputError(
            f"Rows of vectors are pooled; given was an array of shape {vectors.shape}.",
            "Leave out products without a picture.",
        )
    return np.asarray(unit_rows(vectors.mean(axis=0, dtype=np.float64)[None])[0])


def coherence(image: Vectors, attribute: Vectors) -> float:
    """Return S_ia = i . a, in [-1, 1]: how well picture and attributes agree.

    Args:
        image: float32 (d,), unit length, in the shared space.
        attribute: float32 (d,), unit length, in the shared space.

    Raises:
        InputError: The two have different lengths.
    """
    if image.shape != attribute.shape:
        raise InputError(
            f"A picture vector of shape {image.shape} and an attribute vector of shape"
            f" {attribute.shape} have no cosine.",
            "Project both into one space.",
        )
    product = float(np.dot(image.astype(np.float64), attribute.astype(np.float64)))
    return max(-1.0, min(1.0, product))
