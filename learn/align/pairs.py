"""Training pairs of pictures and texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import Vectors
from mappings.errors import InputError


@dataclass(frozen=True, slots=True)
class TrainingText:
    """One text of a product, with its weight in the fit.

    Args:
        text: The words.
        kind: ``title``, ``category``, ``description``, ``attribute`` or ``synonym``.
        weight: Sampling weight among the product's texts; above 0.
    """

    text: str
    kind: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pictures and texts, paired.

    Args:
        features: float32 (n, d), one row a picture.
        vectors: float32 (t, 384), one row a text, unit length.
        weights: float32 (n, t), above 0 where the text belongs to the picture; rows sum to 1.
        products: int64 (n,), the product of each picture.
    """

    features: Vectors
    vectors: Vectors
    weights: NDArray[np.float32]
    products: NDArray[np.int64]

    def __post_init__(self) -> None:
        n, t = self.weights.shape
        if (len(self.features), len(self.vectors), len(self.products)) != (n, t, n):
            raise InputError(
                f"{len(self.features)} pictures and {len(self.vectors)} texts do not fit a table"
                f" of {n} x {t}.",
                "Give one row a picture and one column a text.",
            )
        if n < 2:
            raise InputError(
                f"An alignment cannot be fitted on {n} pictures.",
                "Give at least 2 pictures that have a text.",
            )


def distinct_texts(texts_of: Iterable[Sequence[TrainingText]]) -> tuple[str, ...]:
    """Return the texts of all pictures, each once, in the order in which they first occur."""
    return tuple(dict.fromkeys(s.text for one in texts_of for s in one))


def weigh(texts_of: Sequence[Sequence[TrainingText]], texts: Sequence[str]) -> NDArray[np.float32]:
    """Return float32 (n, t): the weights of each picture's texts; rows sum to 1.

    Args:
        texts_of: The texts of each picture; at least one.
        texts: What ``distinct_texts`` gave.

    Raises:
        InputError: A picture has no text.
    """
    place = {text: i for i, text in enumerate(texts)}
    table = np.zeros((len(texts_of), len(texts)), dtype=np.float32)
    for row, one in zip(table, texts_of, strict=True):
        for one_text in one:
            row[place[one_text.text]] = max(row[place[one_text.text]], one_text.weight)
        if not row.any():
            raise InputError("A picture has no text.", "Leave out products without any text.")
    return np.asarray(table / table.sum(axis=1, keepdims=True), dtype=np.float32)
