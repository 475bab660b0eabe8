"""A linear map from one encoder's space into another, fitted in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from encoders.card import EncoderCard
from encoders.head import Head, Tensors, Words, head_digest, require_width
from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import ImageEncoder, Vectors, unit_rows
from encoders.ridge import Ridge, solve_ridge
from mappings.errors import InputError

MIN_SAMPLE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A fitted map x -> unit(x W + b), and what it was fitted on.

    Args:
        matrix: W, float32 (d_in, d_out).
        bias: b, float32 (d_out,).
        source_space: The space of the input vectors.
        target_space: The space of the output vectors.
        fitted_on: Number of pairs.
        ridge: The penalty lambda.
        seed: The seed that drew the pairs.
    """

    matrix: Vectors
    bias: Vectors
    source_space: str
    target_space: str
    fitted_on: int
    ridge: float
    seed: int

    kind: ClassVar[str] = "ridge"

    @property
    def d_in(self) -> int:
        """Length of the input rows."""
        return int(self.matrix.shape[0])

    @property
    def d_out(self) -> int:
        """Length of the output rows."""
        return int(self.matrix.shape[1])

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with the numbers or the spaces."""
        return head_digest(self.words(), self.tensors())

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, d_out) unit rows for float (n, d_in) rows.

        Raises:
            InputError: The rows have another length.
        """
        require_width(rows, self.d_in, "projection")
        return unit_rows(rows @ self.matrix + self.bias)

    def words(self) -> Words:
        """Return the card."""
        return {
            "source_space": self.source_space,
            "target_space": self.target_space,
            "fitted_on": self.fitted_on,
            "ridge": self.ridge,
            "seed": self.seed,
        }

    def tensors(self) -> Tensors:
        """Return matrix and bias."""
        return {"matrix": self.matrix, "bias": self.bias}

    @classmethod
    def of(cls, words: Words, tensors: Tensors) -> Projection:
        """Return the projection of a card and its tensors."""
        return cls(tensors["matrix"], tensors["bias"], **words)


def fit_ridge(
    features: NDArray[np.floating],
    targets: NDArray[np.floating],
    *,
    ridge: float | None = None,
    source_space: str = "",
    target_space: str = "",
    seed: int = 0,
) -> Projection:
    """Return the ridge regression of ``targets`` on ``features``, intercept not penalised.

    W = (X'X + lambda I)^-1 X'Y over centred X and Y, b = mean(y) - mean(x) W. Where no lambda
    is given, the one with the least exact leave-one-out error is taken (``encoders.ridge``).

    Source: Hoerl & Kennard, Ridge Regression, Technometrics 12(1), 1970.

    Args:
        features: Floats (n, d_in), one row a picture.
        targets: Floats (n, d_out), the text vectors of the same products.
        ridge: The penalty, at least 0; ``None`` to choose it.
        source_space: Space of the features.
        target_space: Space of the targets.
        seed: The seed that drew the pairs, kept in the card.

    Raises:
        InputError: The pairs do not match, are too few, or are not finite.
    """
    if features.ndim != 2 or targets.ndim != 2 or len(features) != len(targets):
        raise InputError(
            f"Features {features.shape} and targets {targets.shape} are not rows in pairs.",
            "Give one feature row and one target row for each pair.",
        )
    if len(features) < MIN_SAMPLE:
        raise InputError(
            f"A projection cannot be fitted on {len(features)} pairs.",
            f"Give at least {MIN_SAMPLE} products that have both a picture and a text.",
        )
    if not (np.isfinite(features).all() and np.isfinite(targets).all()):
        raise InputError("The pairs hold numbers that are not finite.", "Encode them again.")
    fitted: Ridge = solve_ridge(features, targets, ridge)
    return Projection(
        matrix=fitted.matrix.astype(np.float32),
        bias=fitted.bias.astype(np.float32),
        source_space=source_space,
        target_space=target_space,
        fitted_on=len(features),
        ridge=fitted.penalty,
        seed=seed,
    )


class ProjectedImageEncoder:
    """An image encoder whose features go through a head: an encoder of the target space.

    Args:
        encoder: Makes the features.
        projection: Maps them to the target space; a head of any kind.

    Raises:
        InputError: The projection was fitted for another encoder.
    """

    def __init__(self, encoder: ImageEncoder, projection: Head) -> None:
        inner = encoder.card
        if projection.d_in != inner.dim or projection.source_space not in ("", inner.space):
            raise InputError(
                f"The projection takes {projection.d_in} numbers of the space"
                f" {projection.source_space!r}; {inner.name!r} gives {inner.dim} of"
                f" {inner.space!r}.",
                "Fit a projection for this encoder.",
            )
        self.encoder = encoder
        self.projection = projection
        self._card = EncoderCard(
            name=f"{inner.name}+projection",
            revision=f"{inner.digest}-{projection.digest}",
            modality="image",
            space=projection.target_space or f"{inner.space}+{projection.digest}",
            dim=projection.d_out,
            licence=inner.licence,
            preprocessing=inner.preprocessing,
        )

    @property
    def card(self) -> EncoderCard:
        """The card of encoder and projection together."""
        return self._card

    @property
    def size(self) -> PictureSize:
        """The size that ``decode`` must produce."""
        return self.encoder.size

    def encode_query(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows in the target space."""
        return self.projection.apply(self.encoder.encode_query(items))

    def encode_products(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows in the target space."""
        return self.projection.apply(self.encoder.encode_products(items))
