"""Query vectors: what a request's words mean and look like, and what its pictures show."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from encoders.concepts.concept_space import LikelyConcept
from mappings.errors import InputError

Vector = NDArray[np.float32]
T = TypeVar("T")
MAX_DERIVED = 32


@dataclass(frozen=True, slots=True)
class QueryVectors:
    """The query's vectors, float32 (d,), unit length; ``None`` where there is nothing to encode.

    Args:
        text: What its words mean.
        picture: What its pictures show.
        visual: What its words look like, where that is another vector than ``text``.
        looks_like: The kinds of things that they look like, the likeliest first.
    """

    text: Vector | None = None
    picture: Vector | None = None
    visual: Vector | None = None
    looks_like: tuple[LikelyConcept, ...] = ()
    _derived: dict[object, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def of(self, side: str) -> Vector | None:
        """Return the vector of the side ``text``, ``picture`` or ``visual``."""
        return {"text": self.text, "picture": self.picture, "visual": self.visual}[side]

    def get_or_compute(self, key: object, compute: Callable[[], T]) -> T:
        """Return what was made of these vectors under a key, or make it now; it stays as it is.

        Args:
            key: Says all that it depends on beside the vectors.
            compute: Makes it.
        """
        derived: T | None = self._derived.get(key)  # another thread may clear it, or make the same
        if derived is None:
            derived = compute()
            if len(self._derived) >= MAX_DERIVED:
                self._derived.clear()
            self._derived[key] = derived
        return derived


def require_vector(vector: Vector, dim: int) -> Vector:
    """Return the vector as float32 (dim,).

    Raises:
        InputError: It has another dimension, is zero, or holds a value that is no number.
    """
    derived = np.asarray(vector, dtype=np.float32)
    if derived.shape != (dim,):
        raise InputError(
            f"The query's vector has {' x '.join(map(str, derived.shape))} dimensions, but the"
            f" index's have {dim}.",
            "Search with the models that made the index.",
        )
    if not np.isfinite(derived).all() or not derived.any():
        raise InputError(
            "The query's vector is zero or holds a value that is no number.",
            "Check the encoder: every vector has unit length.",
        )
    return derived
