"""A deterministic image encoder for tests: colour and edges, hashed, no model, no download."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoders.card import EncoderCard, digest_of
from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import Vectors, unit_rows
from encoders.registry_names import hash_dim

SIZE = PictureSize(edge=32, crop=1.0, resample="bilinear")
COLOURS = 4  # levels a channel
ANGLES = 8
GRID = 2
SEED = 20_261_123


class HashImageEncoder:
    """Colour histogram and a grid of edge directions, projected by a seeded sign matrix.

    Pictures of like colour and shape are near each other, others are not.
    Source: Dalal & Triggs, Histograms of Oriented Gradients for Human Detection, CVPR 2005, for
    the edge part; Achlioptas, Database-friendly random projections, 2003, for the mixing.

    Args:
        dim: Length of a vector.
    """

    def __init__(self, dim: int) -> None:
        features = COLOURS**3 + GRID * GRID * ANGLES
        generator = np.random.default_rng(SEED)
        self._mixing = generator.choice([-1.0, 1.0], size=(features, dim))
        self._card = EncoderCard(
            name=f"hash:{dim}",
            revision="1",
            modality="image",
            space=f"hash-image-{dim}",
            dim=dim,
            licence="Apache-2.0",
            preprocessing=digest_of([SIZE.digest, COLOURS, ANGLES, GRID, SEED]),
        )

    @property
    def card(self) -> EncoderCard:
        """The model's card."""
        return self._card

    @property
    def size(self) -> PictureSize:
        """The size that ``decode`` must produce: 32 x 32 pixels."""
        return SIZE

    def encode_query(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        return self.encode_products(items)

    def encode_products(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        if not items:
            return np.empty((0, self._card.dim), dtype=np.float32)
        # One picture at a time: sums of a batched product may differ in the last bit.
        return unit_rows(np.stack([_features(p) @ self._mixing for p in items]))


def _features(pixels: Pixels) -> NDArray[np.float64]:
    """Return (96,) square roots of colour and edge shares."""
    levels = pixels.astype(np.int64) * COLOURS // 256
    colour = (levels[..., 0] * COLOURS + levels[..., 1]) * COLOURS + levels[..., 2]
    counts = np.bincount(colour.ravel(), minlength=COLOURS**3) / colour.size
    grey = pixels.astype(np.float64).mean(axis=2)
    down, right = np.gradient(grey)
    strength = np.hypot(down, right)
    angle = (np.arctan2(down, right) + np.pi) * (ANGLES / (2 * np.pi))
    half = grey.shape[0] // GRID
    edges = [
        np.bincount(
            angle[r : r + half, c : c + half].astype(np.int64).ravel() % ANGLES,
            weights=strength[r : r + half, c : c + half].ravel(),
            minlength=ANGLES,
        )
        for r in range(0, half * GRID, half)
        for c in range(0, half * GRID, half)
    ]
    shares = np.concatenate(edges) / (strength.sum() + 1e-9)
    return np.asarray(np.sqrt(np.concatenate([counts, shares])), dtype=np.float64)


def load(argument: str, threads: int | None, runtime: str, cache: Path | None) -> HashImageEncoder:
    """Return the encoder; registry entry point.

    Args:
        argument: The dimension, empty for 64.
        threads: Not used.
        runtime: Not used: there is one way to run it.
        cache: Not used.

    Raises:
        UnknownModel: The argument is no dimension.
    """
    return HashImageEncoder(hash_dim(argument))
