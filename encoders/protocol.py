"""The protocols that every encoder implements, ours or a plug-in's."""

from collections.abc import Sequence
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from encoders.card import EncoderCard
from encoders.picture_size import PictureSize, Pixels

Vectors = NDArray[np.float32]
T_contra = TypeVar("T_contra", contravariant=True)
Real = TypeVar("Real", bound=np.floating)


@runtime_checkable
class Encoder(Protocol[T_contra]):
    """Turns items into unit vectors of one space.

    Queries and products have a method each, because asymmetric models prefix them differently;
    other models return equal vectors from both. Both keep the order, are
    deterministic, return a row for every item, and return (0, dim) for no items.
    """

    @property
    def card(self) -> EncoderCard:
        """The model's card."""
        ...

    def encode_query(self, items: Sequence[T_contra]) -> Vectors:
        """Return float32 (n, dim) unit rows, for queries."""
        ...

    def encode_products(self, items: Sequence[T_contra]) -> Vectors:
        """Return float32 (n, dim) unit rows, for the index."""
        ...


TextEncoder = Encoder[str]


@runtime_checkable
class ImageEncoder(Encoder[Pixels], Protocol):
    """An encoder of pictures that are decoded to its own size."""

    @property
    def size(self) -> PictureSize:
        """The size that ``encoders.pictures.decode`` must produce."""
        ...


def softmax_rows(rows: NDArray[Real]) -> NDArray[Real]:
    """Return the softmax of each row, of the same dtype.

    Args:
        rows: Floats (..., k), k at least 1.
    """
    away = np.exp(rows - rows.max(axis=-1, keepdims=True))
    return np.asarray(away / away.sum(axis=-1, keepdims=True))


def unit_rows(rows: NDArray[np.floating]) -> Vectors:
    """Return the rows scaled to unit length, float32; a zero row becomes the first axis.

    Args:
        rows: Floats (n, dim).
    """
    wide = np.asarray(rows, dtype=np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    empty = norms[:, 0] < 1e-12
    scaled = wide / np.where(norms < 1e-12, 1.0, norms)
    if empty.any():  # cosine is undefined there, and the engine refuses a zero vector
        scaled[empty] = 0.0
        scaled[empty, 0] = 1.0
    return scaled.astype(np.float32)
