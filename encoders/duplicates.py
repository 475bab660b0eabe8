"""Near-duplicates among a product's pictures: the same shot again, but not another colour of it.

Feature vectors cannot tell the two apart: halving a picture's size moves an EfficientNet feature as
far (cosine 0.93) as another colour of the same shot (0.94). A fingerprint of a small copy can.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoders.card import digest_of
from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import Vectors

ROWS, COLUMNS = 8, 9
GRID = 4
FINGERPRINT_LENGTH = ROWS * (COLUMNS - 1) + GRID * GRID * 3
"""64 brightness steps (up, down, flat), then the mean colours of 16 blocks."""
LUMA = np.array((0.299, 0.587, 0.114), dtype=np.float32)
SAMPLED = 64
"""Pixels a side that are sampled, at least."""
FLAT = 3.0
"""Brightness difference, of 255, from which a step is no noise."""
STEPS = 4
"""Steps of 64 that may differ; one that is flat in one of the pictures counts half."""
LIGHTER = 24.0
"""Largest lightness difference of a block, of 255: a copy may be a little brighter."""
TINTED = 10.0
"""Largest colour difference of a block, of 255: another colour of the product is farther."""


def fingerprint(pixels: Pixels) -> Vectors:
    """Return a picture's fingerprint, float32 (112,): what a small copy of it looks like.

    Source: the difference hash of Krawetz, Kind of Like That, 2013, for the first 64. Steps have
    three values, where the usual hash has two: noise in an even ground must not count as one.

    Args:
        pixels: uint8 (edge, edge, 3), as ``decode`` returns them; of several views the first.
    """
    edge = pixels.shape[1]
    every = max(1, edge // SAMPLED)  # every pixel would cost a quarter of the model's time
    square = pixels[:edge:every, ::every].astype(np.float32)
    if edge < COLUMNS:
        square = square.repeat(COLUMNS, axis=0).repeat(COLUMNS, axis=1)
    grey = square @ LUMA
    small = _means(grey[..., None], ROWS, COLUMNS)[..., 0]
    rise = np.diff(small, axis=1)
    steps = np.sign(rise) * (np.abs(rise) > FLAT)
    blocks = _means(square, GRID, GRID)
    return np.concatenate([steps.ravel(), blocks.ravel()]).astype(np.float32)


def fingerprint_digest(size: PictureSize) -> str:
    """Return the spool's key for fingerprints of pictures that were decoded to a size."""
    return digest_of(["look", 1, size.digest])


def is_same_shot(one: Vectors, other: Vectors) -> bool:
    """Return whether two fingerprints are of one shot: the same, smaller, or a little brighter."""
    hashed = ROWS * (COLUMNS - 1)
    if float(np.abs(one[:hashed] - other[:hashed]).sum()) / 2 > STEPS:
        return False
    gap = (one[hashed:] - other[hashed:]).reshape(-1, 3).astype(np.float64)
    light = gap @ LUMA
    tint = gap - light[:, None]
    return bool(np.abs(light).max() <= LIGHTER and np.linalg.norm(tint, axis=1).max() <= TINTED)


def distinct(fingerprints: Sequence[Vectors | None]) -> list[int]:
    """Return the places of the pictures that are not near-duplicates of an earlier one.

    Args:
        fingerprints: In the pictures' order; ``None`` where unknown: such pictures are kept.
    """
    kept: list[int] = []
    for place, mine in enumerate(fingerprints):
        earlier = (fingerprints[k] for k in kept)
        if mine is None or not any(s is not None and is_same_shot(mine, s) for s in earlier):
            kept.append(place)
    return kept


def _means(pixels: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Return the means over a grid of blocks, float32 (rows, columns, channels)."""
    down = np.linspace(0, pixels.shape[0], rows + 1).round().astype(int)[:-1]
    right = np.linspace(0, pixels.shape[1], columns + 1).round().astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(pixels, down, axis=0), right, axis=1)
    counts = np.diff(np.append(down, pixels.shape[0]))[:, None] * np.diff(
        np.append(right, pixels.shape[1])
    )
    return np.asarray(sums / counts[..., None], dtype=np.float32)
