"""The vectors of one product, as the encoders hand them to the fields."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PictureVector:
    """One picture's place in the catalogue, its role, and its vector, float32 (dim,), unit.

    ``sha`` is the SHA-256 of its bytes, hexadecimal, where it is known: by it a ledger that was
    lost knows its pictures again.
    """

    path: str
    role: str
    vector: Vector
    sha: str = ""


@dataclass(frozen=True, slots=True)
class ProductVectors:
    """What the encoders made of one product; ``None`` where the product has nothing to encode.

    ``text``, ``image`` (pooled over the pictures) and ``attribute`` are float32 (dim,), unit
    length, in one shared space. ``coherence`` is S_ia, the cosine of ``image`` and ``attribute``,
    in [-1, 1]. ``colours`` names what the pictures show most, in English and Chinese.
    """

    text: Vector | None = None
    image: Vector | None = None
    attribute: Vector | None = None
    pictures: tuple[PictureVector, ...] = ()
    coherence: float | None = None
    colours: tuple[str, ...] = ()
