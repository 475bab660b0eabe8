"""The seam of this package: what every encoder, ours or a plug-in's, must be able to do."""

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

    Queries and products have a verb each, because asymmetric models prefix them differently;
    where a model makes no difference the two give equal vectors. Both keep the order, are
    deterministic, return a row for every item, and return (0, dim) for no items.
    """

    @property
    def card(self) -> EncoderCard:
        """What the model is."""
        ...

    def encode_query(self, items: Sequence[T_contra]) -> Vectors:
        """Return float32 (n, dim) with rows of unit length, for what a person asks with."""
        ...

    def encode_products(self, items: Sequence[T_contra]) -> Vectors:
        """Return float32 (n, dim) with rows of unit length, for what the index holds."""
        ...


TextEncoder = Encoder[str]


@runtime_checkable
class ImageEncoder(Encoder[Pixels], Protocol):
    """An encoder of pictures that are already decoded to the size that it names."""

    @property
    def size(self) -> PictureSize:
        """What ``encoders.pictures.decode`` must be asked for."""
        ...


def softmax_rows(rows: NDArray[Real]) -> NDArray[Real]:
    """Return exp(x) of each row, scaled so that it adds up to 1; the dtype stays.

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
